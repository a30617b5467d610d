package projections_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
	"github.com/fleetledger/fleetledger/adapters/eventstoredb"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/projections"
)

// What becomes of an event that fails is told at projections.Runner, case by
// case; so are these tests.

// An event that cannot be decoded, or that this program does not know, stops the
// projector behind the event before it. A rebuild fails at it and does no harm.
func TestStopsAtAnEventThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, unreadable := range map[string]struct {
		eventType, metadata, data string
		reason                    string
	}{
		"not to be decoded":      {"AccountRenamed", `{"schemaVersion":1}`, `{"name":["no","text"]}`, "cannot unmarshal"},
		"unknown type":           {"FromTheFuture", `{"schemaVersion":1}`, `{}`, "unknown event type"},
		"unknown schema version": {"AccountRenamed", `{"schemaVersion":99}`, `{}`, "unknown event type or schema version"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			node := eventnodetest.Start(t)
			client := eventnodetest.Client(t, node)
			add := func(eventType, metadata, data string) {
				_, err := client.AppendToStream(t.Context(), "account-1", esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}}, esdb.EventData{
					EventID: uuid.New(), EventType: eventType, ContentType: esdb.ContentTypeJson, Metadata: []byte(metadata), Data: []byte(data)})
				require.NoError(t, err)
			}
			for range 3 {
				add("AccountRenamed", `{"schemaVersion":1}`, `{"name":"Good"}`)
			}
			add(unreadable.eventType, unreadable.metadata, unreadable.data)
			add("AccountRenamed", `{"schemaVersion":1}`, `{"name":"Behind it"}`)

			pool := pgtest.Pool(t)
			r := start(t, onNode(t, pool, node.SocketPath()), []projections.Projection{names()})
			s := r.status(t, "names", func(s projections.Status) bool { return s.State == projections.Stopped })
			require.EqualValues(t, 3, s.Events, "all before it is applied")
			require.Contains(t, s.Error, "event 3 of account-1")
			require.Contains(t, s.Error, unreadable.reason)
			require.ErrorContains(t, r.Unfit(), "names is stopped")
			require.ErrorContains(t, r.Rebuild(t.Context(), "names", nil), unreadable.reason)
			var rows int
			require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM rm_names_v1.names WHERE name = 'Good'`).Scan(&rows))
			require.Equal(t, 3, rows)
		})
	}
}

// names is a projection of the names that accounts were given.
func names() projections.Projection {
	return projections.Projection{
		Name: "names", Version: 1, Prefixes: []string{"account-"}, Tables: []string{`CREATE TABLE names (name text NOT NULL)`},
		Apply: func(ctx context.Context, tx pgx.Tx, events []eventlog.Recorded) error {
			for _, e := range events {
				if _, err := tx.Exec(ctx, `INSERT INTO names VALUES ($1)`, e.Event.(account.AccountRenamed).Name); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// onNode follows the log of a node as the service does.
func onNode(t *testing.T, pool *pgxpool.Pool, socket string) projections.Options {
	store, err := eventstoredb.Open(t.Context(), eventstoredb.Options{SocketPath: socket, DiscoveryInterval: 20 * time.Millisecond})
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	return projections.Options{Pool: pool, Log: store, Follow: func(name string, prefixes []string,
		from func(context.Context) (eventlog.Position, error)) (message.Subscriber, error) {
		return eventstoredb.NewSubscriber(store, eventstoredb.SubscriberOptions{
			FollowOptions: eventstoredb.FollowOptions{Name: name, Prefixes: prefixes}, From: from})
	}}
}

// An event whose rows cannot be written stops the projector, which names it, and
// all before it is applied, though it was in one batch with it.
func TestStopsAtAnEventWhoseRowsCannotBeWritten(t *testing.T) {
	t.Parallel()
	for _, poison := range []string{"bad", "panic", "too long"} {
		t.Run(poison, func(t *testing.T) {
			t.Parallel()
			pool, log := pgtest.Pool(t), newScript(10)
			good := log.add(many(14)...)
			log.add(counted{Counter: poison})
			log.add(many(5)...)
			r := start(t, log.options(pool), []projections.Projection{counters()})
			s := r.status(t, "counters", func(s projections.Status) bool { return s.State == projections.Stopped })
			require.Equal(t, good, s.Position, "all before it is applied")
			require.Equal(t, 6, s.Behind)
			bad := log.events[14]
			for _, part := range []string{bad.ID.String(), "counted", bad.Position.String(), "counter-1 revision 14"} {
				require.Contains(t, s.Error, part)
			}
			require.ErrorContains(t, r.Unfit(), "counters is stopped")
			if poison != "panic" { // a rebuild's ends the program
				require.ErrorContains(t, r.Rebuild(t.Context(), "counters", nil), "rebuild counters")
			}
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
	r := start(t, log.options(pool), []projections.Projection{counters()})
	r.status(t, "counters", func(s projections.Status) bool { return s.State == projections.Stopped })
	r.stop()
	log.mu.Lock()
	log.events[14].Event = counted{Counter: "good", N: 1} // as a newer program reads it
	log.mu.Unlock()
	r = start(t, log.options(pool), []projections.Projection{counters()})
	r.waitFor(t, "counters", log.add(many(3)...))
	requireExact(t, pool, log, schema)
	require.NoError(t, r.Unfit())
}

// A stopped projector tries again by itself after a while.
func TestTriesAgainAfterAWhile(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(10)
	var mu sync.Mutex
	failures := 2
	reaction := projections.Reaction{Name: "moody", Prefixes: []string{"counter-"}, Handle: func(context.Context, eventlog.Batch) error {
		mu.Lock()
		defer mu.Unlock()
		if failures > 0 {
			failures--
			return errBad
		}
		return nil
	}}
	r := start(t, projections.Options{Pool: pool, Follow: log.Follow, Log: log, StoppedRetry: 50 * time.Millisecond}, nil, reaction)
	r.waitFor(t, "moody", log.add(many(1)...))
	require.Zero(t, failures)
}

type early time.Time

func (e early) Error() string        { return "too early" }
func (e early) NotBefore() time.Time { return time.Time(e) }

func TestReactionComesAgainWhenDue(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(10)
	due := time.Now().Add(150 * time.Millisecond)
	var mu sync.Mutex
	var handled []eventlog.Position
	reaction := projections.Reaction{Name: "patient", Prefixes: []string{"counter-"}, Handle: func(_ context.Context, b eventlog.Batch) error {
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
	r := start(t, log.options(pool), nil, reaction)
	r.waitFor(t, "patient", last)
	require.False(t, time.Now().Before(due))
	require.NoError(t, r.Unfit())
	mu.Lock()
	defer mu.Unlock()
	require.Len(t, handled, 25)
	require.True(t, slices.IsSortedFunc(handled, func(a, b eventlog.Position) int { return int(a.Commit) - int(b.Commit) }))
}

// What a reaction could not do for now it does later, and nothing is left out.
func TestReactionRepeatsWhatMayPass(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(4)
	var mu sync.Mutex
	handled := map[eventlog.Position]bool{}
	calls := 0
	reaction := projections.Reaction{Name: "busy", Prefixes: []string{"counter-"}, Handle: func(_ context.Context, b eventlog.Batch) error {
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
	r := start(t, log.options(pool), nil, reaction)
	r.waitFor(t, "busy", last)
	mu.Lock()
	defer mu.Unlock()
	require.Len(t, handled, 20)
	require.NoError(t, r.Unfit())
}

// A batch that fails is done event by event; one of them may be too early. The
// ones behind it are not forgotten.
func TestTooEarlyWithinABatchDoneOneByOne(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(10)
	var mu sync.Mutex
	var handled []eventlog.Position
	waited := false
	reaction := projections.Reaction{Name: "picky", Prefixes: []string{"counter-"}, Handle: func(_ context.Context, b eventlog.Batch) error {
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
	r := start(t, log.options(pool), nil, reaction)
	r.waitFor(t, "picky", last)
	mu.Lock()
	defer mu.Unlock()
	require.True(t, waited)
	require.Len(t, handled, 8)
}
