package analysts_test

import (
	"context"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/analysts"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
)

// as connects to a database as another role, which the tests' server trusts.
func as(t *testing.T, pool *pgxpool.Pool, name string) *pgxpool.Pool {
	t.Helper()
	target, err := url.Parse(pool.Config().ConnString())
	require.NoError(t, err)
	target.User = url.User(name)
	other, err := postgres.Open(t.Context(), target.String(), postgres.Options{MaxConns: 2, StatementTimeout: -1})
	require.NoError(t, err)
	t.Cleanup(other.Close)
	return other
}

func TestAnalystsLive(t *testing.T) {
	t.Parallel()
	pool := pgtest.Server(t).Pool(t)
	_, err := pool.Exec(t.Context(), `CREATE SCHEMA shown; CREATE VIEW shown.something AS SELECT key FROM ops.settings; CREATE TABLE shown_not (n int)`)
	require.NoError(t, err)
	password, err := analysts.Create(t.Context(), pool, "shown", "ann")
	require.NoError(t, err)
	require.Len(t, password, 32)
	second, err := analysts.Create(t.Context(), pool, "shown", "bob")
	require.NoError(t, err)
	require.NotEqual(t, password, second)
	_, err = analysts.Create(t.Context(), pool, "shown", "ann")
	require.ErrorIs(t, err, analysts.ErrTaken)
	names, err := analysts.List(t.Context(), pool)
	require.NoError(t, err)
	require.Equal(t, []string{"ann", "bob"}, names)

	ann := as(t, pool, "ann")
	var settings string
	require.NoError(t, ann.QueryRow(t.Context(), `SELECT concat_ws(' ', count(*), current_setting('transaction_read_only'), current_setting('search_path')) FROM something`).Scan(&settings))
	require.Equal(t, "0 on shown", settings, "the view is found by its name")
	for _, sql := range []string{`SELECT * FROM ops.settings`, `SELECT * FROM public.shown_not`, `SET TRANSACTION READ WRITE; CREATE TABLE shown.mine ()`} {
		_, err := ann.Exec(t.Context(), sql)
		require.ErrorContains(t, err, "permission denied", sql)
	}

	require.NoError(t, analysts.Drop(t.Context(), pool, "ann"))
	require.Error(t, ann.Ping(t.Context()), "sessions are ended too")
	require.ErrorIs(t, analysts.Drop(t.Context(), pool, "ann"), analysts.ErrUnknown)
	for _, other := range []string{"fleetledger", analysts.Group, "nobody"} {
		require.ErrorIs(t, analysts.Drop(t.Context(), pool, other), analysts.ErrUnknown)
	}
	names, err = analysts.List(t.Context(), pool)
	require.NoError(t, err)
	require.Equal(t, []string{"bob"}, names)
}

func TestNamesAreChecked(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	for _, name := range []string{"", "Ann", "ann lee", `a"; DROP ROLE fleetledger; --`, "1a", "pg_ann", "ä", string(make([]byte, 64))} {
		_, err := analysts.Create(t.Context(), pool, "shown", name)
		require.ErrorIs(t, err, analysts.ErrName, name)
	}
}

