package projections_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/projections"
)

// setBack leaves the first events of the script, recorded a while ago.
func (s *script) setBack(left int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = s.events[:left:left]
	for i := range s.events {
		s.events[i].RecordedAt = time.Now().Add(-time.Hour)
	}
}

// TestRefusesACheckpointOfALostFuture: the log was restored from an older copy, its
// read model was not.
func TestRefusesACheckpointOfALostFuture(t *testing.T) {
	t.Parallel()
	for name, grown := range map[string][]domain.Event{
		"and ends before it":        nil,
		"and ends before, with new": many(3),
		"and ends where it did":     many(10),
		"and has grown beyond it":   many(40),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool, log := pgtest.Pool(t), newScript(10)
			before := start(t, log.options(pool), []projections.Projection{counters()})
			before.waitFor(t, "counters", log.add(many(30)...))
			before.stop()

			log.setBack(20)
			log.add(grown...)
			lost, err := projections.New(log.options(pool), []projections.Projection{counters()}, nil)
			require.NoError(t, err)
			require.NoError(t, lost.Prepare(t.Context()), "the service starts")
			require.ErrorContains(t, lost.Unfit(), "projections rebuild")
			names, err := lost.Lost(t.Context())
			require.NoError(t, err)
			require.Equal(t, []string{"counters"}, names)

			r := start(t, log.options(pool), []projections.Projection{counters()})
			s := r.status(t, "counters", func(s projections.Status) bool { return s.State == projections.Refused })
			require.Contains(t, s.Error, "the log was set back")
			require.Equal(t, -1, s.Behind)
			var state string
			require.NoError(t, pool.QueryRow(t.Context(), `SELECT state FROM ops.projector_checkpoint`).Scan(&state))
			require.Equal(t, "refused", state, "for whoever reads the rows")

			require.NoError(t, r.Rebuild(t.Context(), "counters", nil))
			last := log.add(many(1)...)
			r.waitFor(t, "counters", last)
			requireExact(t, pool, log, schema)
			r.status(t, "counters", func(s projections.Status) bool { return s.State == projections.Running && s.Position == last })
			require.NoError(t, r.Unfit())
		})
	}
}

// TestRefusesWhereTheLogWasSetBackBesideIt: the last event that the follower applied
// is still there, and of what came since there is something that it never saw.
func TestRefusesWhereTheLogWasSetBackBesideIt(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(10)
	before := start(t, log.options(pool), []projections.Projection{counters()})
	before.waitFor(t, "counters", log.add(many(20)...))
	before.stop()
	// It has looked through 5 events of others more.
	_, err := pool.Exec(t.Context(), `UPDATE ops.projector_checkpoint SET commit_position = 2500, prepare_position = 2499`)
	require.NoError(t, err)
	lost := func() []string {
		r, err := projections.New(log.options(pool), []projections.Projection{counters()}, nil)
		require.NoError(t, err)
		names, err := r.Lost(t.Context())
		require.NoError(t, err)
		return names
	}
	require.Equal(t, []string{"counters"}, lost(), "the log ends before it")
	log.add(many(10)...) // events of its own, where those of others were
	require.Equal(t, []string{"counters"}, lost())
	log.mu.Lock()
	log.events = append(log.events[:20:20], log.events[25:]...)
	log.mu.Unlock()
	require.Empty(t, lost(), "they are of others")
}

// TestAStaleAnswerOfTheStoreHeals: a demoted leader may tell an end that is long past.
func TestAStaleAnswerOfTheStoreHeals(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(10)
	options := log.options(pool)
	stale := true
	var mu sync.Mutex
	options.End = func(ctx context.Context) (eventlog.Position, error) {
		mu.Lock()
		defer mu.Unlock()
		if stale {
			return eventlog.Position{Commit: 1}, nil
		}
		return log.End(ctx)
	}
	before := start(t, log.options(pool), []projections.Projection{counters()})
	before.waitFor(t, "counters", log.add(many(20)...))
	before.stop()
	r, err := projections.New(options, []projections.Projection{counters()}, nil)
	require.NoError(t, err)
	require.NoError(t, r.Prepare(t.Context()))
	require.Error(t, r.Unfit())
	mu.Lock()
	stale = false
	mu.Unlock()
	require.NoError(t, r.Prepare(t.Context()))
	var state string
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT state FROM ops.projector_checkpoint`).Scan(&state))
	require.Equal(t, "running", state)
}

// TestAReactionPassesNothingOver: it is set back to what the log has in common with
// the lost future, and handles all that came since.
func TestAReactionPassesNothingOver(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(10)
	var mu sync.Mutex
	handled := map[uuid.UUID]int{}
	reaction := projections.Reaction{Name: "mails", Prefixes: []string{"counter-"}, Handle: func(_ context.Context, b eventlog.Batch) error {
		mu.Lock()
		defer mu.Unlock()
		for _, e := range b.Events {
			handled[e.ID]++
		}
		return nil
	}}
	before := start(t, log.options(pool), nil, reaction)
	before.waitFor(t, "mails", log.add(many(30)...))
	before.stop()
	log.setBack(20)
	log.add(many(15)...)

	r := start(t, log.options(pool), nil, reaction)
	r.status(t, "mails", func(s projections.Status) bool { return s.State == projections.Refused })
	at, err := r.SetBack(t.Context(), "mails")
	require.NoError(t, err)
	require.Equal(t, log.events[19].Position, at)
	r.waitFor(t, "mails", log.add(many(1)...))
	mu.Lock()
	defer mu.Unlock()
	for i, e := range log.events {
		require.Equal(t, 1, handled[e.ID], "event %d", i)
	}
	again, err := r.SetBack(t.Context(), "mails")
	require.NoError(t, err)
	require.Equal(t, log.events[35].Position, again, "nothing to set back")
	_, err = r.SetBack(t.Context(), "nothing")
	require.ErrorIs(t, err, projections.ErrUnknown)
}
