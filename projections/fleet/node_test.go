package fleet_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
	"github.com/fleetledger/fleetledger/adapters/eventstoredb"
	"github.com/fleetledger/fleetledger/adapters/postgres/personkeys"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/adapters/sealing"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/projections"
	"github.com/fleetledger/fleetledger/projections/fleet"
)

// The whole way: events appended by several writers to a node, which goes away
// now and then, followed by two instances, read with the position of the last
// write, rebuilt meanwhile. The numbers are those counted from the log.
func TestFromTheLogToThePage(t *testing.T) {
	t.Parallel()
	node := eventnodetest.NewRestartable(t)
	node.Start()
	pool := pgtest.Pool(t)
	store := openStore(t, node.SocketPath(), keysIn(t, pool))
	first, second := follow(t, pool, store), follow(t, pool, store)
	reader := fleet.NewReader(pool, second.WaitFor)

	w := newWorld(nil, 60)
	appendAll(t, store, w.events)
	var writers sync.WaitGroup
	for k := range 4 {
		writers.Go(func() {
			for i := range 60 {
				if i%4 == k { // a writer of its own for each device
					appendAll(t, store, life(w.serials[i], w.accounts))
				}
			}
		})
	}
	node.Stop()
	node.Start()
	rebuilt := make(chan error, 1)
	go func() { rebuilt <- first.Rebuild(t.Context(), fleet.Name, nil) }()
	writers.Wait()
	last := appendAll(t, store, life("LAST", w.accounts))
	require.NoError(t, <-rebuilt)

	var log history
	for e, err := range store.ReadAll(t.Context(), eventlog.Position{}, "account-", "partnership-", "device-") {
		require.NoError(t, err)
		log.events = append(log.events, e)
	}
	page := read(t, reader, w.reseller, last)
	require.Len(t, page.Items, 3)
	require.False(t, page.Position.Before(last))
	for _, row := range page.Items {
		want := log.recount(row.UID, day0+10, time.Time{})
		require.Equal(t, want.TotalSystems, row.TotalSystems)
		require.Equal(t, want.Windows, row.Windows)
		require.Equal(t, want.Expired, row.Expired)
	}
	// Built anew from the log with nobody disturbing, the rows are the same.
	m := model{pool: pool}
	live := map[string][]string{}
	for _, table := range allTables {
		live[table] = m.dump(t, schema, table)
	}
	require.NoError(t, second.Rebuild(t.Context(), fleet.Name, nil))
	for _, table := range allTables {
		require.Empty(t, cmp.Diff(live[table], m.dump(t, schema, table)), table)
	}
}

// read asks until the read model has the position; each try waits for it.
func read(t *testing.T, r *fleet.Reader, reseller uuid.UUID, p eventlog.Position) query.List[query.CustomerRow] {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		page, err := r.Customers(ctx, query.CustomerQuery{Reseller: reseller, Today: day0 + 10, Windows: testWindows,
			Freshness: query.Freshness{MinPosition: p}})
		if err == nil {
			return page
		}
		require.ErrorIs(t, err, query.ErrNotCaughtUp)
	}
}

// keysIn keeps the keys of persons in a database.
func keysIn(t *testing.T, pool *pgxpool.Pool) *personkeys.Store {
	keys, err := personkeys.Open(t.Context(), pool, sealing.NewKeys(make([]byte, sealing.KeySize)))
	require.NoError(t, err)
	return keys
}

func openStore(t *testing.T, socket string, keys ports.PersonKeys) *eventstoredb.Store {
	store, err := eventstoredb.Open(t.Context(), eventstoredb.Options{
		SocketPath: socket, Persons: keys, DiscoveryInterval: 20 * time.Millisecond, CallTimeout: 20 * time.Second,
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func follow(t *testing.T, pool *pgxpool.Pool, store *eventstoredb.Store) *projections.Runner {
	subscribe := func(name string, prefixes []string, from func(context.Context) (eventlog.Position, error)) (message.Subscriber, error) {
		return eventstoredb.NewSubscriber(store, eventstoredb.SubscriberOptions{
			FollowOptions: eventstoredb.FollowOptions{Name: name, Prefixes: prefixes}, From: from})
	}
	runner, err := projections.New(projections.Options{Pool: pool, Follow: subscribe, Log: store, Source: "test", LeasePoll: 20 * time.Millisecond},
		[]projections.Projection{readModel()}, nil)
	require.NoError(t, err)
	require.NoError(t, runner.Prepare(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- runner.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return runner
}

// life is a device's, from registration to retirement for some.
func life(serial string, accounts []uuid.UUID) []eventlog.Recorded {
	h := newHistory()
	uid := device.UID(serial)
	n := int(uid[0])
	events := []domain.Event{
		registered(serial, accounts[n%3], day0+calendar.Date(n%20)),
		device.Suspended{Device: uid},
		device.Resumed{Device: uid},
		device.ServiceRenewed{Device: uid, Renewal: uuid.New(), OldEnd: day0 + calendar.Date(n%20), NewEnd: day0 + calendar.Date(n%25), AnchorDay: 1},
		device.Renamed{Device: uid, NewName: fmt.Sprintf("Device %d", n)},
	}
	if n%5 == 0 {
		events = append(events, device.Retired{Device: uid})
	}
	h.add(device.Aggregate.Stream(uid), events...)
	return h.events
}

// appendAll writes a history to the log, event by event.
func appendAll(t *testing.T, log eventlog.Log, events []eventlog.Recorded) eventlog.Position {
	var last eventlog.Position
	for _, e := range events {
		next := eventlog.NewEvent{ID: e.ID, Event: e.Event, Metadata: eventlog.Metadata{
			SchemaVersion: eventlog.Codec[e.Event.EventType()].Version(), OccurredAt: e.Metadata.OccurredAt, Actor: domain.Actor{Kind: domain.ActorSystem}}}
		for {
			_, p, err := log.Append(t.Context(), e.Stream, e.Revision-1, next)
			if last = p; err == nil {
				break
			}
			// The node is away; the same append again is the same append.
			if !assert.ErrorIs(t, err, eventlog.ErrUnavailable) {
				return last
			}
		}
	}
	return last
}
