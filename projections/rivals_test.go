package projections_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/projections"
)

// Four projectors at once, none of which knows of the others, with their
// connections killed at random: every event is applied once, in order.
func TestRivalsApplyEachEventOnce(t *testing.T) {
	t.Parallel()
	const events = 3000
	url, log := pgtest.URL(t), newScript(0)
	last := log.add(many(events)...)
	admin := connect(t, url)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var rivals, killer sync.WaitGroup
	shots := make(chan struct{})
	for i := range 4 {
		pool := connect(t, url)
		r, err := projections.New(projections.Options{Pool: pool}, []projections.Projection{counters()}, nil)
		require.NoError(t, err)
		require.NoError(t, r.Prepare(ctx))
		from, apply := r.Follower("counters")
		random := rand.New(rand.NewPCG(uint64(i), 7))
		shot := func(ctx context.Context, batch eventlog.Batch) error {
			if random.IntN(10) == 0 {
				shots <- struct{}{}
			}
			return apply(ctx, batch)
		}
		rivals.Go(func() { rival(ctx, log, random, last, from, shot) })
	}
	kills := 0
	killer.Go(func() { // while batches are applied, however fast that goes
		for range shots {
			tag, err := admin.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
				WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' ORDER BY random() LIMIT 1`)
			if err == nil {
				kills += int(tag.RowsAffected())
			}
		}
	})
	rivals.Wait()
	close(shots)
	killer.Wait()
	require.NoError(t, ctx.Err(), "not done in time")
	require.Greater(t, kills, 10)
	requireExact(t, admin, log, schema)
	var applied int
	require.NoError(t, admin.QueryRow(t.Context(), `SELECT events FROM ops.projector_checkpoint`).Scan(&applied))
	require.Equal(t, events, applied)
}

func connect(t *testing.T, url string) *pgxpool.Pool {
	pool, err := pgxpool.New(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { go pool.Close() })
	return pool
}

// rival applies batches of any size until everything is applied, from where it
// believes to be, and loses its way now and then.
func rival(ctx context.Context, log *script, random *rand.Rand, last eventlog.Position,
	from func(context.Context) (eventlog.Position, error), apply func(context.Context, eventlog.Batch) error) {
	var p eventlog.Position
	for known := false; ctx.Err() == nil && p != last; {
		if !known || random.IntN(20) == 0 {
			loaded, err := from(ctx)
			if known = err == nil; !known {
				continue
			}
			p = loaded
			continue
		}
		events, _, _ := log.after(p, 1+random.IntN(40))
		upto := events[len(events)-1].Position
		if err := apply(ctx, eventlog.Batch{Events: events, Upto: upto}); err != nil {
			known = false
			continue
		}
		p = upto
	}
}

// The same with whole runners, which lose their leases with their connections.
func TestRunnersSurviveKilledConnections(t *testing.T) {
	t.Parallel()
	url, log := pgtest.URL(t), newScript(20)
	admin := connect(t, url)
	log.add(many(1000)...)
	var runners []started
	for range 3 {
		runners = append(runners, start(t, projections.Options{Pool: connect(t, url), Follow: log.Follow, Log: log}, []projections.Projection{counters()}))
	}
	for range 25 {
		log.add(many(40)...)
		_, err := admin.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND random() < 0.5`)
		require.NoError(t, err)
		wait(t.Context(), time.Duration(rand.IntN(40))*time.Millisecond)
	}
	last := log.add(counted{"x", 1})
	for _, r := range runners {
		r.waitFor(t, "counters", last)
		require.NoError(t, r.Unfit())
	}
	requireExact(t, admin, log, schema)
}
