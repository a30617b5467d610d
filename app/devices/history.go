package devices

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// HistoryItem is one event of a device's history. Account is the owner after
// it. Hash covers the event and the hash before it, so that an event that was
// left out or changed shows. Redacted: the device belonged to an account that
// the caller may not see; only Position, Revision and the hashes are given.
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
	Hash          string
	PreviousHash  string
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
	items, hash := make([]HistoryItem, len(l.Events)), ""
	var times eventlog.Times
	for i, e := range l.Events {
		before, after := states[i], states[i+1]
		item, err := historyItem(e, hash)
		if err != nil {
			return nil, err
		}
		hash, item.OccurredAt = item.Hash, times.Next(e)
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

func historyItem(e eventlog.Recorded, previous string) (HistoryItem, error) {
	canonical, err := json.Marshal(struct {
		ID         uuid.UUID
		Stream     string
		Revision   eventlog.Revision
		Type       string
		RecordedAt time.Time
		Metadata   eventlog.Metadata
		Event      domain.Event
	}{e.ID, e.Stream, e.Revision, e.Event.EventType(), e.RecordedAt.UTC(), e.Metadata, e.Event})
	if err != nil {
		return HistoryItem{}, fmt.Errorf("history of %s: %w", e.Stream, err)
	}
	sum := sha256.Sum256(append([]byte(previous), canonical...))
	return HistoryItem{
		Position: e.Position, ID: e.ID, Type: e.Event.EventType(), Revision: e.Revision,
		RecordedAt: e.RecordedAt, Actor: e.Metadata.Actor, Reason: e.Metadata.Reason,
		CorrelationID: e.Metadata.CorrelationID, CausationID: e.Metadata.CausationID,
		Hash: hex.EncodeToString(sum[:]), PreviousHash: previous,
	}, nil
}

// redacted hides what happened in accounts that the caller may not see. Of a
// change of owner it shows the side that the caller sees.
func (i HistoryItem) redacted(seesBefore, seesAfter bool) HistoryItem {
	if seesBefore && seesAfter {
		return i
	}
	if !seesAfter {
		return HistoryItem{
			Position: i.Position, Revision: i.Revision, Hash: i.Hash, PreviousHash: i.PreviousHash, Redacted: true,
		}
	}
	for n := range i.Changes {
		i.Changes[n].Before = ""
	}
	i.Actor, i.Reason, i.CorrelationID, i.CausationID = domain.Actor{Kind: i.Actor.Kind}, "", "", ""
	return i
}
