package pgtest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
)

func TestPoolsAreSeparateAndMigrated(t *testing.T) {
	t.Parallel()
	for range 5 {
		pool := pgtest.Pool(t)
		_, err := pool.Exec(t.Context(), `INSERT INTO ops.settings (key, value) VALUES ('only', '1')`)
		require.NoError(t, err)
		var jobs int
		require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM ops.river_job`).Scan(&jobs))
	}
}

func TestEmptyHasNoTables(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t, pgtest.Empty())
	var schemas int
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_namespace WHERE nspname = 'ops'`).Scan(&schemas))
	require.Zero(t, schemas)
}

func TestServerComesBackAfterStopAndKill(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t, pgtest.Durable())
	pool := server.Pool(t)
	_, err := pool.Exec(t.Context(), `INSERT INTO ops.settings (key, value) VALUES ('kept', '1')`)
	require.NoError(t, err)

	for _, down := range []func(testing.TB){server.Stop, server.Kill} {
		down(t)
		_, err = pool.Exec(t.Context(), `SELECT 1`)
		require.True(t, postgres.IsUnavailable(err), "got %v", err)
		server.Start(t)
		var kept int
		require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM ops.settings WHERE key = 'kept'`).Scan(&kept))
		require.Equal(t, 1, kept)
	}
}

// TestProcessesShareTheTemplate runs this test binary several times at once
// against an empty cache.
func TestProcessesShareTheTemplate(t *testing.T) {
	t.Parallel()
	binary, err := os.Executable()
	require.NoError(t, err)
	parent := "/dev/shm"
	if _, err := os.Stat(parent); err != nil {
		parent = os.TempDir()
	}
	base, err := os.MkdirTemp(parent, "pgtest-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(base) })
	var processes sync.WaitGroup
	for range 3 {
		processes.Go(func() {
			cmd := exec.Command(binary, "-test.run", "^TestPoolsAreSeparateAndMigrated$")
			cmd.Env = append(os.Environ(), "FLEETLEDGER_PGTEST_DIR="+base)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	processes.Wait()
	templates, err := filepath.Glob(filepath.Join(base, "*", "template-*"))
	require.NoError(t, err)
	require.Len(t, templates, 1)

	// The next process removes what those left behind.
	left, err := filepath.Glob(filepath.Join(base, "*", "run-*"))
	require.NoError(t, err)
	require.NotEmpty(t, left)
	cmd := exec.Command(binary, "-test.run", "^TestEmptyHasNoTables$")
	cmd.Env = append(os.Environ(), "FLEETLEDGER_PGTEST_DIR="+base)
	require.NoError(t, cmd.Run())
	for _, dir := range left {
		require.NoDirExists(t, dir)
	}
}
