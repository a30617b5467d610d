package projections_test

import (
	"context"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/projections"
)

// shown is the counters projection with a view for others.
func shown(version int) projections.Projection {
	p := counters()
	p.Version = version
	p.Views = &projections.Views{
		Schema: "shown", Comment: "It's for others.", Role: "nobody_of_this_name",
		Views: []projections.View{{
			Name: "totals", Comment: "The counters' totals.", From: "FROM counters c",
			Columns: []projections.Column{{Name: "counter", SQL: "c.name", Comment: "Its name."}, {Name: "total", SQL: "c.n", Comment: "Its total."}},
		}},
	}
	return p
}

// leadsTo is the schema whose rows the views show.
func leadsTo(t testing.TB, pool *pgxpool.Pool) string {
	t.Helper()
	var schema string
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT DISTINCT table_schema FROM information_schema.view_table_usage WHERE view_schema = 'shown'`).Scan(&schema))
	return schema
}

func totals(t testing.TB, q interface {
	QueryRow(context.Context, string, ...any) pgx.Row
}) (n int) {
	t.Helper()
	require.NoError(t, q.QueryRow(t.Context(), `SELECT coalesce(sum(total), 0) FROM shown.totals`).Scan(&n))
	return n
}

// A rebuild waits for nobody who reads the views, and whoever reads them sees
// the live rows before and after.
func TestViewsOutliveRebuilds(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(50)
	r := start(t, log.options(pool), []projections.Projection{shown(1)})
	r.waitFor(t, "counters", log.add(counted{"x", 1}))
	require.Equal(t, 1, totals(t, pool))
	for n := 2; n < 5; n++ {
		reading, err := pool.Begin(t.Context()) // a long query of an analyst
		require.NoError(t, err)
		require.Equal(t, n-1, totals(t, reading))
		require.NoError(t, r.Rebuild(t.Context(), "counters", nil))
		require.Equal(t, schema, leadsTo(t, pool))
		r.waitFor(t, "counters", log.add(counted{"x", 1}))
		require.Equal(t, n, totals(t, pool))
		require.GreaterOrEqual(t, totals(t, reading), n-1, "a transaction under way goes on")
		require.NoError(t, reading.Rollback(t.Context()))
	}
	require.NoError(t, r.Rebuild(t.Context(), "counters", nil))
	var left []string
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT array_agg(nspname::text ORDER BY 1) FROM pg_namespace WHERE nspname LIKE 'shown%'`).Scan(&left))
	require.Equal(t, []string{"shown"}, left, "nothing is left of what was put aside")
}

// The views lead to the version whose program serves.
func TestViewsFollowTheVersionThatServes(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(10)
	options := log.options(pool)
	begun := func(version int) started {
		t.Helper()
		p := shown(version)
		r, err := projections.New(options, []projections.Projection{p}, nil)
		require.NoError(t, err)
		require.NoError(t, r.Prepare(t.Context()))
		return start(t, options, []projections.Projection{p})
	}
	one := begun(1)
	one.waitFor(t, "counters", log.add(many(40)...))
	require.Equal(t, "rm_counters_v1", leadsTo(t, pool))

	// The next version is filled beside it before its program starts.
	next, err := projections.New(options, []projections.Projection{shown(2)}, nil)
	require.NoError(t, err)
	require.NoError(t, next.Rebuild(t.Context(), "counters", nil))
	require.Equal(t, "rm_counters_v1", leadsTo(t, pool), "nobody follows the log for the other yet")
	two := begun(2)
	require.Equal(t, "rm_counters_v2", leadsTo(t, pool))
	require.NoError(t, one.Rebuild(t.Context(), "counters", nil))
	require.Equal(t, "rm_counters_v2", leadsTo(t, pool))

	// A version that is filled as it runs takes over when it is.
	three := shown(3)
	apply, half, proceed := three.Apply, make(chan struct{}), make(chan struct{})
	batches := 0
	three.Apply = func(ctx context.Context, tx pgx.Tx, events []eventlog.Recorded) error {
		if batches++; batches == 3 {
			close(half)
			<-proceed
		}
		return apply(ctx, tx, events)
	}
	r := start(t, options, []projections.Projection{three})
	<-half
	require.Equal(t, "rm_counters_v2", leadsTo(t, pool))
	close(proceed)
	r.status(t, "counters", func(s projections.Status) bool { return s.State == projections.Running })
	require.Equal(t, "rm_counters_v3", leadsTo(t, pool))

	// Going back: the older program starts again.
	for _, stop := range []func(){one.stop, two.stop, r.stop} {
		stop()
	}
	again := begun(1)
	require.Equal(t, "rm_counters_v1", leadsTo(t, pool))
	again.waitFor(t, "counters", log.add(counted{"x", 1}))
	require.Equal(t, 40*39/2+1, totals(t, pool))
}

// A rebuild that fills a version which runs already makes it the live one.
func TestViewsFollowARebuildOfWhatIsBeingFilled(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(10)
	options := log.options(pool)
	log.add(many(20)...)
	for version := range 2 {
		r, err := projections.New(options, []projections.Projection{shown(version + 1)}, nil)
		require.NoError(t, err)
		require.NoError(t, r.Prepare(t.Context()))
		require.Equal(t, "rm_counters_v1", leadsTo(t, pool))
		if version == 1 {
			require.NoError(t, r.Rebuild(t.Context(), "counters", nil))
			require.Equal(t, "rm_counters_v2", leadsTo(t, pool))
		}
	}
}

// Instances that start at once do not disturb each other, nor a schema that
// somebody else has.
func TestViewsArePublishedOnce(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	var instances sync.WaitGroup
	for range 5 {
		instances.Go(func() {
			r, err := projections.New(projections.Options{Pool: pool}, []projections.Projection{shown(1)}, nil)
			if err == nil {
				err = r.Prepare(t.Context())
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	instances.Wait()
	require.Equal(t, "rm_counters_v1", leadsTo(t, pool))
	made := func() (oid uint32) {
		require.NoError(t, pool.QueryRow(t.Context(), `SELECT 'shown.totals'::regclass::oid`).Scan(&oid))
		return oid
	}
	before := made()
	r, err := projections.New(projections.Options{Pool: pool}, []projections.Projection{shown(1)}, nil)
	require.NoError(t, err)
	require.NoError(t, r.Prepare(t.Context()))
	require.Equal(t, before, made(), "the same views are left as they are")

	other := shown(1)
	other.Views.Views[0].Comment = "Something else."
	r, err = projections.New(projections.Options{Pool: pool}, []projections.Projection{other}, nil)
	require.NoError(t, err)
	require.NoError(t, r.Prepare(t.Context()))
	require.NotEqual(t, before, made())

	taken := shown(1)
	taken.Views.Schema = "taken"
	_, err = pool.Exec(t.Context(), `CREATE SCHEMA taken`)
	require.NoError(t, err)
	r, err = projections.New(projections.Options{Pool: pool}, []projections.Projection{taken}, nil)
	require.NoError(t, err)
	require.ErrorIs(t, r.Prepare(t.Context()), projections.ErrForeignSchema)
}
