package people

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app/ports"
)

// CreateSession implements ports.PeopleStore.
func (s *Store) CreateSession(ctx context.Context, v ports.Session, tokenHash []byte) error {
	return s.exec(ctx, "create session", `INSERT INTO ops.sessions (id, token_hash, user_uid, account, credential, at_issuer, created_at, used_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, v.ID, tokenHash, v.User, v.Account, v.Credential, v.AtIssuer, v.CreatedAt, v.UsedAt, v.ExpiresAt)
}

const sessionColumns = `id, user_uid, account, credential, at_issuer, created_at, used_at, expires_at`

func scanSession(row pgx.CollectableRow) (v ports.Session, err error) {
	err = row.Scan(&v.ID, &v.User, &v.Account, &v.Credential, &v.AtIssuer, &v.CreatedAt, &v.UsedAt, &v.ExpiresAt)
	v.CreatedAt, v.UsedAt, v.ExpiresAt = v.CreatedAt.UTC(), v.UsedAt.UTC(), v.ExpiresAt.UTC()
	return v, err
}

// SessionByHash implements ports.PeopleStore.
func (s *Store) SessionByHash(ctx context.Context, tokenHash []byte) (ports.Session, error) {
	rows, _ := s.pool.Query(ctx, `SELECT `+sessionColumns+` FROM ops.sessions WHERE token_hash = $1`, tokenHash)
	v, err := pgx.CollectExactlyOneRow(rows, scanSession)
	return v, postgres.Failure("find session", err)
}

// Sessions implements ports.PeopleStore.
func (s *Store) Sessions(ctx context.Context, user uuid.UUID, at time.Time) ([]ports.Session, error) {
	rows, _ := s.pool.Query(ctx, `SELECT `+sessionColumns+` FROM ops.sessions
		WHERE user_uid = $1 AND expires_at > $2 ORDER BY created_at DESC, id`, user, at)
	all, err := pgx.CollectRows(rows, scanSession)
	return all, postgres.Failure("list sessions", err)
}

// UseSession implements ports.PeopleStore.
func (s *Store) UseSession(ctx context.Context, session uuid.UUID, at time.Time) error {
	return s.exec(ctx, "note the use of a session", `UPDATE ops.sessions SET used_at = greatest(used_at, $2) WHERE id = $1`, session, at)
}

// CarryOver implements ports.PeopleStore.
func (s *Store) CarryOver(ctx context.Context, session, credential uuid.UUID) error {
	return s.exec(ctx, "carry session over", `UPDATE ops.sessions SET credential = $2 WHERE id = $1`, session, credential)
}

// EndSession implements ports.PeopleStore.
func (s *Store) EndSession(ctx context.Context, user, id uuid.UUID) error {
	return s.execOne(ctx, "end session", `DELETE FROM ops.sessions WHERE user_uid = $1 AND id = $2`, user, id)
}

// EndSessions implements ports.PeopleStore.
func (s *Store) EndSessions(ctx context.Context, user uuid.UUID) error {
	return s.exec(ctx, "end sessions", `DELETE FROM ops.sessions WHERE user_uid = $1`, user)
}
