// Package keptanswers drops, from the answers that are kept for repeats of requests with
// an idempotency key (ops.idempotency_keys), those that tell of a person who is
// erased: app's KeptAnswers.
//
// The key stays and says that its answer was erased: a repeat is refused instead of
// being carried out again. Answers are bytes of any form, and are looked through one
// by one: an erasure reads those of a day.
package keptanswers

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app/ports"
)

// Eraser looks through the kept answers. It is safe for concurrent use.
type Eraser struct {
	pool *pgxpool.Pool
	page int // rows that are read at a time
}

var _ ports.KeptAnswers = (*Eraser)(nil)

// New erases from the migrated database of pool.
func New(pool *pgxpool.Pool) *Eraser { return &Eraser{pool: pool, page: 200} }

// kept is a row that has an answer.
type kept struct {
	Caller, Key string
	Body        []byte
}

// Erase implements ports.KeptAnswers. Of a key that names the person itself, such as
// one made of an address, nothing stays: its repeat is the same command, which finds
// what it has done.
func (e *Eraser) Erase(ctx context.Context, person uuid.UUID, told []string) error {
	of := newMatcher(person, told)
	last := kept{}
	for {
		rows, _ := e.pool.Query(ctx, `SELECT caller, key, coalesce(body, '') FROM ops.idempotency_keys
			WHERE (caller, key) > ($1, $2) ORDER BY caller, key LIMIT $3`, last.Caller, last.Key, e.page)
		all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[kept])
		if err != nil {
			return postgres.Failure("read kept answers", err)
		}
		for _, a := range all {
			if err := e.eraseOne(ctx, of, a); err != nil {
				return err
			}
		}
		if len(all) < e.page {
			return nil
		}
		last = all[len(all)-1]
	}
}

func (e *Eraser) eraseOne(ctx context.Context, of matcher, a kept) error {
	var err error
	switch {
	case of.text(a.Key):
		_, err = e.pool.Exec(ctx, `DELETE FROM ops.idempotency_keys WHERE caller = $1 AND key = $2 AND state = 'done'`, a.Caller, a.Key)
	case of.body(a.Body):
		_, err = e.pool.Exec(ctx, postgres.EraseAnswer, a.Caller, a.Key)
	}
	return postgres.Failure("erase a kept answer", err)
}