// Instances on all databases of a server make the one group.
func TestGroupIsMadeOnce(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	var instances sync.WaitGroup
	for range 8 {
		instances.Go(func() {
			pool, err := postgres.Open(t.Context(), server.URL(), postgres.Options{MaxConns: 1})
			if err == nil {
				defer pool.Close()
				err = analysts.EnsureGroup(t.Context(), pool)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	instances.Wait()
}

// A service whose database user may not make roles is told so, and can use the
// group that somebody else made.
func TestWithoutTheRightToMakeRoles(t *testing.T) {
	t.Parallel()
	pool := pgtest.Server(t).Pool(t)
	_, err := pool.Exec(t.Context(), `CREATE ROLE limited LOGIN`)
	require.NoError(t, err)
	limited := as(t, pool, "limited")
	require.ErrorIs(t, analysts.EnsureGroup(t.Context(), limited), analysts.ErrNotAllowed)
	_, err = analysts.Create(t.Context(), limited, "shown", "ann")
	require.ErrorIs(t, err, analysts.ErrNotAllowed)

	_, err = pool.Exec(t.Context(), `CREATE ROLE `+analysts.Group+` NOLOGIN; CREATE ROLE ann LOGIN IN ROLE `+analysts.Group)
	require.NoError(t, err)
	require.NoError(t, analysts.EnsureGroup(t.Context(), limited))
	names, err := analysts.List(t.Context(), limited)
	require.NoError(t, err)
	require.Equal(t, []string{"ann"}, names)
	require.ErrorIs(t, analysts.Drop(t.Context(), limited, "ann"), analysts.ErrNotAllowed)
}

// What HowTo says can be run as it is, but for the name and the password.
func TestHowTo(t *testing.T) {
	t.Parallel()
	pool := pgtest.Server(t).Pool(t)
	_, err := pool.Exec(t.Context(), `CREATE SCHEMA analytics; CREATE VIEW analytics.something AS SELECT 1 AS n`)
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), analysts.HowTo)
	require.NoError(t, err)
	rows, err := as(t, pool, "name").Query(t.Context(), `SELECT n FROM analytics.something`)
	require.NoError(t, err)
	all, err := pgx.CollectRows(rows, pgx.RowTo[int])
	require.NoError(t, err)
	require.True(t, slices.Equal([]int{1}, all))
	require.NoError(t, analysts.Drop(context.WithoutCancel(t.Context()), pool, "name"))
}

// Analysts can change the defaults of their own sessions; that is undone. Roles are those
// of the whole server, which other tests use: it runs alone.
func TestSettingsOfAnalystsArePutBack(t *testing.T) { //nolint:paralleltest // see above
	pool := pgtest.Server(t).Pool(t)
	_, err := pool.Exec(t.Context(), `CREATE SCHEMA shown`)
	require.NoError(t, err)
	_, err = analysts.Create(t.Context(), pool, "shown", "meddler")
	require.NoError(t, err)
	kept, err := analysts.Keep(t.Context(), pool, "shown")
	require.NoError(t, err)
	require.NotContains(t, kept.Changed, "meddler")

	own := as(t, pool, "meddler")
	for _, sql := range []string{
		`ALTER ROLE meddler SET statement_timeout = 0`, `ALTER ROLE meddler RESET default_transaction_read_only`,
		`ALTER ROLE meddler IN DATABASE ` + pgx.Identifier{pool.Config().ConnConfig.Database}.Sanitize() + ` SET work_mem = '1GB'`,
	} {
		_, err := own.Exec(t.Context(), `SET TRANSACTION READ WRITE; `+sql)
		require.NoError(t, err, "PostgreSQL lets it")
	}
	for _, sql := range []string{`ALTER ROLE meddler CONNECTION LIMIT 100`, `ALTER ROLE meddler SET log_statement = 'none'`} {
		_, err := own.Exec(t.Context(), `SET TRANSACTION READ WRITE; `+sql)
		require.ErrorContains(t, err, "permission denied", sql)
	}
	kept, err = analysts.Keep(t.Context(), pool, "shown")
	require.NoError(t, err)
	require.Contains(t, kept.Changed, "meddler")
	var settings string
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT string_agg(array_to_string(setconfig, ' '), '; ') FROM pg_db_role_setting
		WHERE setrole = 'meddler'::regrole`).Scan(&settings))
	require.Equal(t, "default_transaction_read_only=on statement_timeout=5min idle_in_transaction_session_timeout=5min TimeZone=UTC search_path=shown", settings)
	kept, err = analysts.Keep(t.Context(), pool, "shown")
	require.NoError(t, err)
	require.Empty(t, kept.Changed)
}
