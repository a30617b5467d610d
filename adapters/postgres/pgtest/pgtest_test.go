package pgtest_test

import (
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
