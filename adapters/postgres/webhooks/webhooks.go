// Package webhooks keeps webhooks and their deliveries: app's Webhooks on the tables
// ops.webhooks and ops.webhook_deliveries. No secret is in them.
package webhooks

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app/ports"
)

// Store keeps webhooks. It is safe for concurrent use.
type Store struct{ pool *pgxpool.Pool }

var _ ports.Webhooks = (*Store)(nil)

// NewStore keeps webhooks in the migrated database of pool.
func NewStore(pool *pgxpool.Pool) *Store { return &Store{pool} }

const columns = `id, account, label, address, types, about, secret, former_until, made_by, created_at, ended, ended_at,
	last_event, rotated_by, moves, attempts, failing_since, coalesce(now() - failing_since, '0')`

func scan(row pgx.CollectableRow) (w ports.Webhook, err error) {
	var account, about, last, rotated uuid.NullUUID
	var former, ended, failing *time.Time
	var why *string
	var maker []byte
	err = row.Scan(&w.ID, &account, &w.Label, &w.Address, &w.Types, &about, &w.Secret, &former, &maker, &w.CreatedAt, &why, &ended,
		&last, &rotated, &w.Moves, &w.Attempts, &failing, &w.Failing)
	if err != nil {
		return w, err
	}
	w.Account, w.About, w.LastEvent, w.RotatedBy = account.UUID, about.UUID, last.UUID, rotated.UUID
	w.FormerUntil, w.EndedAt, w.FailingSince, w.CreatedAt = utc(former), utc(ended), utc(failing), w.CreatedAt.UTC()
	if why != nil {
		w.Ended = *why
	}
	return w, json.Unmarshal(maker, &w.MadeBy)
}

func utc(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

func orNull[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// Create implements ports.Webhooks. Two at once take turns, so that none is too many.
func (s *Store) Create(ctx context.Context, w ports.Webhook, most int) (kept ports.Webhook, created bool, err error) {
	maker, err := json.Marshal(w.MadeBy)
	if err != nil {
		return w, false, err
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('webhooks of ' || $1::text, 0))`, w.Account); err != nil {
			return err
		}
		rows, _ := tx.Query(ctx, `SELECT `+columns+` FROM ops.webhooks WHERE id = $1`, w.ID)
		kept, err = pgx.CollectExactlyOneRow(rows, scan)
		if err == nil || !errors.Is(err, pgx.ErrNoRows) {
			created = err == nil
			return err
		}
		rows, _ = tx.Query(ctx, `INSERT INTO ops.webhooks (id, account, label, address, types, about, made_by, created_at, last_event)
			SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 WHERE (SELECT count(*) FROM ops.webhooks WHERE account IS NOT DISTINCT FROM $2) < $10
			RETURNING `+columns, w.ID, orNull(w.Account), w.Label, w.Address, w.Types, orNull(w.About), maker, w.CreatedAt, orNull(w.LastEvent), most)
		kept, err = pgx.CollectExactlyOneRow(rows, scan)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		created = err == nil
		return err
	})
	return kept, created, postgres.Failure("make a webhook", err)
}

// Of implements ports.Webhooks.
func (s *Store) Of(ctx context.Context, account uuid.UUID) ([]ports.Webhook, error) {
	rows, _ := s.pool.Query(ctx, `SELECT `+columns+` FROM ops.webhooks WHERE account IS NOT DISTINCT FROM $1 ORDER BY created_at DESC, id`, orNull(account))
	all, err := pgx.CollectRows(rows, scan)
	return all, postgres.Failure("list webhooks", err)
}

// Get implements ports.Webhooks.
func (s *Store) Get(ctx context.Context, id uuid.UUID) (ports.Webhook, error) {
	rows, _ := s.pool.Query(ctx, `SELECT `+columns+` FROM ops.webhooks WHERE id = $1`, id)
	w, err := pgx.CollectExactlyOneRow(rows, scan)
	return w, postgres.Failure("read a webhook", err)
}

// Change implements ports.Webhooks.
func (s *Store) Change(ctx context.Context, id uuid.UUID, change func(*ports.Webhook) error) (w ports.Webhook, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `SELECT `+columns+` FROM ops.webhooks WHERE id = $1 FOR UPDATE`, id)
		if w, err = pgx.CollectExactlyOneRow(rows, scan); err != nil {
			return err
		}
		if err := change(&w); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE ops.webhooks SET label = $2, address = $3, types = $4, about = $5, secret = $6, former_until = $7,
			ended = $8, ended_at = $9, last_event = $10, attempts = $11, failing_since = $12, rotated_by = $13, moves = $14 WHERE id = $1`,
			id, w.Label, w.Address, w.Types, orNull(w.About), w.Secret, orNull(w.FormerUntil), orNull(w.Ended), orNull(w.EndedAt),
			orNull(w.LastEvent), w.Attempts, orNull(w.FailingSince), orNull(w.RotatedBy), w.Moves)
		return err
	})
	return w, postgres.Failure("change a webhook", err)
}

// Remove implements ports.Webhooks.
func (s *Store) Remove(ctx context.Context, id uuid.UUID) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM ops.webhooks WHERE id = $1`, id)
	return postgres.Failure("remove a webhook", err)
}

// Active implements ports.Webhooks.
func (s *Store) Active(ctx context.Context) ([]uuid.UUID, error) {
	rows, _ := s.pool.Query(ctx, `SELECT id FROM ops.webhooks WHERE ended IS NULL`)
	all, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	return all, postgres.Failure("list active webhooks", err)
}

// Claim implements ports.Webhooks. Claims are by the database's clock.
func (s *Store) Claim(ctx context.Context, id uuid.UUID, life time.Duration) (ports.Webhook, bool, error) {
	rows, _ := s.pool.Query(ctx, `UPDATE ops.webhooks SET claimed_until = now() + $2::interval
		WHERE id = $1 AND ended IS NULL AND (claimed_until IS NULL OR claimed_until < now()) RETURNING `+columns, id, life)
	w, err := pgx.CollectExactlyOneRow(rows, scan)
	if errors.Is(err, pgx.ErrNoRows) {
		return w, false, nil
	}
	return w, err == nil, postgres.Failure("claim a webhook", err)
}

// Unclaim implements ports.Webhooks.
func (s *Store) Unclaim(ctx context.Context, id uuid.UUID) error {
	_, err := s.pool.Exec(ctx, `UPDATE ops.webhooks SET claimed_until = NULL WHERE id = $1`, id)
	return postgres.Failure("end the claim of a webhook", err)
}
