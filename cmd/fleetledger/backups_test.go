package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A service writes backups by itself, keeps the latest, and tells when it cannot.
func TestBackupsByThemselves(t *testing.T) {
	t.Parallel()
	long(t)
	dir, folder := t.TempDir(), filepath.Join(t.TempDir(), "backups")
	s := serve(t, dir, "--backup-every", "1s", "--backup-keep", "2", "--backup-dir", folder)
	s.reseller("Summit Wireless")
	seen := map[string]bool{}
	present := func() []string {
		files, err := filepath.Glob(filepath.Join(folder, "fleetledger-*.backup"))
		require.NoError(t, err)
		for _, f := range files {
			seen[f] = true
		}
		return files
	}
	require.Eventually(t, func() bool { return len(present()) <= 2 && len(seen) >= 4 }, time.Minute, 20*time.Millisecond)
	require.Contains(t, s.metrics(), `fleetledger_backups_total{result="failed"} 0`)

	require.NoError(t, os.RemoveAll(folder))
	require.Eventually(t, func() bool {
		return !strings.Contains(s.metrics(), `fleetledger_backups_total{result="failed"} 0`)
	}, time.Minute, 20*time.Millisecond)
	require.NoError(t, os.MkdirAll(folder, 0o700))
	before := len(seen)
	require.Eventually(t, func() bool { present(); return len(seen) > before }, time.Minute, 20*time.Millisecond)
	last := present()
	s.stop()
	require.Contains(t, s.log.String(), "a backup could not be written")
	does(t, "backup", "verify", last[0])
}

func (s *service) metrics() string {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+"/metrics", http.NoBody)
	require.NoError(s.t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	text, err := io.ReadAll(answer.Body)
	require.NoError(s.t, err)
	require.NoError(s.t, answer.Body.Close())
	return string(text)
}

func TestWrongBackupOptionsStopTheStart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	dir := filepath.Join(t.TempDir(), "data")
	for variable, args := range map[string][]string{
		"FLEETLEDGER_BACKUP_EVERY: 1ms is neither":    {"--backup-every", "1ms", "--backup-dir", t.TempDir()},
		"FLEETLEDGER_BACKUP_KEEP: 0 is not":           {"--backup-keep", "0"},
		"FLEETLEDGER_BACKUP_DIR: is needed with":      {"--backup-every", "1h"},
		"FLEETLEDGER_BACKUP_DIR: mkdir " + file + ":": {"--backup-dir", file},
	} {
		require.Contains(t, fails(t, append([]string{"serve", "--addr", "127.0.0.1:0", "--data-dir", dir}, args...)...), variable)
	}
	require.NoDirExists(t, dir)
}
