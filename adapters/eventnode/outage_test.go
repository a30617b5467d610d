package eventnode_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
)

// appendUntilAccepted retries with the same ids, as clients do, and reports how
// often it was told that the log is not reachable: not that the node is not, or the
// client would connect to it anew each time.
func appendUntilAccepted(ctx context.Context, c *esdb.Client, stream string, expected esdb.ExpectedRevision, ev ...esdb.EventData) (unavailable int, err error) {
	for {
		_, err := c.AppendToStream(ctx, stream, esdb.AppendToStreamOptions{ExpectedRevision: expected}, ev...)
		var e *esdb.Error
		switch {
		case err == nil:
			return unavailable, nil
		case errors.As(err, &e) && e.Code() == esdb.ErrorAborted:
			unavailable++
		case ctx.Err() != nil:
			return unavailable, ctx.Err()
		default:
			return unavailable, fmt.Errorf("code %d: %w", e.Code(), err)
		}
	}
}

// PostgreSQL crashes under load and comes back: writers are told to try again, the
// node heals by itself, and every event is there exactly once, in order.
func TestDatabaseCrashUnderLoad(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t, pgtest.Durable())
	node := eventnodetest.On(t, server.Pool(t)).Start()
	follower := eventnodetest.Client(t, node)
	sub := subscribeAll(t, follower, esdb.SubscribeToAllOptions{From: esdb.Start{}})

	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	const writers, perWriter, crashAt = 4, 600, 80
	var mu sync.Mutex
	accepted, unavailable := 0, 0
	reached := make(chan struct{})
	var wg sync.WaitGroup
	for w := range writers {
		client := eventnodetest.Client(t, node)
		wg.Go(func() {
			stream := fmt.Sprintf("s-%d", w)
			for i := range perWriter {
				var expected esdb.ExpectedRevision = esdb.NoStream{}
				if i > 0 {
					expected = esdb.Revision(uint64(2*i - 1))
				}
				n, err := appendUntilAccepted(ctx, client, stream, expected, event("a"), event("b"))
				if err != nil {
					t.Errorf("%s at %d: %v", stream, i, err)
					return
				}
				mu.Lock()
				unavailable += n
				if accepted++; accepted == crashAt {
					close(reached)
				}
				mu.Unlock()
			}
		})
	}
	<-reached
	server.Kill(t)
	_, err := follower.AppendToStream(ctx, "down", esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}}, event("x"))
	wantCode(t, err, esdb.ErrorAborted)
	_, err = drain(follower.ReadStream(ctx, "s-0", esdb.ReadStreamOptions{}, 1000))
	wantCode(t, err, esdb.ErrorAborted)
	server.Start(t)
	wg.Wait()
	if unavailable == 0 {
		t.Error("no writer noticed the outage: the test tested nothing")
	}

	want := uint64(writers * perWriter * 2)
	next := map[string]uint64{}
	var last uint64
	for _, ev := range nextEvents(t, sub, int(want)) {
		if ev.Event.EventNumber != next[ev.Event.StreamID] || ev.Event.Position.Commit != last+1 {
			t.Fatalf("%s: revision %d at position %d, want revision %d at position %d", ev.Event.StreamID,
				ev.Event.EventNumber, ev.Event.Position.Commit, next[ev.Event.StreamID], last+1)
		}
		next[ev.Event.StreamID]++
		last++
	}
	if len(next) != writers || uint64(node.Position()) != want {
		t.Fatalf("%d streams, position %d, want %d and %d", len(next), node.Position(), writers, want)
	}
}
