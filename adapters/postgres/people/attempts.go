package people

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/adapters/postgres"
)

// CountAttempt implements ports.PeopleStore. A window that ends later than one
// that begins now comes from a clock that was ahead, and begins anew.
func (s *Store) CountAttempt(ctx context.Context, subject []byte, now time.Time, window time.Duration) (count int, ends time.Time, err error) {
	err = s.pool.QueryRow(ctx, `
		INSERT INTO ops.sign_in_attempts AS a (subject, count, ends_at) VALUES ($1, 1, $3)
		ON CONFLICT (subject) DO UPDATE SET
			count   = CASE WHEN a.ends_at <= $2 OR a.ends_at > $3 THEN 1 ELSE least(a.count, 1000000) + 1 END,
			ends_at = CASE WHEN a.ends_at <= $2 OR a.ends_at > $3 THEN $3 ELSE a.ends_at END
		RETURNING count, ends_at`, subject, now, now.Add(window)).Scan(&count, &ends)
	return count, ends.UTC(), postgres.Failure("count attempt to sign in", err)
}

// ForgetAttempts implements ports.PeopleStore.
func (s *Store) ForgetAttempts(ctx context.Context, subject []byte) error {
	return s.exec(ctx, "forget attempts to sign in", `DELETE FROM ops.sign_in_attempts WHERE subject = $1`, subject)
}

// ForgiveAttempt implements ports.PeopleStore.
func (s *Store) ForgiveAttempt(ctx context.Context, subject []byte) error {
	return s.exec(ctx, "forgive attempt to sign in",
		`UPDATE ops.sign_in_attempts SET count = greatest(count - 1, 0) WHERE subject = $1`, subject)
}

// RememberSignIn implements ports.PeopleStore.
func (s *Store) RememberSignIn(ctx context.Context, subject []byte, user uuid.UUID, at time.Time) error {
	return s.exec(ctx, "remember where somebody signs in", `
		INSERT INTO ops.sign_in_addresses (subject, user_uid, used_at) VALUES ($1, $2, $3)
		ON CONFLICT (subject) DO UPDATE SET user_uid = EXCLUDED.user_uid, used_at = EXCLUDED.used_at`, subject, user, at)
}

// HasSignedIn implements ports.PeopleStore.
func (s *Store) HasSignedIn(ctx context.Context, subject []byte, since time.Time) (has bool, err error) {
	err = s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM ops.sign_in_addresses WHERE subject = $1 AND used_at >= $2)`, subject, since).Scan(&has)
	return has, postgres.Failure("find where somebody signs in", err)
}

// SignIns implements ports.PeopleStore.
func (s *Store) SignIns(ctx context.Context, user uuid.UUID) ([][]byte, error) {
	rows, _ := s.pool.Query(ctx, `SELECT subject FROM ops.sign_in_addresses WHERE user_uid = $1`, user)
	all, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	return all, postgres.Failure("list where somebody signs in", err)
}
