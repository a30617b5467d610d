package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/adapters/eventnode"
	"github.com/fleetledger/fleetledger/app/eventlog"
)

// A database that is restored under the running service stops it. What was given out
// after the copy was made is lost, and nothing in that copy says so. So the node's
// folder does: whoever starts next begins another epoch of the log.

func setBackNote(dataDir string) string { return filepath.Join(dataDir, "node", "set-back") }

// noteSetBack keeps why the node ended, when that is a log that was set back.
func noteSetBack(dataDir string, why error) error {
	if !errors.Is(why, eventnode.ErrSetBack) {
		return nil
	}
	return writePrivate(setBackNote(dataDir), why.Error()+"\n")
}

// identify gives the identity of the log, in another epoch when it was set back.
func identify(ctx context.Context, c *Config, log eventlog.Log, clock eventlog.Clock) (eventlog.Identity, error) {
	note := setBackNote(c.DataDir)
	if _, err := os.Stat(note); err == nil && c.EventstoreURL == "" {
		if _, err := eventlog.TakeNewEpoch(ctx, log, clock); err != nil {
			return eventlog.Identity{}, err
		}
		if err := os.Remove(note); err != nil && !errors.Is(err, os.ErrNotExist) {
			return eventlog.Identity{}, fmt.Errorf("the log has a new epoch: %w", err)
		}
	}
	return eventlog.Identify(ctx, log, clock)
}

// How long a restore may go on after it was noticed, and how often to look.
const (
	restorePatience = 10 * time.Minute
	restoreLook     = 200 * time.Millisecond
)

// restoreEnds waits, when everything else has ended, until whoever restores into the
// private PostgreSQL is done: it ends with the service, and would end them in the
// middle. Asking the service to stop ends the wait.
func restoreEnds(ctx context.Context, url string, logger *slog.Logger) {
	ctx, cancel := context.WithTimeout(ctx, restorePatience)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for told := false; ; told = true {
		var others int
		err := conn.QueryRow(ctx, `SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'
			AND datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
			AND application_name NOT LIKE 'fleetledger%'`).Scan(&others)
		if err != nil || others == 0 {
			return
		}
		if !told {
			logger.Error("the database was set back; PostgreSQL stays until the others that are connected to it have left", "connections", others)
		}
		select {
		case <-time.After(restoreLook):
		case <-ctx.Done():
			return
		}
	}
}
