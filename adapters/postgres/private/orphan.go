package private

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// pidFile is written by the server; its lines are pid, cluster folder, start
// time, port, socket folder, listen address, shared memory and state.
const pidFile = "postmaster.pid"

// Patience with a server left over by a crash, before the next harsher signal.
const (
	fastPatience      = 10 * time.Second
	immediatePatience = 5 * time.Second
)

// StopOrphans ends a server that was left running in a data folder whose lock
// the caller holds. Start does it by itself; it is for removing the folder.
func StopOrphans(ctx context.Context, dataDir string, logger *slog.Logger) error {
	return clearOrphans(ctx, filepath.Join(dataDir, clusterDir), logger)
}

// clearOrphans ends whatever still runs on the cluster, waits for what is dying,
// and removes what they left. The caller holds the folder's lock, so a running
// server has lost its owner. It is stopped rather than adopted: a stranger's child
// can be neither waited for nor tied to our life, and a fast stop takes a moment.
func clearOrphans(ctx context.Context, pgDir string, logger *slog.Logger) error {
	for _, step := range []struct {
		signal   syscall.Signal
		patience time.Duration
	}{
		{syscall.SIGINT, fastPatience},
		{syscall.SIGQUIT, immediatePatience},
		{syscall.SIGKILL, immediatePatience},
	} {
		pids, err := serverProcesses(pgDir)
		if err != nil {
			return err
		}
		if len(pids) == 0 {
			break
		}
		logger.WarnContext(ctx, "stopping a server left over by a crash", "processes", pids, "signal", step.signal.String())
		if err := signalServer(pgDir, pids, step.signal); err != nil {
			return err
		}
		if err := awaitGone(ctx, pgDir, step.patience); err != nil {
			return err
		}
	}
	pids, err := serverProcesses(pgDir)
	if err != nil {
		return err
	}
	if len(pids) > 0 {
		return fmt.Errorf("processes %v of a former server in %s do not end", pids, pgDir)
	}
	return removeLeftovers(pgDir)
}

// signalServer sends the gentle signal to the main process alone, which passes
// it on, and the harsher ones to all. Without a main process its children have
// nobody to wait for.
func signalServer(pgDir string, pids []int, signal syscall.Signal) error {
	if main, err := readPIDFile(pgDir); err == nil && signal == syscall.SIGINT && slices.Contains(pids, main.pid) {
		pids = []int{main.pid}
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stop former server process %d: %w", pid, err)
		}
	}
	return nil
}

// awaitGone returns when no process is left or patience has run out.
func awaitGone(ctx context.Context, pgDir string, patience time.Duration) error {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		pids, err := serverProcesses(pgDir)
		if err != nil || len(pids) == 0 {
			return err
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("wait for a former server to end: %w", context.Cause(ctx))
		}
	}
}

// removeLeftovers removes the files that name a former server's pid, which may
// still be a zombie's or belong to a stranger by now, and the socket folder that a
// data folder with a long name had been given. PostgreSQL itself would take any
// process of that pid for a running server.
func removeLeftovers(pgDir string) error {
	leftovers := []string{filepath.Join(pgDir, pidFile)}
	sockets := filepath.Join(filepath.Dir(pgDir), runDir)
	entries, err := os.ReadDir(sockets)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("list former sockets: %w", err)
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), socketPrefix) {
			leftovers = append(leftovers, filepath.Join(sockets, entry.Name()))
		}
	}
	if left, err := readPIDFile(pgDir); err == nil && isShortSocketDir(left.socketDir) {
		if err := os.RemoveAll(left.socketDir); err != nil {
			return fmt.Errorf("remove former socket folder: %w", err)
		}
	}
	for _, path := range leftovers {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove what a former server left: %w", err)
		}
	}
	return nil
}
