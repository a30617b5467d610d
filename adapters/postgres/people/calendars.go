package people

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app/ports"
)

const calendarColumns = `id, user_uid, account, credential, label, created_at, expires_at, last_read_at`

func scanCalendar(row pgx.CollectableRow) (c ports.Calendar, err error) {
	var account, credential uuid.NullUUID
	var expires, read *time.Time
	err = row.Scan(&c.ID, &c.User, &account, &credential, &c.Label, &c.CreatedAt, &expires, &read)
	c.Account, c.Credential, c.CreatedAt, c.ExpiresAt, c.LastReadAt = account.UUID, credential.UUID, c.CreatedAt.UTC(), orZero(expires), orZero(read)
	return c, err
}

// CreateCalendar implements ports.PeopleStore. The lock is the user's: two made at
// once are counted one after the other.
func (s *Store) CreateCalendar(ctx context.Context, c ports.Calendar, tokenHash []byte, most int) (kept ports.Calendar, created bool, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('calendar of ' || $1::uuid::text, 0))`, c.User); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO ops.calendars (id, token_hash, user_uid, account, label, created_at, expires_at, credential)
			SELECT $1, $2, $3, $4, $5, $6, $7, $9
			WHERE (SELECT count(*) FROM ops.calendars WHERE user_uid = $3 AND revoked_at IS NULL AND id <> $1) < $8
			ON CONFLICT (id) DO NOTHING`, c.ID, tokenHash, c.User, uuid.NullUUID{UUID: c.Account, Valid: c.Account != uuid.Nil},
			c.Label, c.CreatedAt, orNull(c.ExpiresAt), most, orNoID(c.Credential)); err != nil {
			return err
		}
		rows, _ := tx.Query(ctx, `SELECT `+calendarColumns+` FROM ops.calendars WHERE id = $1`, c.ID)
		kept, err = pgx.CollectExactlyOneRow(rows, scanCalendar)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) { // there was no room
		return ports.Calendar{}, false, nil
	}
	return kept, err == nil, postgres.Failure("create calendar", err)
}

// CalendarByHash implements ports.PeopleStore.
func (s *Store) CalendarByHash(ctx context.Context, tokenHash []byte) (ports.Calendar, error) {
	rows, _ := s.pool.Query(ctx, `SELECT `+calendarColumns+` FROM ops.calendars WHERE token_hash = $1 AND revoked_at IS NULL`, tokenHash)
	c, err := pgx.CollectExactlyOneRow(rows, scanCalendar)
	return c, postgres.Failure("find calendar", err)
}

// Calendars implements ports.PeopleStore.
func (s *Store) Calendars(ctx context.Context, user uuid.UUID) ([]ports.Calendar, error) {
	rows, _ := s.pool.Query(ctx, `SELECT `+calendarColumns+` FROM ops.calendars
		WHERE user_uid = $1 AND revoked_at IS NULL ORDER BY created_at DESC, id`, user)
	all, err := pgx.CollectRows(rows, scanCalendar)
	return all, postgres.Failure("list calendars", err)
}

// ReadCalendar implements ports.PeopleStore.
func (s *Store) ReadCalendar(ctx context.Context, id uuid.UUID, at time.Time) error {
	return s.exec(ctx, "note the reading of a calendar", `UPDATE ops.calendars SET last_read_at = greatest(last_read_at, $2) WHERE id = $1`, id, at)
}

// RevokeCalendar implements ports.PeopleStore.
func (s *Store) RevokeCalendar(ctx context.Context, user, id uuid.UUID, at time.Time) error {
	return s.execOne(ctx, "revoke calendar",
		`UPDATE ops.calendars SET revoked_at = $3 WHERE user_uid = $1 AND id = $2 AND revoked_at IS NULL`, user, id, at)
}

// RevokeCalendars implements ports.PeopleStore.
func (s *Store) RevokeCalendars(ctx context.Context, user uuid.UUID, before time.Time, but uuid.UUID, at time.Time) ([]uuid.UUID, error) {
	rows, _ := s.pool.Query(ctx, `UPDATE ops.calendars SET revoked_at = $4
		WHERE user_uid = $1 AND revoked_at IS NULL AND ($2::timestamptz IS NULL OR created_at < $2) AND credential IS DISTINCT FROM $3
		RETURNING id`, user, orNull(before), but, at)
	ended, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	return ended, postgres.Failure("revoke the calendars of a user", err)
}

// RemoveCalendars removes calendars that expired or were revoked a month ago.
func (s *Store) RemoveCalendars(ctx context.Context, now time.Time, limit int) (int64, error) {
	return s.remove(ctx, "remove calendars", `DELETE FROM ops.calendars WHERE id IN
		(SELECT id FROM ops.calendars WHERE least(expires_at, revoked_at) <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)`, now.AddDate(0, 0, -tokenDays), limit)
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
