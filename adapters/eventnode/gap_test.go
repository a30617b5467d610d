package eventnode_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
)

// Eight writers append while followers subscribe, drop and resume from the last
// position they handled, event or checkpoint: each sees every event of its filter
// exactly once and in order, whether it reads from memory or from PostgreSQL.
func TestFollowersMissNothing(t *testing.T) {
	t.Parallel()
	const writers, appends = 8, 250
	node := eventnodetest.Start(t)
	ctx := context.WithoutCancel(t.Context())

	var writing sync.WaitGroup
	for w := range writers {
		client := eventnodetest.Client(t, node)
		writing.Go(func() {
			for i := range appends {
				for _, stream := range []string{fmt.Sprintf("match-%d", w), fmt.Sprintf("noise-%d", w)} {
					_, err := client.AppendToStream(ctx, stream, esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}}, events("e", 1+i%3)...)
					if err != nil {
						t.Errorf("append: %v", err)
						return
					}
				}
			}
		})
	}
	perStream := 0
	for i := range appends {
		perStream += 1 + i%3
	}

	var following sync.WaitGroup
	for f := range 3 {
		client := eventnodetest.Client(t, node)
		following.Go(func() { follow(t, client, uint64(f), writers, perStream) })
	}
	writing.Wait()
	following.Wait()
}

// follow handles events of the match streams until it has all of them, dropping its
// subscription every now and then.
func follow(t *testing.T, client *esdb.Client, seed uint64, streams, perStream int) {
	rng := rand.New(rand.NewPCG(seed, 0))
	next := map[string]uint64{}
	var handled esdb.AllPosition = esdb.Start{}
	var last uint64
	for done := 0; done < streams*perStream; {
		sub, err := client.SubscribeToAll(context.WithoutCancel(t.Context()), esdb.SubscribeToAllOptions{
			From: handled, MaxSearchWindow: 5, CheckpointInterval: 2,
			Filter: &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"match-"}},
		})
		if err != nil {
			t.Errorf("subscribe: %v", err)
			return
		}
		for budget := 50 + rng.IntN(400); budget > 0 && done < streams*perStream; budget-- {
			m := sub.Recv()
			switch {
			case m.SubscriptionDropped != nil:
				t.Errorf("dropped: %v", m.SubscriptionDropped.Error)
				return
			case m.CheckPointReached != nil:
				handled, last = *m.CheckPointReached, max(last, m.CheckPointReached.Commit)
			case m.EventAppeared != nil:
				e := m.EventAppeared.Event
				if !strings.HasPrefix(e.StreamID, "match-") || e.EventNumber != next[e.StreamID] || e.Position.Commit <= last {
					t.Errorf("%s revision %d at %d, want revision %d after %d", e.StreamID, e.EventNumber, e.Position.Commit, next[e.StreamID], last)
					return
				}
				next[e.StreamID]++
				done++
				handled, last = e.Position, e.Position.Commit
			}
		}
		_ = sub.Close()
	}
}
