package reactions

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/aggregate"
	"github.com/fleetledger/fleetledger/domain/order"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/release"
)

// openThings are what waits or goes on between accounts, as the log says: nothing
// else knows at that moment what is open. It follows the log when it is asked, on
// from where it was, and remembers only what is open.
type openThings struct {
	mu           sync.Mutex
	followed     eventlog.Position
	partnerships map[uuid.UUID]openThing[partnership.State] // and requests for one
	orders       map[uuid.UUID]openThing[order.State]
	releases     map[uuid.UUID]openRelease // by request
}

// openThing is something open, and where the log says that it began.
type openThing[S any] struct {
	state S
	since eventlog.Position
}

// openRelease is a release request without an answer.
type openRelease struct {
	owner, requester uuid.UUID
	since            eventlog.Position
}

// concerning gives what is open of an account.
func (o *openThings) concerning(ctx context.Context, log eventlog.Log, uid uuid.UUID) (*openThings, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.follow(ctx, log); err != nil {
		return nil, err
	}
	found := newOpenThings()
	for id, p := range o.partnerships {
		for _, side := range []uuid.UUID{p.state.Reseller, p.state.Customer, p.state.Request.Reseller, p.state.Request.Customer} {
			if side == uid {
				found.partnerships[id] = p
			}
		}
	}
	for id, waiting := range o.orders {
		if events, _ := order.DecideStop(waiting.state, uid, ""); len(events) > 0 {
			found.orders[id] = waiting
		}
	}
	for id, r := range o.releases {
		if r.owner == uid || r.requester == uid {
			found.releases[id] = r
		}
	}
	return found, nil
}

func newOpenThings() *openThings {
	return &openThings{
		partnerships: map[uuid.UUID]openThing[partnership.State]{}, orders: map[uuid.UUID]openThing[order.State]{},
		releases: map[uuid.UUID]openRelease{},
	}
}

// follow reads on where the last call ended.
func (o *openThings) follow(ctx context.Context, log eventlog.Log) error {
	for e, err := range log.ReadAll(ctx, o.followed, partnership.Aggregate.Category+"-", order.Aggregate.Category+"-", release.Aggregate.Category+"-") {
		if err != nil {
			return err
		}
		category, id, _ := strings.Cut(e.Stream, "-")
		uid, err := uuid.Parse(id)
		if err != nil {
			return fmt.Errorf("stream %s: %w", e.Stream, err)
		}
		switch category {
		case partnership.Aggregate.Category:
			fold(o.partnerships, partnership.Aggregate, uid, e, func(s partnership.State) bool {
				return s.UID != uuid.Nil && !s.Ended || s.Request.Status == partnership.Open
			})
		case order.Aggregate.Category:
			fold(o.orders, order.Aggregate, uid, e, func(s order.State) bool { return s.Status() == order.Ordered })
		default:
			o.release(uid, e)
		}
		o.followed = e.Position
	}
	return nil
}

// fold keeps what is open with its state, and forgets it when it no longer is.
func fold[S any](all map[uuid.UUID]openThing[S], of aggregate.Aggregate[S], uid uuid.UUID, e eventlog.Recorded, open func(S) bool) {
	thing, known := all[uid]
	if !known {
		thing = openThing[S]{state: of.New(uid)}
	}
	switch e.Event.(type) {
	case partnership.PartnershipEstablished, partnership.PartnershipRequested, order.RenewalOrdered:
		thing.since = e.Position
	}
	thing.state = of.Fold(thing.state, e.Event)
	if open(thing.state) {
		all[uid] = thing
	} else {
		delete(all, uid)
	}
}

func (o *openThings) release(owner uuid.UUID, e eventlog.Recorded) {
	switch event := e.Event.(type) {
	case release.ReleaseRequested:
		o.releases[event.Request] = openRelease{owner: owner, requester: event.Requester, since: e.Position}
	case release.ReleaseRequestGranted:
		delete(o.releases, event.Request)
	case release.ReleaseRequestDenied:
		delete(o.releases, event.Request)
	case release.ReleaseRequestEnded:
		delete(o.releases, event.Request)
	}
}
