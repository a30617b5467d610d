// Package factors keeps the secrets of second factors, and challenges that wait for
// one: app's Factors on the tables ops.factors and ops.challenges. They are sealed with
// the key of the installation, as the keys of personal data are: a copy of the database
// alone opens nothing.
package factors

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/installation"
	"github.com/fleetledger/fleetledger/adapters/sealing"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
)

// Store keeps factors. It is safe for concurrent use.
type Store struct {
	pool         *pgxpool.Pool
	installation *sealing.Keys
}

var _ ports.Factors = (*Store)(nil)

// NewStore keeps factors in the migrated database of pool, sealed with the
// installation's keys.
func NewStore(pool *pgxpool.Pool, keys *sealing.Keys) *Store {
	return &Store{pool: pool, installation: keys}
}

// Sealed are the secrets, and SealedChallenges those that wait for an answer.
var (
	Sealed           = installation.Sealed{Table: "ops.factors", ID: "id", Column: "sealed", Kind: installation.UUID, Owner: installation.Itself}
	SealedChallenges = installation.Sealed{Table: "ops.challenges", ID: "hash", Column: "sealed", Kind: installation.Bytes, Owner: installation.Itself}
)

// uniqueViolation is PostgreSQL's code for a second row of what is unique.
const uniqueViolation = "23505"

// Put implements ports.Factors. What is sealed is bound to its id.
func (s *Store) Put(ctx context.Context, f ports.Factor) error {
	sealed, err := s.installation.Seal(f.Secret, f.ID[:])
	if err != nil {
		return fmt.Errorf("seal a factor: %w", err)
	}
	_, err = s.pool.Exec(ctx, `INSERT INTO ops.factors (id, user_uid, kind, sealed, uniquely, count, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING`, f.ID, f.User, f.Kind, sealed, f.Unique, f.Count, f.CreatedAt)
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code == uniqueViolation {
		return ports.ErrPasskeyTaken
	}
	return postgres.Failure("keep a factor", err)
}

const columns = `id, user_uid, kind, sealed, uniquely, count, created_at, used_at, settled`

func (s *Store) scan(row pgx.CollectableRow) (f ports.Factor, err error) {
	var sealed []byte
	var used *time.Time
	if err = row.Scan(&f.ID, &f.User, &f.Kind, &sealed, &f.Unique, &f.Count, &f.CreatedAt, &used, &f.Settled); err != nil {
		return f, err
	}
	f.CreatedAt = f.CreatedAt.UTC()
	if used != nil {
		f.UsedAt = used.UTC()
	}
	if f.Secret, err = s.installation.Open(sealed, f.ID[:]); err != nil {
		return f, fmt.Errorf("factor %s: %w", f.ID, err)
	}
	return f, nil
}

// Of implements ports.Factors.
func (s *Store) Of(ctx context.Context, user uuid.UUID) ([]ports.Factor, error) {
	rows, _ := s.pool.Query(ctx, `SELECT `+columns+` FROM ops.factors WHERE user_uid = $1 ORDER BY created_at, id`, user)
	all, err := pgx.CollectRows(rows, s.scan)
	return all, postgres.Failure("list factors", err)
}

// Held implements ports.Factors. It opens nothing.
func (s *Store) Held(ctx context.Context, users []uuid.UUID) ([]ports.Factor, error) {
	rows, _ := s.pool.Query(ctx, `SELECT id, user_uid, kind, created_at FROM ops.factors
		WHERE user_uid = ANY ($1::uuid[]) AND settled ORDER BY created_at, id`, users)
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (f ports.Factor, err error) {
		f.Settled = true
		err = row.Scan(&f.ID, &f.User, &f.Kind, &f.CreatedAt)
		f.CreatedAt = f.CreatedAt.UTC()
		return f, err
	})
	return all, postgres.Failure("list held factors", err)
}

// Use implements ports.Factors: of two at once with the same count one changes the row.
func (s *Store) Use(ctx context.Context, id uuid.UUID, count int64, at time.Time) (bool, error) {
	tag, err := s.pool.Exec(ctx, `UPDATE ops.factors SET count = $2, used_at = greatest(used_at, $3)
		WHERE id = $1 AND (count < $2 OR count = 0 AND $2 = 0)`, id, count, at)
	return tag.RowsAffected() > 0, postgres.Failure("use a factor", err)
}

