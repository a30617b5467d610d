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
	return s.exec(ctx, "create session", `INSERT INTO ops.sessions (id, token_hash, user_uid, account, credential, factor, at_issuer, created_at, signed_in_at, used_at, address, client, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		v.ID, tokenHash, v.User, v.Account, v.Credential, orNoID(v.Factor), v.AtIssuer, v.CreatedAt, orNull(v.SignedInAt), v.UsedAt, v.Address, v.Client, v.ExpiresAt)
}

func orNoID(id uuid.UUID) uuid.NullUUID { return uuid.NullUUID{UUID: id, Valid: id != uuid.Nil} }

const sessionColumns = `id, user_uid, account, credential, factor, at_issuer, created_at, coalesce(signed_in_at, created_at), used_at, address, client, expires_at`

func scanSession(row pgx.CollectableRow) (v ports.Session, err error) {
	var factor uuid.NullUUID
	err = row.Scan(&v.ID, &v.User, &v.Account, &v.Credential, &factor, &v.AtIssuer, &v.CreatedAt, &v.SignedInAt, &v.UsedAt, &v.Address, &v.Client, &v.ExpiresAt)
	v.Factor = factor.UUID
	v.CreatedAt, v.SignedInAt, v.UsedAt, v.ExpiresAt = v.CreatedAt.UTC(), v.SignedInAt.UTC(), v.UsedAt.UTC(), v.ExpiresAt.UTC()
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
func (s *Store) UseSession(ctx context.Context, session uuid.UUID, use ports.Use) error {
	return s.use(ctx, "note the use of a session", "sessions", session, use)
}

// UseToken implements ports.PeopleStore.
func (s *Store) UseToken(ctx context.Context, token uuid.UUID, use ports.Use) error {
	return s.use(ctx, "note the use of a personal token", "personal_tokens", token, use)
}

// use waits for nobody: of many requests at once one notes it.
func (s *Store) use(ctx context.Context, what, table string, id uuid.UUID, use ports.Use) error {
	return s.exec(ctx, what, `UPDATE ops.`+table+` SET used_at = $2, address = $3, client = $4 WHERE id =
		(SELECT id FROM ops.`+table+` WHERE id = $1 AND (used_at IS NULL OR used_at <= $2) FOR UPDATE SKIP LOCKED)`, id, use.At, use.Address, use.Client)
}

// RenewSession implements ports.PeopleStore.
func (s *Store) RenewSession(ctx context.Context, session uuid.UUID, at time.Time) error {
	return s.execOne(ctx, "renew a session", `UPDATE ops.sessions SET signed_in_at = greatest(signed_in_at, $2) WHERE id = $1`, session, at)
}

// CarryOver implements ports.PeopleStore.
func (s *Store) CarryOver(ctx context.Context, session, credential uuid.UUID) error {
	return s.exec(ctx, "carry session over", `UPDATE ops.sessions SET credential = $2 WHERE id = $1`, session, credential)
}

// ProveSession implements ports.PeopleStore.
func (s *Store) ProveSession(ctx context.Context, session, factor uuid.UUID) error {
	return s.exec(ctx, "note what a session rests on", `UPDATE ops.sessions SET factor = $2 WHERE id = $1`, session, orNoID(factor))
}

// EndSession implements ports.PeopleStore.
func (s *Store) EndSession(ctx context.Context, user, id uuid.UUID) error {
	return s.execOne(ctx, "end session", `DELETE FROM ops.sessions WHERE user_uid = $1 AND id = $2`, user, id)
}

// EndSessions implements ports.PeopleStore.
func (s *Store) EndSessions(ctx context.Context, user uuid.UUID, before time.Time, but uuid.UUID) error {
	return s.exec(ctx, "end sessions", `DELETE FROM ops.sessions
		WHERE user_uid = $1 AND ($2::timestamptz IS NULL OR created_at < $2) AND id <> $3`, user, orNull(before), but)
}
