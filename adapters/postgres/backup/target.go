package backup

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// marker is a schema that is there as long as a restore is not finished.
const marker = "fleetledger_restoring"

// Errors about a database to restore into, and about one that was.
var (
	ErrNotEmpty   = errors.New("it holds something already, and a backup is restored into an empty one only")
	ErrUnfinished = errors.New("a restore did not get to its end here: run it again, it begins anew")
)

// DB is a connection or a pool.
type DB interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// CheckFinished gives ErrUnfinished for a database that a restore has left half
// done.
func CheckFinished(ctx context.Context, db DB) error {
	var unfinished bool
	if err := db.QueryRow(ctx, `SELECT to_regnamespace($1) IS NOT NULL`, marker).Scan(&unfinished); err != nil {
		return fmt.Errorf("look for an unfinished restore: %w", err)
	}
	if unfinished {
		return ErrUnfinished
	}
	return nil
}

// Begin makes sure that the database is empty, or was left by a restore, whose
// rests it removes; and marks it until Finish.
func Begin(ctx context.Context, conn *pgx.Conn) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		err := CheckFinished(ctx, tx)
		switch {
		case errors.Is(err, ErrUnfinished):
			return removeRests(ctx, tx)
		case err != nil:
			return err
		}
		var tables int
		err = tx.QueryRow(ctx, `SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\_%'
				AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')`).Scan(&tables)
		if err != nil {
			return fmt.Errorf("look whether the database is empty: %w", err)
		}
		if tables > 0 {
			return ErrNotEmpty
		}
		if _, err := tx.Exec(ctx, "CREATE SCHEMA "+marker); err != nil {
			return fmt.Errorf("mark the database: %w", err)
		}
		return nil
	})
}

// removeRests removes what an unfinished restore has made.
func removeRests(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, `SELECT nspname::text FROM pg_namespace WHERE nspname IN ('ops', 'eventnode', 'analytics') OR nspname LIKE 'rm\_%'`)
	if err != nil {
		return fmt.Errorf("list schemas: %w", err)
	}
	schemas, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("list schemas: %w", err)
	}
	for _, schema := range schemas {
		if _, err := tx.Exec(ctx, "DROP SCHEMA "+pgx.Identifier{schema}.Sanitize()+" CASCADE"); err != nil {
			return fmt.Errorf("remove what an unfinished restore has left: %w", err)
		}
	}
	return nil
}

// Finish takes the mark away.
func Finish(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, "DROP SCHEMA "+marker); err != nil {
		return fmt.Errorf("end the restore: %w", err)
	}
	return nil
}
