// Package checkpoints keeps signed checkpoints of the transparency log, on the table
// ops.checkpoints. They stay when the log is set back, and then show it.
package checkpoints

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
)

// Store implements ports.Checkpoints.
type Store struct{ pool *pgxpool.Pool }

var _ ports.Checkpoints = (*Store)(nil)

// NewStore keeps them in the migrated database of pool.
func NewStore(pool *pgxpool.Pool) *Store { return &Store{pool} }

// Keep implements ports.Checkpoints. The same one is kept once.
func (s *Store) Keep(ctx context.Context, size int64, note string) error {
	_, err := s.pool.Exec(ctx, `INSERT INTO ops.checkpoints (size, note, signed_at)
		SELECT $1, $2, now() WHERE NOT EXISTS (SELECT FROM ops.checkpoints WHERE size = $1 AND note = $2)`, size, note)
	return postgres.Failure("keep a checkpoint", err)
}

const columns = `id, size, note, signed_at, extract(epoch FROM now() - signed_at)::float8`

func scan(row pgx.CollectableRow) (k kept, err error) {
	var age float64
	err = row.Scan(&k.id, &k.Size, &k.Note, &k.SignedAt, &age)
	k.Age = time.Duration(age * float64(time.Second))
	return k, err
}

type kept struct {
	id int64
	ports.KeptCheckpoint
}

// Latest implements ports.Checkpoints.
func (s *Store) Latest(ctx context.Context) (ports.KeptCheckpoint, error) {
	rows, _ := s.pool.Query(ctx, `SELECT `+columns+` FROM ops.checkpoints ORDER BY id DESC LIMIT 1`)
	k, err := pgx.CollectExactlyOneRow(rows, scan)
	if errors.Is(err, pgx.ErrNoRows) {
		return k.KeptCheckpoint, query.ErrNotFound
	}
	return k.KeptCheckpoint, postgres.Failure("read the last checkpoint", err)
}

// List implements ports.Checkpoints. A page begins after the last checkpoint of the
// one before.
func (s *Store) List(ctx context.Context, p query.Page) (query.List[ports.KeptCheckpoint], error) {
	var page query.List[ports.KeptCheckpoint]
	order, where, from := "DESC", "id < $1", int64(math.MaxInt64)
	if len(p.Sort) > 0 && p.Sort[0] == "signedAt" {
		order, where, from = "ASC", "id > $1", 0
	}
	if p.Cursor != "" {
		id, ok := strings.CutPrefix(p.Cursor, order+"-")
		n, err := strconv.ParseInt(id, 10, 64)
		if !ok || err != nil {
			return page, query.ErrBadCursor
		}
		from = n
	}
	if err := s.pool.QueryRow(ctx, `SELECT count(*) FROM ops.checkpoints`).Scan(&page.Total); err != nil {
		return page, postgres.Failure("count checkpoints", err)
	}
	rows, _ := s.pool.Query(ctx, `SELECT `+columns+` FROM ops.checkpoints WHERE `+where+` ORDER BY id `+order+` LIMIT $2`, from, p.Limit+1)
	all, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return page, postgres.Failure("list checkpoints", err)
	}
	if len(all) > p.Limit {
		all = all[:p.Limit]
		page.NextCursor = fmt.Sprintf("%s-%d", order, all[p.Limit-1].id)
	}
	for _, k := range all {
		page.Items = append(page.Items, k.KeptCheckpoint)
	}
	return page, nil
}
