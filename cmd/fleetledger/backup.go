package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/backup"
	"github.com/fleetledger/fleetledger/adapters/postgres/private"
)

type backupCmd struct {
	Create  backupCreateCmd  `cmd:"" help:"Write everything but the read models and the installation's key into one file, beside a running service too."`
	Verify  backupVerifyCmd  `cmd:"" help:"Read a whole backup and name the first thing that is wrong with it; needs no database."`
	Restore backupRestoreCmd `cmd:"" help:"Put a backup into an empty data folder, or an empty database."`
}

type backupCreateCmd struct {
	File string `arg:"" help:"The file to write; an existing one is never overwritten."`
}

// Run writes the backup and says what is in it.
func (b backupCreateCmd) Run(ctx context.Context, cfg *Config, c console) (err error) {
	url, end, err := openDatabase(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end(context.WithoutCancel(ctx))) }()
	pool, err := postgres.Open(ctx, url, postgres.Options{ApplicationName: "fleetledger-backup", MaxConns: 1})
	if err != nil {
		return err
	}
	defer pool.Close()
	began := time.Now()
	m, err := createBackup(ctx, cfg, pool, b.File, progressOn(c.err))
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s: %s, in %s\n", b.File, contents(m), time.Since(began).Round(time.Millisecond))
	if m.Log == nil {
		fmt.Fprintln(c.out, "the log is not inside: it is kept at FLEETLEDGER_EVENTSTORE_URL; back it up with that store's own tools, after this file was written")
	}
	fmt.Fprintln(c.out, "the installation's key is not inside: keep the file person-key of the data folder, or FLEETLEDGER_PERSON_KEY, apart from the backup")
	return nil
}

// createBackup writes a backup of the pool's database, on a connection of its own.
func createBackup(ctx context.Context, cfg *Config, pool *pgxpool.Pool, path string, progress backup.Progress) (m backup.Manifest, err error) {
	conn, err := dedicated(ctx, pool)
	if err != nil {
		return m, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if err := backup.CheckFinished(ctx, conn); err != nil {
		return m, err
	}
	source := backup.Source{Conn: conn, Program: version, WithLog: cfg.EventstoreURL == "", Progress: progress}
	if m, err = backup.Create(ctx, source, path); err != nil {
		return m, fmt.Errorf("back up: %w", err)
	}
	return m, nil
}

// dedicated is a connection like those of a pool.
func dedicated(ctx context.Context, pool *pgxpool.Pool) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, pool.Config().ConnConfig)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return conn, nil
}

// openDatabase gives the database of a service as it is: nothing in it is
// migrated, and no event node starts. A private PostgreSQL that does not run
// does until end.
func openDatabase(ctx context.Context, c *Config) (url string, end func(context.Context) error, err error) {
	nothing := func(context.Context) error { return nil }
	if c.DatabaseURL != "" {
		return c.DatabaseURL, nothing, nil
	}
	if err := holdsService(c); err != nil {
		return "", nil, err
	}
	lock, err := private.AcquireLock(c.DataDir)
	if errors.Is(err, private.ErrLocked) {
		if url, err = private.ConnString(c.DataDir); err != nil {
			return "", nil, fmt.Errorf("a service holds %s and is not ready: %w", c.DataDir, err)
		}
		return url, nothing, nil
	}
	if err != nil {
		return "", nil, err
	}
	return startDatabase(ctx, c, lock)
}

// startDatabase runs the private PostgreSQL of a locked folder.
func startDatabase(ctx context.Context, c *Config, lock *private.Lock) (url string, end func(context.Context) error, err error) {
	server, err := private.Start(ctx, private.Options{DataDir: c.DataDir, BinDir: c.PgBin, Lock: lock, Logger: quiet()})
	if err != nil {
		return "", nil, errors.Join(err, lock.Release())
	}
	return server.URL(), func(ctx context.Context) error {
		patience, cancel := context.WithTimeout(ctx, stopPatience)
		defer cancel()
		return errors.Join(server.Stop(patience), lock.Release())
	}, nil
}

type backupVerifyCmd struct {
	File string `arg:"" help:"The backup."`
}

// Run checks the file.
func (b backupVerifyCmd) Run(ctx context.Context, c console) error {
	f, err := openVerified(ctx, b.File, progressOn(c.err))
	if err != nil {
		return err
	}
	m := f.Manifest
	fmt.Fprintf(c.out, "%s is whole: %s, made %s by version %s\n", b.File, contents(m), m.CreatedAt.Format(time.RFC3339), m.Program)
	return f.Close()
}

func openVerified(ctx context.Context, path string, progress backup.Progress) (*backup.File, error) {
	f, err := backup.Open(path)
	if err != nil {
		return nil, err
	}
	if err := f.Verify(ctx, progress); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return f, nil
}

// contents says in a few words what a backup holds.
func contents(m backup.Manifest) string {
	rows := int64(0)
	for _, t := range m.Tables {
		rows += t.Rows
	}
	if m.Log == nil {
		return fmt.Sprintf("%d rows of %d tables, without the log", rows, len(m.Tables))
	}
	what := fmt.Sprintf("%d events and %d other rows", m.Log.Events, rows-m.Log.Events)
	if last := m.Log.Last; last != nil {
		what += ", the last event of " + lastTime(last).Format(time.RFC3339)
	}
	return what
}

// lastTime is when an event happened, by the service's clock where it says so.
func lastTime(e *backup.Event) time.Time {
	if e.OccurredAt.IsZero() {
		return e.RecordedAt
	}
	return e.OccurredAt
}

// progressOn tells of long work, a line every other second.
func progressOn(w io.Writer) backup.Progress {
	told := time.Now()
	return func(what, table string, done, of int64) {
		if time.Since(told) < 2*time.Second {
			return
		}
		told = time.Now()
		if of > 0 {
			fmt.Fprintf(w, "%s %s: %d of %d rows\n", what, table, done, of)
			return
		}
		fmt.Fprintf(w, "%s %s: %d rows\n", what, table, done)
	}
}

// progressInLog tells of it in the log of a service.
func progressInLog(logger *slog.Logger) backup.Progress {
	return func(what, table string, done, _ int64) {
		logger.Debug("backup", "step", what, "table", table, "rows", done)
	}
}
