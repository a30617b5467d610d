package private_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/private"
)

func start(t *testing.T, opts private.Options) *private.Server {
	t.Helper()
	server, err := private.Start(t.Context(), opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop(context.WithoutCancel(t.Context()))) })
	return server
}

func TestStartStopStart(t *testing.T) {
	dir := t.TempDir()
	server := start(t, private.Options{DataDir: dir})
	conn, err := pgx.Connect(t.Context(), server.URL())
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), `CREATE TABLE kept (n int)`)
	require.NoError(t, err)
	require.NoError(t, server.Stop(t.Context()))

	server = start(t, private.Options{DataDir: dir})
	url, err := private.ConnString(dir)
	require.NoError(t, err)
	require.Equal(t, server.URL(), url)
	conn, err = pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), `SELECT n FROM kept`)
	require.NoError(t, err)
}
