package projections_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/projections"
)

// looking is a runner that does not run, and looks after followers at given times.
type looking struct {
	*projections.Runner
	t   *testing.T
	now time.Time
}

// after looks again and again for a time.
func (l *looking) after(d time.Duration) {
	for end := l.now.Add(d); !l.now.After(end); l.now = l.now.Add(2 * time.Second) {
		l.LookAt(l.t.Context(), l.now)
	}
}

func (l *looking) unfit() error { return l.UnfitAt(l.now) }

func TestStalledProjectionIsTold(t *testing.T) {
	t.Parallel()
	pool, log, registry := pgtest.Pool(t), newScript(10), prometheus.NewPedanticRegistry()
	options := log.options(pool)
	running := start(t, options, []projections.Projection{counters()})
	running.waitFor(t, "counters", log.add(many(20)...))
	running.stop()

	options.Metrics = registry
	r, err := projections.New(options, []projections.Projection{counters()}, nil)
	require.NoError(t, err)
	l := &looking{r, t, time.Now()}
	l.after(time.Hour)
	require.NoError(t, l.unfit(), "the log has no more")

	last := log.add(many(20)...)
	l.after(8 * time.Second)
	require.NoError(t, l.unfit(), "it may be on its way")
	l.after(10 * time.Second)
	require.ErrorContains(t, l.unfit(), "counters has stood still for")
	l.now = l.now.Add(time.Hour)
	l.after(0)
	require.NoError(t, l.unfit(), "this process was frozen itself")
	l.after(20 * time.Second)
	require.Error(t, l.unfit())
	require.NotZero(t, metric(t, registry, "fleetledger_projection_stalled_seconds"))

	running = start(t, log.options(pool), []projections.Projection{counters()})
	running.waitFor(t, "counters", last)
	l.after(0)
	require.NoError(t, l.unfit(), "another instance has got on")
	require.Zero(t, metric(t, registry, "fleetledger_projection_stalled_seconds"))
}

type tooSoon struct{ error }

func (tooSoon) NotBefore() time.Time { return time.Now().Add(time.Hour) }

func TestStalledReactionIsTold(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		handle func(ctx context.Context, begun func()) error
		want   bool
	}{
		"hangs":              {func(ctx context.Context, begun func()) error { begun(); <-ctx.Done(); return ctx.Err() }, true},
		"waits for its time": {func(_ context.Context, begun func()) error { defer begun(); return tooSoon{errBad} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool, log := pgtest.Pool(t), newScript(10)
			begun := make(chan struct{}, 1000)
			options := log.options(pool)
			options.Grace = time.Millisecond
			options.StallAfter = 40 * time.Second // the runner's own looks are too far apart to matter
			r := start(t, options, nil, projections.Reaction{
				Name: "slow", Prefixes: []string{"counter-"}, Handle: func(ctx context.Context, _ eventlog.Batch) error {
					return test.handle(ctx, func() { begun <- struct{}{} })
				},
			})
			log.add(many(1)...)
			<-begun
			for !test.want && !r.Early("slow") {
				runtime.Gosched()
			}
			l := &looking{r.Runner, t, time.Now()}
			l.after(100 * time.Second)
			require.NoError(t, l.unfit(), "it may take its time")
			l.after(200 * time.Second)
			if test.want {
				require.ErrorContains(t, l.unfit(), "slow has stood still for")
			} else {
				require.NoError(t, l.unfit())
			}
		})
	}
}
