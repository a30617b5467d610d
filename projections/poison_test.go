package projections_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/projections"
)

func TestStopsAtAnEventThatCannotBeApplied(t *testing.T) {
	t.Parallel()
	for _, poison := range []string{"bad", "panic"} {
		t.Run(poison, func(t *testing.T) {
			t.Parallel()
			pool, log := pgtest.Pool(t), newScript(10)
			good := log.add(many(14)...)
			log.add(counted{Counter: poison})
			log.add(many(5)...)
			r := start(t, projections.Options{Pool: pool, Follow: log.Follow, Log: log}, []projections.Projection{counters()})
			s := r.status(t, "counters", func(s projections.Status) bool { return s.State == projections.Stopped })
			require.Equal(t, good, s.Position, "all before it is applied")
			require.Equal(t, 6, s.Behind)
			bad := log.events[14]
			for _, part := range []string{bad.ID.String(), "counted", bad.Position.String(), "counter-1 revision 14"} {
				require.Contains(t, s.Error, part)
			}
			require.ErrorContains(t, r.Trouble(), "counters is stopped")
			var n int
			require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM rm_counters_v1.seen`).Scan(&n))
			require.Equal(t, 14, n)
		})
	}
}

// A program that knows better goes on where the other stopped.
func TestGoesOnWhenThePoisonIsCured(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(10)
	log.add(many(14)...)
	log.add(counted{Counter: "bad"})
	r := start(t, projections.Options{Pool: pool, Follow: log.Follow, Log: log}, []projections.Projection{counters()})
	r.status(t, "counters", func(s projections.Status) bool { return s.State == projections.Stopped })
	r.stop()
	log.mu.Lock()
	log.events[14].Event = counted{Counter: "good", N: 1} // as a newer program reads it
	log.mu.Unlock()
	r = start(t, projections.Options{Pool: pool, Follow: log.Follow, Log: log}, []projections.Projection{counters()})
	r.waitFor(t, "counters", log.add(many(3)...))
	requireExact(t, pool, log, schema)
	require.NoError(t, r.Trouble())
}

// A stopped projector tries again by itself after a while.
func TestTriesAgainAfterAWhile(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(10)
	var mu sync.Mutex
	failures := 2
	process := projections.Process{Name: "moody", Prefixes: []string{"counter-"}, Handle: func(context.Context, eventlog.Batch) error {
		mu.Lock()
		defer mu.Unlock()
		if failures > 0 {
			failures--
			return errBad
		}
		return nil
	}}
	r := start(t, projections.Options{Pool: pool, Follow: log.Follow, Log: log, StoppedRetry: 50 * time.Millisecond}, nil, process)
	r.waitFor(t, "moody", log.add(many(1)...))
	require.Zero(t, failures)
}

type early time.Time

func (e early) Error() string        { return "too early" }
func (e early) NotBefore() time.Time { return time.Time(e) }

func TestProcessComesAgainWhenDue(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(10)
	due := time.Now().Add(150 * time.Millisecond)
	var mu sync.Mutex
	var handled []eventlog.Position
	process := projections.Process{Name: "patient", Prefixes: []string{"counter-"}, Handle: func(_ context.Context, b eventlog.Batch) error {
		if time.Now().Before(due) {
			return errors.Join(errors.New("wrapped"), early(due))
		}
		mu.Lock()
		defer mu.Unlock()
		for _, e := range b.Events {
			handled = append(handled, e.Position)
		}
		return nil
	}}
	last := log.add(many(25)...)
	r := start(t, projections.Options{Pool: pool, Follow: log.Follow, Log: log}, nil, process)
	r.waitFor(t, "patient", last)
	require.False(t, time.Now().Before(due))
	require.NoError(t, r.Trouble())
	mu.Lock()
	defer mu.Unlock()
	require.Len(t, handled, 25)
	require.True(t, slices.IsSortedFunc(handled, func(a, b eventlog.Position) int { return int(a.Commit) - int(b.Commit) }))
}

// What a process could not do for now it does later, and nothing is left out.
func TestProcessRepeatsWhatMayPass(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(4)
	var mu sync.Mutex
	handled := map[eventlog.Position]bool{}
	calls := 0
	process := projections.Process{Name: "busy", Prefixes: []string{"counter-"}, Handle: func(_ context.Context, b eventlog.Batch) error {
		mu.Lock()
		defer mu.Unlock()
		if calls++; calls%3 != 0 {
			return eventlog.ErrUnavailable
		}
		for _, e := range b.Events {
			handled[e.Position] = true
		}
		return nil
	}}
	last := log.add(many(20)...)
	r := start(t, projections.Options{Pool: pool, Follow: log.Follow, Log: log}, nil, process)
	r.waitFor(t, "busy", last)
	mu.Lock()
	defer mu.Unlock()
	require.Len(t, handled, 20)
	require.NoError(t, r.Trouble())
}

func TestStopsAtAnEventThatCannotBeRead(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(1)
	good := log.add(many(3)...)
	log.add(nil)
	r := start(t, projections.Options{Pool: pool, Follow: log.Follow, Log: log}, []projections.Projection{counters()})
	s := r.status(t, "counters", func(s projections.Status) bool { return s.State == projections.Stopped })
	require.Equal(t, good, s.Position)
	require.Contains(t, s.Error, errUnreadable.Error())
	require.ErrorContains(t, r.Trouble(), errUnreadable.Error())
}

// A batch that fails is done event by event; one of them may be too early. The
// ones behind it are not forgotten.
func TestTooEarlyWithinABatchDoneOneByOne(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(10)
	var mu sync.Mutex
	var handled []eventlog.Position
	waited := false
	process := projections.Process{Name: "picky", Prefixes: []string{"counter-"}, Handle: func(_ context.Context, b eventlog.Batch) error {
		mu.Lock()
		defer mu.Unlock()
		if len(b.Events) > 1 {
			return errBad
		}
		if b.Events[0].Revision == 3 && !waited {
			waited = true
			return early(time.Now().Add(time.Millisecond))
		}
		handled = append(handled, b.Events[0].Position)
		return nil
	}}
	last := log.add(many(8)...)
	r := start(t, projections.Options{Pool: pool, Follow: log.Follow, Log: log}, nil, process)
	r.waitFor(t, "picky", last)
	mu.Lock()
	defer mu.Unlock()
	require.True(t, waited)
	require.Len(t, handled, 8)
}
