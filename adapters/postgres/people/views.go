package people

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app/ports"
)

// SaveView implements ports.PeopleStore. The lock is the user's: two views saved at
// once are counted one after the other.
func (s *Store) SaveView(ctx context.Context, v ports.View, most int) (saved bool, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('view of ' || $1::uuid::text, 0))`, v.User); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `INSERT INTO ops.views (user_uid, id, page, name, query, saved_at)
			SELECT $1, $2, $3, $4, $5, $6
			WHERE (SELECT count(*) FROM ops.views WHERE user_uid = $1 AND page = $3 AND id <> $2) < $7
			ON CONFLICT (user_uid, id) DO UPDATE SET name = excluded.name, query = excluded.query, saved_at = excluded.saved_at`,
			v.User, v.ID, v.Page, v.Name, v.Query, v.SavedAt, most)
		saved = tag.RowsAffected() > 0
		return err
	})
	return saved, postgres.Failure("save view", err)
}

// Views implements ports.PeopleStore.
func (s *Store) Views(ctx context.Context, user uuid.UUID) ([]ports.View, error) {
	rows, _ := s.pool.Query(ctx, `SELECT user_uid, id, page, name, query, saved_at FROM ops.views
		WHERE user_uid = $1 ORDER BY page, lower(name), id`, user)
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ports.View])
	for i := range all {
		all[i].SavedAt = all[i].SavedAt.UTC()
	}
	return all, postgres.Failure("list views", err)
}

// RemoveView implements ports.PeopleStore.
func (s *Store) RemoveView(ctx context.Context, user, id uuid.UUID) error {
	return s.execOne(ctx, "remove view", `DELETE FROM ops.views WHERE user_uid = $1 AND id = $2`, user, id)
}
