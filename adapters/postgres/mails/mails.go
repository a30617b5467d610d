// Package mails keeps mails on their way to a mail server, on the table
// ops.mails. As app's Mailer it takes them: row and job in one transaction, so
// that whoever hands a mail over never waits for a mail server, and each mail is
// taken once.
//
// Mails carry the tokens of invitations and addresses of people. A row holds
// them sealed with the installation's key, which is not in the database, and
// only while the mail waits: a copy of the database opens no invitation.
package mails

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/installation"
	"github.com/fleetledger/fleetledger/adapters/sealing"
	"github.com/fleetledger/fleetledger/app/ports"
)

// QueueMail queues the job that sends a mail, as part of the transaction that
// takes it.
type QueueMail func(ctx context.Context, tx pgx.Tx, mail uuid.UUID) error

// Store keeps mails. Safe for concurrent use.
type Store struct {
	pool      *pgxpool.Pool
	key       *sealing.Keys
	queueMail QueueMail
}

var (
	_ ports.Mailer       = (*Store)(nil)
	_ ports.MailOutcomes = (*Store)(nil)
)

// NewStore keeps mails in the migrated database of pool, sealed with the
// installation's key.
func NewStore(pool *pgxpool.Pool, key *sealing.Keys, queueMail QueueMail) *Store {
	return &Store{pool: pool, key: key, queueMail: queueMail}
}

// Waiting is a mail that was neither sent nor given up yet.
type Waiting struct {
	ports.Mail
	Attempts int
	Age      time.Duration // since it was taken, by the database's clock
}

// owner is what a mail is sealed for.
func owner(id uuid.UUID) []byte { return append([]byte("mail "), id[:]...) }

// Sealed are the mails that wait.
var Sealed = installation.Sealed{
	Table: "ops.mails", ID: "id", Column: "sealed", Kind: installation.UUID,
	Owner: func(id []byte) []byte { return owner(uuid.UUID(id)) },
}

// Send implements ports.Mailer: it takes the mail. Of one that is left out it keeps why.
func (s *Store) Send(ctx context.Context, m ports.Mail) error {
	if m.LeftOut != "" {
		return s.exec(ctx, `INSERT INTO ops.mails (id, state, last_error, finished_at) VALUES ($1, 'failed', $2, now()) ON CONFLICT (id) DO NOTHING`,
			m.ID, "left out: "+m.LeftOut)
	}
	plain, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("take mail %s: %w", m.ID, err)
	}
	sealed, err := s.key.Seal(plain, owner(m.ID))
	if err != nil {
		return fmt.Errorf("take mail %s: %w", m.ID, err)
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `INSERT INTO ops.mails (id, sealed) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`, m.ID, sealed)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return s.queueMail(ctx, tx, m.ID)
	})
	return postgres.Failure("take mail", err)
}

// Waiting gives a mail that waits, else query.ErrNotFound.
func (s *Store) Waiting(ctx context.Context, id uuid.UUID) (Waiting, error) {
	var w Waiting
	var sealed []byte
	err := s.pool.QueryRow(ctx, `SELECT sealed, attempts, now() - created_at FROM ops.mails WHERE id = $1 AND state = 'waiting'`, id).
		Scan(&sealed, &w.Attempts, &w.Age)
	if err != nil {
		return w, postgres.Failure("read mail", err)
	}
	plain, err := s.key.Open(sealed, owner(id))
	if err != nil {
		return w, fmt.Errorf("mail %s: %w", id, err)
	}
	if err := json.Unmarshal(plain, &w.Mail); err != nil {
		return w, fmt.Errorf("mail %s: %w", id, err)
	}
	return w, nil
}

// Tried records an attempt that may be repeated.
func (s *Store) Tried(ctx context.Context, id uuid.UUID, reason string) error {
	return s.exec(ctx, `UPDATE ops.mails SET attempts = attempts + 1, last_error = $2 WHERE id = $1 AND state = 'waiting'`, id, reason)
}

// Sent records that the mail server has taken the mail, and forgets its content.
func (s *Store) Sent(ctx context.Context, id uuid.UUID) error {
	return s.exec(ctx, `UPDATE ops.mails SET state = 'sent', sealed = NULL, attempts = attempts + 1, last_error = NULL, finished_at = now()
		WHERE id = $1 AND state = 'waiting'`, id)
}

// Failed records why the mail is given up, and forgets its content.
func (s *Store) Failed(ctx context.Context, id uuid.UUID, reason string) error {
	return s.exec(ctx, `UPDATE ops.mails SET state = 'failed', sealed = NULL, attempts = attempts + 1, last_error = $2, finished_at = now()
		WHERE id = $1 AND state = 'waiting'`, id, reason)
}

func (s *Store) exec(ctx context.Context, sql string, args ...any) error {
	_, err := s.pool.Exec(ctx, sql, args...)
	return postgres.Failure("record result of a mail", err)
}

// Outcomes implements ports.MailOutcomes.
func (s *Store) Outcomes(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]ports.MailOutcome, error) {
	rows, err := s.pool.Query(ctx, `SELECT id, CASE state WHEN 'failed' THEN coalesce(nullif(last_error, ''), 'given up') ELSE '' END
		FROM ops.mails WHERE id = ANY ($1) AND state <> 'waiting'`, ids)
	if err != nil {
		return nil, postgres.Failure("read results of mails", err)
	}
	all := map[uuid.UUID]ports.MailOutcome{}
	var id uuid.UUID
	var outcome ports.MailOutcome
	_, err = pgx.ForEachRow(rows, []any{&id, &outcome.Failed}, func() error {
		all[id] = outcome
		return nil
	})
	return all, postgres.Failure("read results of mails", err)
}
