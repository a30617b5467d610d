// Package people keeps what signing in needs beside the events: hashes of
// passwords, identities at an issuer, sessions, personal API tokens, calendar feeds, counted
// attempts, where people sign in, last logins. It is app's PeopleStore on tables of schema
// ops. Secrets reach it as hashes only.
package people

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
)

// Store keeps people's secrets and sessions.
type Store struct{ pool *pgxpool.Pool }

var _ ports.PeopleStore = (*Store)(nil)

// NewStore keeps them in the migrated database of pool.
func NewStore(pool *pgxpool.Pool) *Store { return &Store{pool: pool} }

func (s *Store) exec(ctx context.Context, what, sql string, args ...any) error {
	_, err := s.pool.Exec(ctx, sql, args...)
	return postgres.Failure(what, err)
}

// execOne is exec of a statement that must affect a row, else query.ErrNotFound.
func (s *Store) execOne(ctx context.Context, what, sql string, args ...any) error {
	tag, err := s.pool.Exec(ctx, sql, args...)
	if err == nil && tag.RowsAffected() == 0 {
		return query.ErrNotFound
	}
	return postgres.Failure(what, err)
}

// PutCredential implements ports.PeopleStore.
func (s *Store) PutCredential(ctx context.Context, id, user uuid.UUID, hash string, at time.Time) error {
	return s.exec(ctx, "keep credential",
		`INSERT INTO ops.credentials (id, user_uid, hash, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING`,
		id, user, hash, at)
}

// Credential implements ports.PeopleStore.
func (s *Store) Credential(ctx context.Context, id uuid.UUID) (string, error) {
	var hash string
	err := s.pool.QueryRow(ctx, `SELECT hash FROM ops.credentials WHERE id = $1`, id).Scan(&hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return hash, postgres.Failure("read credential", err)
}

// DropCredential implements ports.PeopleStore.
func (s *Store) DropCredential(ctx context.Context, id uuid.UUID) error {
	return s.exec(ctx, "drop credential", `WITH ended AS (DELETE FROM ops.sessions WHERE credential = $1)
		DELETE FROM ops.credentials WHERE id = $1`, id)
}

// KeepCredential implements ports.PeopleStore.
func (s *Store) KeepCredential(ctx context.Context, user, id uuid.UUID) error {
	return s.exec(ctx, "drop other credentials", `DELETE FROM ops.credentials WHERE user_uid = $1 AND id <> $2`, user, id)
}

// Forget implements ports.PeopleStore.
func (s *Store) Forget(ctx context.Context, user uuid.UUID) error {
	return postgres.Failure("forget user", pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var b pgx.Batch
		for _, table := range []string{"sessions", "personal_tokens", "identities", "views", "calendars", "credentials", "sign_in_addresses", "factors", "challenges"} {
			b.Queue(`DELETE FROM ops.`+table+` WHERE user_uid = $1`, user)
		}
		b.Queue(`UPDATE ops.security_log SET address = NULL WHERE address IS NOT NULL AND (user_uid = $1 OR actor_kind = 'user' AND actor = $1::uuid::text)`, user)
		return tx.SendBatch(ctx, &b).Close()
	}))
}
