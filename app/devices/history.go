package devices

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// HistoryItem is one event of a device's history. Account is the owner after
// it. LeafHash is that of the event in the tree of the log, see package transparency:
// a proof of it shows that the event is there as it was. Redacted: the device belonged
// to an account that the caller may not see; only Position, Revision and LeafHash are
// given.
type HistoryItem struct {
	Position      eventlog.Position
	ID            uuid.UUID
	Type          string
	Revision      eventlog.Revision
	OccurredAt    time.Time
	RecordedAt    time.Time
	Actor         domain.Actor
	Account       uuid.UUID
	Reason        string
	CorrelationID string
	CausationID   string
	Changes       []Change
	LeafHash      tlog.Hash
	Redacted      bool
}

// History is the whole history of a device that the caller sees today, from its
// stream, oldest first. It needs devices.read in the account that has the device;
// query.ErrNotFound when the caller does not see it. The stream is read once.
func (s *Service) History(ctx context.Context, caller access.Caller, name string) ([]HistoryItem, error) {
	req := s.access.Request(caller)
	l, err := req.Device(ctx, name, rights.DevicesRead)
	if err != nil {
		return nil, err
	}
	states := statesOf(l)
	owners := make([]uuid.UUID, len(states))
	for i, state := range states {
		owners[i] = state.Account
	}
	sees, err := req.Sees(ctx, owners)
	if err != nil {
		return nil, err
	}
	visible := func(d device.State) bool { return d.Account == uuid.Nil || sees(d.Account) }
	leaves, err := s.leaves(ctx, device.Aggregate.Stream(l.UID), len(l.Events))
	if err != nil {
		return nil, err
	}
	items := make([]HistoryItem, len(l.Events))
	var times eventlog.Times
	for i, e := range l.Events {
		before, after := states[i], states[i+1]
		item := historyItem(e, leaves[i])
		item.OccurredAt = times.Next(e)
		item.Account, item.Changes = after.Account, append(changes(before, after, s.rules), orderOf(e.Event)...)
		items[i] = item.redacted(visible(before), visible(after))
	}
	return items, nil
}

// statesOf are the state before the first event and those after each.
func statesOf(l eventlog.Loaded[device.State]) []device.State {
	states := make([]device.State, len(l.Events)+1)
	states[0] = device.Aggregate.New(l.UID)
	for i, e := range l.Events {
		states[i+1] = device.Evolve(states[i], e.Event)
	}
	return states
}

// leaves are the hashes of the first events of a stream in the tree of the log.
func (s *Service) leaves(ctx context.Context, stream string, count int) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, 0, count)
	for e, err := range s.sealed.ReadStream(ctx, stream, 0) {
		if err != nil {
			return nil, err
		}
		if len(hashes) == count {
			break
		}
		leaf, err := e.Leaf()
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, tlog.RecordHash(leaf))
	}
	if len(hashes) < count {
		return nil, fmt.Errorf("read %s once more: %d of %d events", stream, len(hashes), count)
	}
	return hashes, nil
}

func historyItem(e eventlog.Recorded, leaf tlog.Hash) HistoryItem {
	return HistoryItem{
		Position: e.Position, ID: e.ID, Type: e.Event.EventType(), Revision: e.Revision,
		RecordedAt: e.RecordedAt, Actor: e.Metadata.Actor, Reason: e.Metadata.Reason,
		CorrelationID: e.Metadata.CorrelationID, CausationID: e.Metadata.CausationID, LeafHash: leaf,
	}
}

// redacted hides what happened in accounts that the caller may not see. Of a
// change of owner it shows the side that the caller sees.
func (i HistoryItem) redacted(seesBefore, seesAfter bool) HistoryItem {
	if seesBefore && seesAfter {
		return i
	}
	if !seesAfter {
		return HistoryItem{
			Position: i.Position, Revision: i.Revision, LeafHash: i.LeafHash, Redacted: true,
		}
	}
	for n := range i.Changes {
		i.Changes[n].Before = ""
	}
	i.Actor, i.Reason, i.CorrelationID, i.CausationID = domain.Actor{Kind: i.Actor.Kind}, "", "", ""
	return i
}
