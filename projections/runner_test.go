package projections_test

import (
	"context"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/projections"
)

const schema = "rm_counters_v1"

func TestCatchesUpAndFollows(t *testing.T) {
	t.Parallel()
	pool, log, registry := pgtest.Pool(t), newScript(50), prometheus.NewPedanticRegistry()
	last := log.add(many(500)...)
	r := start(t, projections.Options{Pool: pool, Follow: log.Follow, Log: log, Source: "a", Metrics: registry}, []projections.Projection{counters()})
	r.waitFor(t, "counters", last)
	requireExact(t, pool, log, schema)

	last = log.add(counted{"x", 1})
	r.waitFor(t, "counters", last)
	requireExact(t, pool, log, schema)

	// What is measured of a batch is counted after it is there to be read.
	s := r.status(t, "counters", func(s projections.Status) bool {
		return s.Behind == 0 && s.EventsPerBatch > 0 && metric(t, registry, "fleetledger_projection_events_total") >= 501
	})
	require.Equal(t, projections.Running, s.State)
	require.Equal(t, last, s.Position)
	require.EqualValues(t, 501, s.Events)
	require.NoError(t, r.Unfit())
	require.Equal(t, 501.0, metric(t, registry, "fleetledger_projection_events_total"))
	require.Equal(t, 0.0, metric(t, registry, "fleetledger_projection_lag_seconds"))
	require.Equal(t, float64(last.Commit), metric(t, registry, "fleetledger_projection_position"))
	require.Equal(t, 1.0, metric(t, registry, "fleetledger_projection_state"))
}

// metric is the sum of a metric's values; 0 when it has none.
func metric(t *testing.T, g prometheus.Gatherer, name string) float64 {
	t.Helper()
	families, err := g.Gather()
	require.NoError(t, err)
	sum := 0.0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name {
				sum += m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return sum
}

func TestGoesOnAfterRestart(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(7)
	for range 4 {
		last := log.add(many(100)...)
		r := start(t, log.options(pool), []projections.Projection{counters()})
		r.waitFor(t, "counters", last)
		log.add(many(30)...) // some of it in flight when the runner stops
		r.stop()
	}
	r := start(t, log.options(pool), []projections.Projection{counters()})
	r.waitFor(t, "counters", log.add(counted{"x", 1}))
	requireExact(t, pool, log, schema)
}

func TestOneInstanceRunsAndAnotherTakesOver(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(10)
	options := log.options(pool)
	first := start(t, options, []projections.Projection{counters()})
	first.waitFor(t, "counters", log.add(many(20)...))
	registry := prometheus.NewPedanticRegistry()
	options.Metrics = registry
	second := start(t, options, []projections.Projection{counters()})
	second.waitFor(t, "counters", log.add(many(20)...)) // it hears of the other's batches
	require.Zero(t, metric(t, registry, "fleetledger_projection_events_total"), "the lease is the first one's")
	first.stop()
	second.waitFor(t, "counters", log.add(many(20)...))
	requireExact(t, pool, log, schema)
}

func TestOutlivesTheDatabase(t *testing.T) {
	t.Parallel()
	server, log := pgtest.Server(t), newScript(5)
	pool := server.Pool(t)
	r := start(t, log.options(pool), []projections.Projection{counters()})
	for _, down := range []func(testing.TB){server.Stop, server.Stop} {
		r.waitFor(t, "counters", log.add(many(50)...))
		log.add(many(200)...)
		down(t)
		log.add(many(50)...)
		require.NoError(t, r.Unfit(), "an outage is no poison")
		server.Start(t)
	}
	r.waitFor(t, "counters", log.add(counted{"x", 1}))
	requireExact(t, pool, log, schema)
}

func TestRefusesAnotherLogsCheckpoint(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(10)
	r := start(t, projections.Options{Pool: pool, Follow: log.Follow, Log: log, Source: "a"}, []projections.Projection{counters()})
	last := log.add(many(20)...)
	r.waitFor(t, "counters", last)
	r.stop()

	other := projections.Options{Pool: pool, Follow: log.Follow, Log: log, Source: "b"}
	moved, err := projections.New(other, []projections.Projection{counters()}, nil)
	require.NoError(t, err)
	require.ErrorIs(t, moved.Prepare(t.Context()), projections.ErrForeignCheckpoint)
	running := start(t, other, []projections.Projection{counters()})
	running.status(t, "counters", func(s projections.Status) bool { return s.State == projections.Refused })

	wider := counters()
	wider.Prefixes = append(wider.Prefixes, "meter-")
	moved, err = projections.New(projections.Options{Pool: pool, Source: "a"}, []projections.Projection{wider}, nil)
	require.NoError(t, err)
	require.ErrorIs(t, moved.Prepare(t.Context()), projections.ErrForeignCheckpoint)

	// A rebuild starts over on the new log.
	require.NoError(t, running.Rebuild(t.Context(), "counters", nil))
	requireExact(t, pool, log, schema)
}

func TestFinishesTheBatchAtShutdown(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(10)
	begun, finish := make(chan struct{}), make(chan struct{})
	var ctxErr error
	reaction := projections.Reaction{Name: "slow", Prefixes: []string{"counter-"}, Handle: func(ctx context.Context, _ eventlog.Batch) error {
		close(begun)
		<-finish
		ctxErr = ctx.Err()
		return ctxErr
	}}
	r := start(t, log.options(pool), nil, reaction)
	last := log.add(many(3)...)
	<-begun
	r.end()
	close(finish)
	r.stop()
	require.NoError(t, ctxErr)
	all, err := r.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, last, all[0].Position, "the checkpoint was written too")
}

