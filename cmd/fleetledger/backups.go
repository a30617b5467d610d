package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fleetledger/fleetledger/adapters/postgres/backup"
)

// backups writes backups by itself. A job on one of the instances looks whether it
// is time for one (check); that instance writes it beside the jobs (run), however
// long it takes. When the last one was made stands in the database, so that
// instances agree, and an advisory lock keeps them from writing two.
type backups struct {
	config *Config
	pool   *pgxpool.Pool
	logger *slog.Logger
	due    chan struct{}

	mu       sync.Mutex
	notUntil time.Time // after a failure

	results *prometheus.CounterVec
	last    prometheus.Gauge
}

const (
	lastBackup = "last-backup" // in ops.settings
	backupLock = 0x6261636b7570
	// backupRetry is how long a failed backup is left alone.
	backupRetry = 5 * time.Minute
	backupNames = "fleetledger-20060102T150405Z.backup"
)

func newBackups(c *Config, pool *pgxpool.Pool, logger *slog.Logger, metrics prometheus.Registerer) (*backups, error) {
	b := &backups{
		config: c, pool: pool, logger: logger, due: make(chan struct{}, 1),
		results: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fleetledger_backups_total", Help: "Backups that this instance has written by itself, by result: ok or failed.",
		}, []string{"result"}),
		last: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "fleetledger_last_backup_timestamp_seconds", Help: "When an instance last wrote a backup by itself, as this one knows it; 0: never.",
		}),
	}
	if c.BackupEvery == 0 {
		return b, nil
	}
	b.results.WithLabelValues("ok")
	b.results.WithLabelValues("failed")
	return b, errors.Join(metrics.Register(b.results), metrics.Register(b.last))
}

// prepareBackups makes the folder of backups and tries whether it can be written to.
func (c *Config) prepareBackups() error {
	if c.BackupDir == "" {
		return nil
	}
	err := os.MkdirAll(c.BackupDir, 0o700)
	if err == nil {
		var file *os.File
		if file, err = os.CreateTemp(c.BackupDir, ".try-*"); err == nil {
			err = errors.Join(file.Close(), os.Remove(file.Name()))
		}
	}
	if err != nil {
		return fmt.Errorf("FLEETLEDGER_BACKUP_DIR: %w", err)
	}
	return nil
}

// check implements the job.
func (b *backups) check(ctx context.Context) error {
	due, err := b.isDue(ctx, b.pool)
	if err != nil || !due {
		return err
	}
	select {
	case b.due <- struct{}{}:
	default: // one is being written
	}
	return nil
}

func (b *backups) isDue(ctx context.Context, db backup.DB) (bool, error) {
	b.mu.Lock()
	wait := time.Until(b.notUntil)
	b.mu.Unlock()
	if wait > 0 {
		return false, nil
	}
	var last *time.Time
	due := true
	err := db.QueryRow(ctx, `SELECT (value #>> '{}')::timestamptz, now() - (value #>> '{}')::timestamptz >= $2::interval
		FROM ops.settings WHERE key = $1`, lastBackup, b.config.BackupEvery).Scan(&last, &due)
	if errors.Is(err, pgx.ErrNoRows) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("look when the last backup was made: %w", err)
	}
	b.last.Set(float64(last.Unix()))
	return due, nil
}

// run writes backups when it is time, until ctx ends.
func (b *backups) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.due:
		}
		err := b.write(ctx)
		if err == nil || ctx.Err() != nil {
			continue
		}
		b.results.WithLabelValues("failed").Inc()
		b.mu.Lock()
		b.notUntil = time.Now().Add(min(backupRetry, b.config.BackupEvery))
		b.mu.Unlock()
		b.logger.ErrorContext(ctx, "a backup could not be written", "dir", b.config.BackupDir, "error", err)
	}
}

// write writes one, unless another instance does or has done so.
func (b *backups) write(ctx context.Context) error {
	conn, err := dedicated(ctx, b.pool)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // ends the lock
	var got bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, int64(backupLock)).Scan(&got); err != nil || !got {
		return err
	}
	if due, err := b.isDue(ctx, conn); err != nil || !due {
		return err
	}
	if err := backup.RemoveUnfinished(b.config.BackupDir); err != nil {
		return err
	}
	began := time.Now()
	path := filepath.Join(b.config.BackupDir, began.UTC().Format(backupNames))
	m, err := createBackup(ctx, b.config, b.pool, path, progressInLog(b.logger))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, `INSERT INTO ops.settings (key, value) VALUES ($1, to_jsonb($2::timestamptz))
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`, lastBackup, m.CreatedAt)
	if err != nil {
		return fmt.Errorf("note the backup: %w", err)
	}
	b.last.Set(float64(m.CreatedAt.Unix()))
	b.results.WithLabelValues("ok").Inc()
	b.logger.InfoContext(ctx, "backup written", "file", path, "contents", contents(m), "took", time.Since(began))
	return b.removeOld()
}

// removeOld leaves the latest ones. Files of other names are none of them.
func (b *backups) removeOld() error {
	entries, err := os.ReadDir(b.config.BackupDir)
	if err != nil {
		return err
	}
	var ours []string
	for _, entry := range entries { // by name, which is by time
		if _, err := time.Parse(backupNames, entry.Name()); err == nil {
			ours = append(ours, entry.Name())
		}
	}
	var failed []error
	for _, name := range ours[:max(0, len(ours)-b.config.BackupKeep)] {
		failed = append(failed, os.Remove(filepath.Join(b.config.BackupDir, name)))
	}
	return errors.Join(failed...)
}
