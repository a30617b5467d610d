package people

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app/ports"
)

// What has expired is refused at once, and removed some time after, a number of
// rows at a time.

// RemoveSessions removes sessions that have ended.
func (s *Store) RemoveSessions(ctx context.Context, now time.Time, limit int) (int64, error) {
	return s.remove(ctx, "remove sessions", `DELETE FROM ops.sessions WHERE id IN
		(SELECT id FROM ops.sessions WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)`, now, limit)
}

// RemoveAttempts removes the counts of windows that have ended.
func (s *Store) RemoveAttempts(ctx context.Context, now time.Time, limit int) (int64, error) {
	return s.remove(ctx, "remove attempts to sign in", `DELETE FROM ops.sign_in_attempts WHERE subject IN
		(SELECT subject FROM ops.sign_in_attempts WHERE ends_at <= $1 ORDER BY ends_at LIMIT $2 FOR UPDATE SKIP LOCKED)`, now, limit)
}

// signInDays is how long it is kept where somebody signed in. The service asks for no
// earlier ones.
const signInDays = 90

// RemoveSignIns removes where people have not signed in for long.
func (s *Store) RemoveSignIns(ctx context.Context, now time.Time, limit int) (int64, error) {
	return s.remove(ctx, "remove where people signed in", `DELETE FROM ops.sign_in_addresses WHERE subject IN
		(SELECT subject FROM ops.sign_in_addresses WHERE used_at <= $1 ORDER BY used_at LIMIT $2 FOR UPDATE SKIP LOCKED)`, now.AddDate(0, 0, -signInDays), limit)
}

// tokenDays is how long an expired token is still listed. After that, a request
// that made a token can no longer be repeated.
const tokenDays = 30

// RemoveTokens removes personal tokens that expired a month ago, revoked or not.
func (s *Store) RemoveTokens(ctx context.Context, now time.Time, limit int) (int64, error) {
	return s.remove(ctx, "remove personal tokens", `DELETE FROM ops.personal_tokens WHERE id IN
		(SELECT id FROM ops.personal_tokens WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)`, now.AddDate(0, 0, -tokenDays), limit)
}

func (s *Store) remove(ctx context.Context, what, sql string, args ...any) (int64, error) {
	tag, err := s.pool.Exec(ctx, sql, args...)
	return tag.RowsAffected(), postgres.Failure(what, err)
}

// SpareCredentials implements ports.PeopleStore.
func (s *Store) SpareCredentials(ctx context.Context, before time.Time, after uuid.UUID, limit int) ([]ports.Credential, error) {
	rows, _ := s.pool.Query(ctx, `SELECT id, user_uid FROM ops.credentials c
		WHERE created_at < $1 AND id > $2 AND EXISTS (SELECT FROM ops.credentials o WHERE o.user_uid = c.user_uid AND o.id <> c.id)
		ORDER BY id LIMIT $3`, before, after, limit)
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ports.Credential])
	return all, postgres.Failure("list credentials", err)
}