func TestWaitForGivesUpAtTheDeadline(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(10)
	r := start(t, log.options(pool), []projections.Projection{counters()})
	last := log.add(many(3)...)
	r.waitFor(t, "counters", last)
	require.NoError(t, r.WaitFor(t.Context(), []string{"counters"}, eventlog.Position{}))

	future := eventlog.Position{Commit: last.Commit, Prepare: last.Prepare + 1}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, r.WaitFor(ctx, []string{"counters"}, future), query.ErrNotCaughtUp)

	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	err := r.WaitFor(ctx, []string{"counters"}, future)
	require.ErrorIs(t, err, context.Canceled)

	// Without Run there is nobody listening; it looks for itself.
	deaf, err := projections.New(projections.Options{Pool: pool}, []projections.Projection{counters()}, nil)
	require.NoError(t, err)
	next := make(chan error, 1)
	go func() {
		next <- deaf.WaitFor(within(t), []string{"counters"}, eventlog.Position{Commit: last.Commit + 100, Prepare: last.Prepare + 100})
	}()
	log.add(many(1)...)
	require.NoError(t, <-next)
}

// A projection passes events of streams it need not follow without a look at
// them, and readers can wait for their positions.
func TestPassesAwaitedStreams(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(10)
	asked := make(chan []string, 10)
	follow := func(name string, prefixes []string, from func(context.Context) (eventlog.Position, error)) (message.Subscriber, error) {
		asked <- prefixes
		return log.Follow(name, prefixes, from)
	}
	last := log.add(many(5)...)
	for _, i := range []int{1, 4} {
		log.events[i].Stream, log.events[i].Event = "order-1", counted{Counter: "bad"}
	}
	r := start(t, projections.Options{Pool: pool, Follow: follow, Log: log, Awaited: []string{"order-"}}, []projections.Projection{counters()})
	r.waitFor(t, "counters", last)
	require.Equal(t, []string{"counter-", "order-"}, <-asked)
	s := r.status(t, "counters", func(s projections.Status) bool { return s.Position == last })
	require.EqualValues(t, 3, s.Events)
}

func TestDeclarationsAreChecked(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	good := counters()
	for name, spoil := range map[string]func(*projections.Projection){
		"name":     func(p *projections.Projection) { p.Name = "Counters; DROP" },
		"version":  func(p *projections.Projection) { p.Version = 0 },
		"prefixes": func(p *projections.Projection) { p.Prefixes = nil },
		"apply":    func(p *projections.Projection) { p.Apply = nil },
	} {
		p := good
		spoil(&p)
		_, err := projections.New(projections.Options{Pool: pool}, []projections.Projection{p}, nil)
		require.Error(t, err, name)
	}
	_, err := projections.New(projections.Options{Pool: pool}, []projections.Projection{good, good}, nil)
	require.ErrorContains(t, err, "two followers")
	_, err = projections.New(projections.Options{Pool: pool}, nil, []projections.Reaction{{Name: "p"}})
	require.Error(t, err)
}

// A new version beside an old one gives no answers before it is filled.
func TestNewVersionIsFilledFirst(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(10)
	options := log.options(pool)
	r := start(t, options, []projections.Projection{counters()})
	r.waitFor(t, "counters", log.add(many(40)...))
	r.stop()

	next := counters()
	next.Version = 2
	apply, half, proceed := next.Apply, make(chan struct{}), make(chan struct{})
	batches := 0
	next.Apply = func(ctx context.Context, tx pgx.Tx, events []eventlog.Recorded) error {
		if batches++; batches == 3 {
			close(half)
			<-proceed
		}
		return apply(ctx, tx, events)
	}
	r = start(t, options, []projections.Projection{next})
	<-half
	all, err := r.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, projections.Filling, all[0].State)
	require.Equal(t, 20, all[0].Behind)
	require.ErrorContains(t, r.Unfit(), "counters is filling")
	beside, err := projections.New(log.options(pool), []projections.Projection{next}, nil)
	require.NoError(t, err)
	require.NoError(t, beside.Prepare(t.Context()))
	require.ErrorContains(t, beside.Unfit(), "counters is filling", "an instance that another one fills it for")
	close(proceed)
	s := r.status(t, "counters", func(s projections.Status) bool { return s.State == projections.Running })
	require.Zero(t, s.Behind)
	require.NoError(t, r.Unfit())
	beside.LookAt(t.Context(), time.Now())
	require.NoError(t, beside.Unfit())
	requireExact(t, pool, log, "rm_counters_v2")
	requireExact(t, pool, log, schema)
}