// Settle implements ports.Factors.
func (s *Store) Settle(ctx context.Context, id uuid.UUID) error {
	return s.exec(ctx, "settle a factor", `UPDATE ops.factors SET settled = true WHERE id = $1 AND NOT settled`, id)
}

// Drop implements ports.Factors.
func (s *Store) Drop(ctx context.Context, id uuid.UUID) error {
	return s.exec(ctx, "drop a factor", `DELETE FROM ops.factors WHERE id = $1`, id)
}

// Unsettled implements ports.Factors. It opens nothing.
func (s *Store) Unsettled(ctx context.Context, before time.Time, after uuid.UUID, limit int) ([]ports.Factor, error) {
	rows, _ := s.pool.Query(ctx, `SELECT id, user_uid, kind, created_at FROM ops.factors
		WHERE NOT settled AND created_at < $1 AND id > $2 ORDER BY id LIMIT $3`, before, after, limit)
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (f ports.Factor, err error) {
		return f, row.Scan(&f.ID, &f.User, &f.Kind, &f.CreatedAt)
	})
	return all, postgres.Failure("list unsettled factors", err)
}

// Begin implements ports.Factors. Two statements: what another request has just kept is
// only visible to a second one.
func (s *Store) Begin(ctx context.Context, hash []byte, c ports.Challenge, now time.Time) (ports.Challenge, error) {
	plain, err := json.Marshal(c) //nolint:gosec // it is sealed
	if err != nil {
		return ports.Challenge{}, fmt.Errorf("challenge: %w", err)
	}
	sealed, err := s.installation.Seal(plain, hash)
	if err != nil {
		return ports.Challenge{}, fmt.Errorf("seal a challenge: %w", err)
	}
	err = s.exec(ctx, "keep a challenge", `INSERT INTO ops.challenges AS c (hash, user_uid, sealed, expires_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (hash) DO UPDATE SET user_uid = excluded.user_uid, sealed = excluded.sealed, expires_at = excluded.expires_at, tries = 0
		WHERE c.expires_at <= $5`, hash, c.User, sealed, c.Expires, now)
	if err != nil {
		return ports.Challenge{}, err
	}
	err = s.pool.QueryRow(ctx, `SELECT sealed FROM ops.challenges WHERE hash = $1`, hash).Scan(&sealed)
	if err != nil {
		return ports.Challenge{}, postgres.Failure("read a challenge", err)
	}
	return s.open(hash, sealed)
}

// Try implements ports.Factors.
func (s *Store) Try(ctx context.Context, hash []byte, now time.Time, most int) (ports.Challenge, error) {
	var sealed []byte
	err := s.pool.QueryRow(ctx, `UPDATE ops.challenges SET tries = tries + 1
		WHERE hash = $1 AND expires_at > $2 AND tries < $3 RETURNING sealed`, hash, now, most).Scan(&sealed)
	if err != nil {
		return ports.Challenge{}, postgres.Failure("try a challenge", err)
	}
	return s.open(hash, sealed)
}

func (s *Store) open(hash, sealed []byte) (c ports.Challenge, err error) {
	plain, err := s.installation.Open(sealed, hash)
	if errors.Is(err, sealing.ErrCannotOpen) { // of another key: as good as none
		return c, fmt.Errorf("challenge: %w: %w", query.ErrNotFound, err)
	}
	if err != nil {
		return c, fmt.Errorf("challenge: %w", err)
	}
	if err := json.Unmarshal(plain, &c); err != nil {
		return c, fmt.Errorf("challenge: %w", err)
	}
	return c, nil
}

// Finish implements ports.Factors.
func (s *Store) Finish(ctx context.Context, hash []byte) (bool, error) {
	tag, err := s.pool.Exec(ctx, `DELETE FROM ops.challenges WHERE hash = $1`, hash)
	return tag.RowsAffected() > 0, postgres.Failure("finish a challenge", err)
}

// RemoveChallenges removes challenges that have expired.
func (s *Store) RemoveChallenges(ctx context.Context, now time.Time, limit int) (int64, error) {
	tag, err := s.pool.Exec(ctx, `DELETE FROM ops.challenges WHERE hash IN
		(SELECT hash FROM ops.challenges WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)`, now, limit)
	return tag.RowsAffected(), postgres.Failure("remove challenges", err)
}

func (s *Store) exec(ctx context.Context, what, sql string, args ...any) error {
	_, err := s.pool.Exec(ctx, sql, args...)
	return postgres.Failure(what, err)
}
