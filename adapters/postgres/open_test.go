package postgres_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
)

const secret = "s3cr%40t"

func TestOpenSetsLimits(t *testing.T) {
	t.Parallel()
	show := func(url string, opts postgres.Options) (timeout, name string, conns int32) {
		pool, err := postgres.Open(t.Context(), url, opts)
		require.NoError(t, err)
		defer pool.Close()
		require.NoError(t, pool.QueryRow(t.Context(),
			`SELECT current_setting('statement_timeout'), current_setting('application_name')`).Scan(&timeout, &name))
		return timeout, name, pool.Config().MaxConns
	}
	url := pgtest.URL(t, pgtest.Empty())
	timeout, name, conns := show(url, postgres.Options{})
	require.Equal(t, []any{"28s", "fleetledger", int32(20)}, []any{timeout, name, conns})
	timeout, name, conns = show(url+"&statement_timeout=7000&application_name=theirs&pool_max_conns=3", postgres.Options{})
	require.Equal(t, []any{"7s", "theirs", int32(3)}, []any{timeout, name, conns})
	timeout, name, conns = show(url, postgres.Options{StatementTimeout: -1, ApplicationName: "ours", MaxConns: 2})
	require.Equal(t, []any{"0", "ours", int32(2)}, []any{timeout, name, conns})
}

func TestOpenRefusesWithoutShowingThePassword(t *testing.T) {
	t.Parallel()
	refused, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, refused.Close())
	for name, url := range map[string]string{
		"no URL at all":     "postgres://user:" + secret + "@host:port:port/db",
		"control character": "postgres://user:" + secret + "@host/db\x7f",
		"words":             "password=" + secret + " host",
		"nobody listens":    "postgres://user:" + secret + "@" + refused.Addr().String() + "/db",
	} {
		_, err := postgres.Open(t.Context(), url, postgres.Options{ReadyTimeout: -1})
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "s3cr", name)
	}
}

func TestOpenDoesNotWaitForWhatCannotBecomeRight(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	_, err := postgres.Open(t.Context(), server.URL()+"&dbname=missing", postgres.Options{ReadyTimeout: time.Hour})
	var answer *pgconn.PgError
	require.ErrorAs(t, err, &answer)
	require.Equal(t, "3D000", answer.Code)
	require.False(t, postgres.IsUnavailable(err))
}

func TestOpenWaitsForTheServer(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	server.Stop(t)
	_, err := postgres.Open(t.Context(), server.URL(), postgres.Options{ReadyTimeout: time.Millisecond})
	require.ErrorContains(t, err, "not ready after 1ms")
	require.True(t, postgres.IsUnavailable(err))

	opened := make(chan error, 1)
	go func() {
		pool, err := postgres.Open(t.Context(), server.URL(), postgres.Options{ReadyTimeout: time.Minute})
		if err == nil {
			pool.Close()
		}
		opened <- err
	}()
	server.Start(t)
	require.NoError(t, <-opened)

	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = postgres.Open(cancelled, server.URL(), postgres.Options{})
	require.ErrorIs(t, err, context.Canceled)
	require.False(t, postgres.IsUnavailable(err))
}

func TestIsUnavailableTellsOutageFromRefusal(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	pool := server.Pool(t)
	_, err := pool.Exec(t.Context(), `SELECT nonsense`)
	require.Error(t, err)
	require.False(t, postgres.IsUnavailable(err))

	conn, err := pool.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	_, err = conn.Exec(t.Context(), `SELECT pg_terminate_backend(pg_backend_pid())`)
	require.True(t, postgres.IsUnavailable(err), "terminated: %v", err)

	server.Kill(t)
	_, err = pool.Exec(t.Context(), `SELECT 1`)
	require.True(t, postgres.IsUnavailable(err), "killed: %v", err)

	expired, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	_, err = pool.Exec(expired, `SELECT 1`)
	require.False(t, postgres.IsUnavailable(err), "caller gave up: %v", err)
	require.False(t, postgres.IsUnavailable(nil))
}

func TestManyInstancesMigrateAtOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t, pgtest.Empty())
	errs := make([]error, 4)
	var instances sync.WaitGroup
	for i := range errs {
		instances.Go(func() {
			pool, err := postgres.Open(t.Context(), url, postgres.Options{MaxConns: 1})
			if err != nil {
				errs[i] = err
				return
			}
			defer pool.Close()
			errs[i] = postgres.Migrate(t.Context(), pool)
		})
	}
	instances.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	pool, err := postgres.Open(t.Context(), url, postgres.Options{})
	require.NoError(t, err)
	defer pool.Close()
	var strays int
	require.NoError(t, pool.QueryRow(t.Context(),
		`SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('ops', 'pg_catalog', 'information_schema')`).Scan(&strays))
	require.Zero(t, strays, "tables outside of schema ops")
}

// A database that a newer program has migrated is left as it is, and is refused when
// this program would not understand it.
func TestNewerDatabase(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	_, err := pool.Exec(t.Context(), `INSERT INTO ops.schema_migrations (version_id, is_applied) VALUES (99999, true)`)
	require.NoError(t, err)
	require.NoError(t, postgres.Migrate(t.Context(), pool), "a version that runs beside the next one")

	_, err = pool.Exec(t.Context(), `UPDATE ops.compatibility SET oldest = 99999`)
	require.NoError(t, err)
	err = postgres.Migrate(t.Context(), pool)
	require.ErrorIs(t, err, postgres.ErrNewer)
	require.ErrorContains(t, err, "version 99999")
}
