package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// Schema holds the service's own tables and the job queue's. River clients
// need it as their Config.Schema.
const Schema = "ops"

// ErrNewer says that the database was used by a newer program, and that this one would
// not understand it. A program of the version before, beside which that one runs, does
// (ops.compatibility).
var ErrNewer = errors.New("the database belongs to a newer version")

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Migrate brings schema ops up to date. Many instances may call it at once:
// one migrates, the others wait for it (asking once a second, up to 5 min) and
// find nothing left to do. A failed migration changes nothing.
func Migrate(ctx context.Context, pool *pgxpool.Pool) error {
	return migrate(ctx, pool, Versions{})
}

// Versions are those of the service's own tables and of the job queue's.
type Versions struct {
	Tables int64
	Jobs   int
}

// MigrateTo makes schema ops in an empty database as an older program knew it. It
// fails with ErrNewer for versions that this one does not know.
func MigrateTo(ctx context.Context, pool *pgxpool.Pool, to Versions) error {
	if to.Tables < 1 || to.Jobs < 1 {
		return fmt.Errorf("there are no versions %+v of schema %s", to, Schema)
	}
	return migrate(ctx, pool, to)
}

// migrate goes up to the versions, to the latest where they are zero.
func migrate(ctx context.Context, pool *pgxpool.Pool, to Versions) (err error) {
	own, err := migrationPool(ctx, pool)
	if err != nil {
		return err
	}
	defer own.Close()
	db := stdlib.OpenDBFromPool(own)
	defer func() { err = errors.Join(err, db.Close()) }()
	return locked(ctx, db, func() error {
		if _, err := own.Exec(ctx, `CREATE SCHEMA IF NOT EXISTS `+Schema); err != nil {
			return fmt.Errorf("create schema %s: %w", Schema, err)
		}
		if err := migrateTables(ctx, db, to.Tables); err != nil {
			return err
		}
		return migrateJobs(ctx, own, to.Jobs)
	})
}

// migrationPool connects like pool does, without its time limit: an index on a
// big table takes as long as it takes.
func migrationPool(ctx context.Context, pool *pgxpool.Pool) (*pgxpool.Pool, error) {
	config := pool.Config()
	config.ConnConfig.RuntimeParams["statement_timeout"] = "0"
	config.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = "0"
	config.MaxConns = 3
	config.MinConns = 0
	config.MinIdleConns = 0
	own, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open pool for migrations: %w", err)
	}
	return own, nil
}

// locked runs work while holding the database's migration lock. goose's own
// use of the lock would leave the schema and the job queue outside.
func locked(ctx context.Context, db *sql.DB, work func() error) (err error) {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return fmt.Errorf("prepare migration lock: %w", err)
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect for migration lock: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := locker.SessionLock(ctx, conn); err != nil {
		return fmt.Errorf("wait for another instance's migration: %w", err)
	}
	defer func() {
		err = errors.Join(err, locker.SessionUnlock(context.WithoutCancel(ctx), conn))
	}()
	return work()
}

func migrateTables(ctx context.Context, db *sql.DB, to int64) error {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return fmt.Errorf("open migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithTableName(Schema+".schema_migrations"), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	has, knows, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read version of tables: %w", err)
	}
	if has > knows {
		return bearable(ctx, db, has, knows)
	}
	if to > knows {
		return newer(to, knows)
	}
	if to == 0 {
		to = knows
	}
	if _, err := provider.UpTo(ctx, to); err != nil {
		return fmt.Errorf("migrate tables: %w", err)
	}
	return nil
}

// bearable reports that a newer program's tables are not for this one, unless they
// still are for programs that know no more than it does.
func bearable(ctx context.Context, db *sql.DB, has, knows int64) error {
	var oldest int64
	if err := db.QueryRowContext(ctx, `SELECT max(oldest) FROM `+Schema+`.compatibility`).Scan(&oldest); err != nil {
		return fmt.Errorf("read which programs the tables are for: %w", err)
	}
	if oldest > knows {
		return newer(has, knows)
	}
	return nil
}

func newer(has, knows int64) error {
	return fmt.Errorf("%w: its tables are of version %d, this program knows %d; start the newer program", ErrNewer, has, knows)
}

func migrateJobs(ctx context.Context, pool *pgxpool.Pool, to int) error {
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: Schema})
	if err != nil {
		return fmt.Errorf("read migrations of the job queue: %w", err)
	}
	if _, err := migrator.GetVersion(to); to != 0 && err != nil {
		return fmt.Errorf("job queue of version %d: %w", to, ErrNewer)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, &rivermigrate.MigrateOpts{TargetVersion: to}); err != nil {
		return fmt.Errorf("migrate job queue: %w", err)
	}
	return nil
}
