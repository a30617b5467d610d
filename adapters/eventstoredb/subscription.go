package eventstoredb

import (
	"context"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// notice is one thing that a subscription says: an event, or how far the store
// has looked, or that it has nothing more.
type notice struct {
	event      *esdb.RecordedEvent
	checkpoint eventlog.Position
	caughtUp   bool
	fellBehind bool // in the protocol, but neither the node nor any server sends it; see logEnd
}

// How the store searches for a filtered subscription: after every window of
// events it says how far it is. The window is small, so that a reader whose
// events are rare is soon known to be up to date.
const (
	searchWindow       = 32
	checkpointInterval = 1
)

// subscribe opens a catch-up subscription on the whole log, filtered by stream
// prefixes, after the given position.
func (s *Store) subscribe(ctx context.Context, after eventlog.Position, prefixes []string, ahead int) (*flow[notice], error) {
	o := esdb.SubscribeToAllOptions{
		From:               esdb.Start{},
		MaxSearchWindow:    searchWindow,
		CheckpointInterval: checkpointInterval,
		Filter:             &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: prefixes},
	}
	if after != (eventlog.Position{}) {
		o.From = esdb.Position{Commit: after.Commit, Prepare: after.Prepare}
	}
	return openFlow(ctx, s, ahead, func(ctx context.Context, c *esdb.Client) (source[notice], error) {
		sub, err := c.SubscribeToAll(ctx, o)
		if err != nil {
			return source[notice]{}, err
		}
		return source[notice]{
			receive: func() (notice, error) { return receive(sub) },
			close:   func() { _ = sub.Close() },
		}, nil
	})
}

func receive(sub *esdb.Subscription) (notice, error) {
	e := sub.Recv()
	switch {
	case e.EventAppeared != nil:
		return notice{event: e.EventAppeared.OriginalEvent()}, nil
	case e.CheckPointReached != nil:
		return notice{checkpoint: eventlog.Position{Commit: e.CheckPointReached.Commit, Prepare: e.CheckPointReached.Prepare}}, nil
	case e.CaughtUp != nil:
		return notice{caughtUp: true}, nil
	case e.FellBehind != nil:
		return notice{fellBehind: true}, nil
	default:
		return notice{}, droppedError{e.SubscriptionDropped.Error}
	}
}

// droppedError wraps what a subscription ended with. It is never io.EOF to whoever
// asks: a subscription has no natural end.
type droppedError struct{ cause error }

func (d droppedError) Error() string { return "subscription dropped: " + d.cause.Error() }
