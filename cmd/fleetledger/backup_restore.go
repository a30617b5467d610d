package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/adapters/apart"
	"github.com/fleetledger/fleetledger/adapters/eventnode"
	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/backup"
	"github.com/fleetledger/fleetledger/adapters/postgres/installation"
	"github.com/fleetledger/fleetledger/adapters/postgres/keyring"
	"github.com/fleetledger/fleetledger/adapters/postgres/personkeys"
	"github.com/fleetledger/fleetledger/adapters/postgres/private"
)

type backupRestoreCmd struct {
	File       string   `arg:"" help:"The backup."`
	KeyFile    string   `help:"File with the installation's key, person-key of the data folder that the backup was made of." placeholder:"FILE" xor:"key"`
	WithoutKey bool     `help:"The installation's key is lost: go on without the names, addresses and secrets in the backup, which nobody can read any more." xor:"key"`
	Since      []string `help:"Lists kept apart, of what happened after the backup: kept-apart.ndjson of the old data folder or of FLEETLEDGER_BACKUP_DIR; default: those beside the backup and in the data folder." placeholder:"FILE"`
}

// Run restores. Until everything is there, the data folder and the database are
// marked, and no service starts on them.
func (b backupRestoreCmd) Run(ctx context.Context, cfg *Config, c console) (err error) {
	progress := progressOn(c.err)
	f, err := openVerified(ctx, b.File, progress)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if err := b.fits(cfg, f.Manifest); err != nil {
		return err
	}
	later, err := b.later(cfg, c)
	if err != nil {
		return err
	}
	key, keep, err := b.installationKey(cfg, f.Manifest)
	if err != nil {
		return err
	}
	if err := b.fill(ctx, cfg, f, progress, func() error {
		if !keep {
			return nil
		}
		return writePrivate(filepath.Join(cfg.DataDir, keyFileName), key+"\n")
	}); err != nil {
		return err
	}
	r := restoration{withoutKey: b.WithoutKey, config: *cfg, manifest: f.Manifest, later: later, con: c}
	return r.complete(ctx)
}

// fits refuses a backup that is of another kind than the configuration.
func (b backupRestoreCmd) fits(cfg *Config, m backup.Manifest) error {
	switch {
	case m.Log == nil && cfg.EventstoreURL == "":
		return errors.New("the log is not in this backup: restore that of the event store first, then give FLEETLEDGER_EVENTSTORE_URL")
	case m.Log != nil && cfg.EventstoreURL != "":
		return errors.New("the log is in this backup: restore it without FLEETLEDGER_EVENTSTORE_URL")
	}
	return nil
}

// later reads the lists kept apart.
func (b backupRestoreCmd) later(cfg *Config, c console) ([]apart.Entry, error) {
	files := b.Since
	for _, path := range files {
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("--since: %w", err)
		}
	}
	if len(files) == 0 {
		files = []string{filepath.Join(filepath.Dir(b.File), apart.FileName), filepath.Join(cfg.DataDir, apart.FileName)}
	}
	all, cut, err := apart.Read(files...)
	if cut > 0 {
		fmt.Fprintf(c.err, "%d lines of %s cannot be read; a crash has cut them before anybody was answered\n", cut, strings.Join(files, ", "))
	}
	return all, err
}

// fill makes the database. keep is called once it is clear that the target may be
// written to.
func (b backupRestoreCmd) fill(ctx context.Context, cfg *Config, f *backup.File, progress backup.Progress, keep func() error) (err error) {
	url := cfg.DatabaseURL
	if url == "" {
		if err := checkFolder(cfg.DataDir); err != nil {
			return err
		}
		lock, err := private.AcquireLock(cfg.DataDir)
		if err != nil {
			return err
		}
		if !private.Exists(cfg.DataDir) {
			if err := writePrivate(filepath.Join(cfg.DataDir, restoringFile), b.File+"\n"); err != nil {
				return errors.Join(err, lock.Release())
			}
		}
		var end func(context.Context) error
		if url, end, err = startDatabase(ctx, cfg, lock); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, end(context.WithoutCancel(ctx))) }()
	}
	pool, err := postgres.Open(ctx, url, postgres.Options{ApplicationName: "fleetledger-restore", StatementTimeout: -1, MaxConns: 3})
	if err != nil {
		return err
	}
	defer pool.Close()
	conn, err := dedicated(ctx, pool)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if err := backup.Begin(ctx, conn); err != nil {
		return fmt.Errorf("%s: %w", target(cfg), err)
	}
	if err := keep(); err != nil {
		return err
	}
	if m := f.Manifest.Migrations; f.Manifest.Log != nil {
		if err := eventnode.MigrateTo(ctx, conn, m.Log); err != nil {
			return err
		}
	}
	versions := postgres.Versions{Tables: f.Manifest.Migrations.Service, Jobs: f.Manifest.Migrations.Jobs}
	if err := postgres.MigrateTo(ctx, pool, versions); err != nil {
		return err
	}
	if err := f.Fill(ctx, conn, progress); err != nil || !b.WithoutKey {
		return err
	}
	return errors.Join(personkeys.Unbind(ctx, pool), forgetKeys(ctx, pool, versions))
}

// forgetKeys drops the keys of the lost installation's key, in a backup that has any.
func forgetKeys(ctx context.Context, pool *pgxpool.Pool, versions postgres.Versions) error {
	if versions.Tables < keyring.Since {
		return nil
	}
	err := keyring.Forget(ctx, pool)
	if err == nil && versions.Tables >= installation.Since {
		err = installation.Forget(ctx, pool)
	}
	return err
}

// target names what is restored into, without what an address may hold.
func target(cfg *Config) string {
	if cfg.DatabaseURL != "" {
		return "the database of FLEETLEDGER_DATABASE_URL"
	}
	return "the data folder " + cfg.DataDir
}

// restoringFile is in a data folder until a restore has got to its end.
const restoringFile = "restoring"

// checkFolder refuses a folder with anything in it but what may be put there
// before. A cluster says itself whether it is empty.
func checkFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) || private.Exists(dir) {
		return nil
	}
	if err != nil {
		return err
	}
	may := []string{"lock", keyFileName, "operator-token", "postgresql", "pg", "pg.new", "pg.log", "run", restoringFile, apart.FileName}
	for _, entry := range entries {
		if !slices.Contains(may, entry.Name()) {
			return fmt.Errorf("the data folder %s is not empty (%s), and a backup is restored into an empty one only", dir, entry.Name())
		}
	}
	return nil
}

// checkRestored refuses a data folder that a restore has left half done.
func checkRestored(c *Config) error {
	if c.Restoring || !exists(c.DataDir, restoringFile) {
		return nil
	}
	return fmt.Errorf("the data folder %s: %w", c.DataDir, backup.ErrUnfinished)
}

// span is a length of time as people say it.
func span(d time.Duration) string {
	if d >= time.Minute {
		return d.Round(time.Second).String()
	}
	return d.Round(time.Millisecond).String()
}
