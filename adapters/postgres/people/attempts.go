package people

import (
	"context"
	"time"

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
