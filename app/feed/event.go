package feed

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/order"
	"github.com/fleetledger/fleetledger/domain/release"
)

// Event is an event as a caller is told of it.
type Event struct {
	ID      uuid.UUID
	Type    string
	Version int    // of the schema of Data
	Subject string // the stream that it is in; of a request for a device "request-" and its id
	At      time.Time
	Account uuid.UUID // whose the thing is then; uuid.Nil: several accounts', or not the caller's to know
	Device  uuid.UUID // uuid.Nil: it is of no device
	// Revision is its place in the stream; -1: computed, or not the caller's to know.
	Revision      eventlog.Revision
	Position      eventlog.Position // in the log; of what is computed that of the day's mark
	Actor         domain.Actor      // of whose account the caller knows nothing only its kind
	Reason        string
	CorrelationID string
	CausationID   string
	Redacted      bool // there is more in it, about accounts that the caller does not see
	Computed      bool // it has fallen due and is not in the log
	Data          json.RawMessage
}

// atOnce is how many streams are read at the same time.
const atOnce = 16

// events are the items as the caller is told of them. One of which nothing is the
// caller's to know is left out.
func (s *Service) events(ctx context.Context, scope *scope, items []query.FeedItem) ([]Event, error) {
	read, err := s.read(ctx, items)
	if err != nil {
		return nil, err
	}
	all := make([]Event, 0, len(items))
	for _, i := range items {
		var e Event
		told := true
		if i.Computed != nil {
			e, err = computed(i)
		} else {
			e, told, err = s.recorded(ctx, scope, i, read[place{i.Stream, i.Revision}])
		}
		if err != nil {
			return nil, fmt.Errorf("event %s: %w", i.Event, err)
		}
		if told {
			all = append(all, e)
		}
	}
	return all, nil
}

// place is where an event is.
type place struct {
	stream   string
	revision eventlog.Revision
}

// read gets the events of items from their streams.
func (s *Service) read(ctx context.Context, items []query.FeedItem) (map[place]eventlog.Recorded, error) {
	last, first := map[string]eventlog.Revision{}, map[string]eventlog.Revision{}
	for _, i := range items {
		if i.Computed != nil {
			continue
		}
		if from, known := first[i.Stream]; !known || i.Revision < from {
			first[i.Stream] = i.Revision
		}
		last[i.Stream] = max(last[i.Stream], i.Revision)
	}
	var mu sync.Mutex
	read := make(map[place]eventlog.Recorded, len(items))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for stream, from := range first {
		g.Go(func() error {
			for e, err := range s.log.ReadStream(ctx, stream, from) {
				if err != nil {
					return err
				}
				mu.Lock()
				read[place{stream, e.Revision}] = e
				mu.Unlock()
				if e.Revision >= last[stream] {
					return nil
				}
			}
			return fmt.Errorf("%s has no event %d any more: %w", stream, last[stream], query.ErrNotCaughtUp)
		})
	}
	return read, g.Wait()
}

// computed is what has fallen due.
func computed(i query.FeedItem) (Event, error) {
	data, err := json.Marshal(i.Computed.Data)
	return Event{
		ID: i.Event, Type: i.Type, Version: 1, Subject: i.Stream, At: i.Computed.On.Time(), Account: i.Accounts[0], Device: i.Device,
		Revision: eventlog.NoStream, Position: i.Position, Actor: domain.Actor{Kind: domain.ActorSystem, ID: "days"},
		Computed: true, Data: data,
	}, err
}

// recorded is an event of the log, as far as the caller is told of it.
func (s *Service) recorded(ctx context.Context, scope *scope, i query.FeedItem, r eventlog.Recorded) (Event, bool, error) {
	if r.ID != i.Event {
		return Event{}, false, fmt.Errorf("event %d of %s is another one: %w", i.Revision, i.Stream, query.ErrNotCaughtUp)
	}
	data, err := dataOf(r.Event)
	if err != nil {
		return Event{}, false, err
	}
	_, version, _, err := eventlog.Codec.Encode(r.Event)
	if err != nil {
		return Event{}, false, err
	}
	e := Event{
		ID: r.ID, Type: i.Type, Version: version, Subject: subject(r), At: r.Metadata.OccurredAt.UTC(), Account: accountOf(i), Device: i.Device,
		Revision: r.Revision, Position: i.Position, Actor: r.Metadata.Actor, Reason: r.Metadata.Reason,
		CorrelationID: r.Metadata.CorrelationID, CausationID: r.Metadata.CausationID,
	}
	told := true
	if !scope.seesWhole(i) {
		if data, told, err = s.part(ctx, scope, i, r, data); err != nil || !told {
			return e, false, err
		}
		e.Redacted, e.Revision = true, eventlog.NoStream
		e.Reason, e.CorrelationID, e.CausationID = "", "", ""
		if !scope.in[i.Need][e.Account] {
			e.Account = uuid.Nil
		}
	}
	if name, other := another(r.Event); name != "" && !scope.mayKnow(i, other) {
		delete(data, name)
		e.Redacted = true
	}
	if e.Redacted || !scope.knows(e.Actor.Account) {
		e.Actor = domain.Actor{Kind: e.Actor.Kind}
	}
	if e.Subject != r.Stream {
		e.Revision = eventlog.NoStream // of a stream that tells whose it is
	}
	e.Data, err = json.Marshal(data)
	return e, told, err
}

// another is a member that names the account which an event comes from, beside those that
// it is about; empty: there is none.
func another(e domain.Event) (name string, uid uuid.UUID) {
	switch e := e.(type) {
	case account.AccountCreated:
		return "reseller", e.Reseller
	case order.RenewalOrdered:
		return "account", e.Account
	}
	return "", uuid.Nil
}

// accountOf is whose the thing is after the event; uuid.Nil where it is several accounts'.
func accountOf(i query.FeedItem) uuid.UUID {
	switch {
	case i.Device != uuid.Nil && len(i.Accounts) > 0:
		return i.Accounts[len(i.Accounts)-1]
	case len(i.Accounts) == 1:
		return i.Accounts[0]
	}
	return uuid.Nil
}

// subject is the stream of an event. That of requests for a device is named after the
// account that has it, which the one that asks is not told.
func subject(r eventlog.Recorded) string {
	if !strings.HasPrefix(r.Stream, release.Aggregate.Prefix()) {
		return r.Stream
	}
	uid := uuid.Nil
	switch e := r.Event.(type) {
	case release.ReleaseRequested:
		uid = e.Request
	case release.ReleaseRequestGranted:
		uid = e.Request
	case release.ReleaseRequestDenied:
		uid = e.Request
	case release.ReleaseRequestEnded:
		uid = e.Request
	}
	return "request-" + uid.String()
}
