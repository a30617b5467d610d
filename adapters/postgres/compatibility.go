package postgres

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Oldest is the version that a program has to know at least to run on the migrated
// database of pool.
func Oldest(ctx context.Context, pool *pgxpool.Pool) (oldest int64, err error) {
	err = pool.QueryRow(ctx, `SELECT max(oldest) FROM ops.compatibility`).Scan(&oldest)
	return oldest, Failure("read which programs the database is for", err)
}

// RaiseOldest keeps programs off that know less than a version. None that runs is ended.
func RaiseOldest(ctx context.Context, pool *pgxpool.Pool, to int64) error {
	_, err := pool.Exec(ctx, `UPDATE ops.compatibility SET oldest = greatest(oldest, $1)`, to)
	return Failure("say which programs the database is for", err)
}
