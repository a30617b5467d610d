package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
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

// Change is a field with its values before and after an event, empty for none.
type Change struct {
	Field, Before, After string
}

// DeviceHistory is the whole history of a device that the caller sees today,
// from its stream, oldest first. It needs devices.read.
func (a *App) DeviceHistory(ctx context.Context, caller access.Caller, name string) ([]HistoryItem, error) {
	x := a.access(caller)
	l, err := a.findDevice(ctx, x, name, rights.DevicesRead)
	if err != nil {
		return nil, err
	}
	sees := func(owner uuid.UUID) (bool, error) {
		if owner == uuid.Nil {
			return true, nil
		}
		set, err := x.in(ctx, owner)
		return set.Has(rights.DevicesRead), err
	}
	var items []HistoryItem
	state, hash := device.State{UID: l.state.UID}, ""
	for e, err := range a.log.ReadStream(ctx, eventlog.DeviceStream(l.state.UID), 0) {
		if err != nil {
			return nil, err
		}
		before := state
		state = device.Evolve(state, e.Event)
		seesBefore, err := sees(before.Account)
		if err != nil {
			return nil, err
		}
		seesAfter, err := sees(state.Account)
		if err != nil {
			return nil, err
		}
		item, err := historyItem(e, hash)
		if err != nil {
			return nil, err
		}
		hash = item.Hash
		item.Account, item.Changes = state.Account, a.changes(before, state)
		items = append(items, item.redacted(seesBefore, seesAfter))
	}
	return items, nil
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
		OccurredAt: e.Metadata.OccurredAt, RecordedAt: e.RecordedAt, Actor: e.Metadata.Actor, Reason: e.Metadata.Reason,
		CorrelationID: e.Metadata.CorrelationID, CausationID: e.Metadata.CausationID,
		Hash: hex.EncodeToString(sum[:]), PreviousHash: previous,
	}, nil
}

// redacted hides what happened in accounts the caller may not see. Of a change
// of owner it shows the side that the caller sees.
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

// changes names what differs between two states.
func (a *App) changes(before, after device.State) []Change {
	var all []Change
	was := a.fields(before)
	for n, now := range a.fields(after) {
		if was[n].After != now.After {
			all = append(all, Change{Field: now.Field, Before: was[n].After, After: now.After})
		}
	}
	return all
}

// fields are a device's fields as text, under the names clients know.
func (a *App) fields(s device.State) []Change {
	if !s.Exists() {
		s = device.State{HeldBy: s.HeldBy}
	}
	dates := s.Dates(a.rules)
	field := func(name, value string) Change { return Change{Field: name, After: value} }
	return []Change{
		field("serialNumber", s.SerialNumber),
		field(factorField(s.Factor), s.Factor.Value),
		field("model", s.Model),
		field("account", orEmpty(s.Account)),
		field("name", s.Name),
		field("labels", strings.Join(s.Labels, "|")),
		field("iccid", s.ICCID),
		field("lifeCycleState", string(s.LifeCycle)),
		field("offer", string(s.Service.Offer)),
		field("serviceStart", s.Service.Start.String()),
		field("serviceEnd", s.Service.End.String()),
		field("supportExpiry", dates.SupportExpiry.String()),
		field("warrantyEnd", dates.WarrantyEnd.String()),
		field("autoRenew", yes(s.Service.AutoRenew)),
		field("parkedUntil", until(s.Parked)),
		field("heldBy", orEmpty(s.HeldBy)),
	}
}

func factorField(f device.Factor) string {
	if f.Kind == "" {
		return string(device.IMEI)
	}
	return string(f.Kind)
}

func orEmpty(uid uuid.UUID) string {
	if uid == uuid.Nil {
		return ""
	}
	return uid.String()
}

func yes(b bool) string {
	if b {
		return "true"
	}
	return ""
}

func until(a *device.Allocation) string {
	if a == nil {
		return ""
	}
	return a.Until.String()
}
