package devices

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

// Explanation is a device on a day, field by field.
type Explanation struct {
	Device   uuid.UUID
	Day      calendar.Date
	Fields   []ExplainedField
	Position eventlog.Position // of the device's last event
}

// ExplainedField is a field, since when it is so, and why.
type ExplainedField struct {
	Field, Value string
	Since        time.Time // zero where the event is redacted
	Event        ExplainingEvent
	Events       []uuid.UUID    // all that the value follows from, but for those that are redacted or to come
	Because      device.Because // none where it would tell of an event that is redacted
}

// ExplainingEvent is the event that made a field what it is. Redacted: it happened under
// an owner that the caller may not see. ToCome: it is not recorded yet, and will be when
// nothing but time happens.
type ExplainingEvent struct {
	ID               uuid.UUID
	Type             string
	Actor            domain.Actor
	Reason           string
	Redacted, ToCome bool
}

// Explain tells of each field of a device why it is what it is: now, at an instant of
// the past, or on a day to come when nothing but time happens. It needs devices.read in
// the account that has the device then; query.ErrNotFound when the caller does not see
// it. It is read from the log itself.
func (s *Service) Explain(ctx context.Context, caller access.Caller, name string, f query.Freshness) (Explanation, error) {
	req := s.access.Request(caller)
	x, err := s.explained(ctx, req, name, f.Past())
	if err != nil {
		return Explanation{}, err
	}
	day := calendar.DateOf(f.Instant(s.executor.Clock))
	if f.Forecast {
		x.ahead(day, s.rules)
	}
	all := Explanation{Device: x.uid, Day: day, Position: x.position}
	for _, one := range device.Explain(x.uid, x.happened, day, s.rules) {
		all.Fields = append(all.Fields, x.field(one))
	}
	return all, nil
}

// explained reads the device as of an instant, zero for now.
func (s *Service) explained(ctx context.Context, req *access.Request, name string, asOf time.Time) (*explaining, error) {
	uid, ok := device.Named(name)
	if !ok {
		return nil, query.ErrNotFound
	}
	l, err := eventlog.Load(ctx, req.Log, device.Aggregate, uid)
	if err != nil {
		return nil, access.OrNotFound(err)
	}
	x := &explaining{uid: uid, state: device.Aggregate.New(uid)}
	var times eventlog.Times
	var owners []uuid.UUID
	for _, e := range l.Events {
		at := times.Next(e)
		if !asOf.IsZero() && at.After(asOf) {
			break
		}
		x.state = device.Evolve(x.state, e.Event)
		x.position = e.Position
		owners = append(owners, x.state.Account)
		x.happened = append(x.happened, device.Happened{Event: e.Event, On: calendar.DateOf(at)})
		x.events = append(x.events, explainingEvent{e, at, x.state.Account})
	}
	if !x.state.Exists() || !req.Caller.ActsFor(x.state.Account) {
		return nil, query.ErrNotFound
	}
	if x.sees, err = req.Sees(ctx, owners); err != nil {
		return nil, err
	}
	if !x.sees(x.state.Account) {
		return nil, query.ErrNotFound
	}
	return x, nil
}

// explaining is a device with its events and what the caller sees of them.
type explaining struct {
	uid      uuid.UUID
	state    device.State
	position eventlog.Position
	happened []device.Happened
	events   []explainingEvent // recorded; those to come have none
	sees     func(account uuid.UUID) bool
}

type explainingEvent struct {
	eventlog.Recorded
	at    time.Time
	owner uuid.UUID // after it
}

// ahead adds what is to come until a day.
func (x *explaining) ahead(day calendar.Date, r device.Rules) {
	for _, e := range x.state.Ahead(day, r) {
		on := day
		if renewed, ok := e.(device.ServiceRenewed); ok {
			on = renewed.OldEnd // on its last day a free term renews
		}
		x.happened = append(x.happened, device.Happened{Event: e, On: on})
	}
}

func (x *explaining) redacted(i int) bool {
	owner := x.events[i].owner
	return owner != uuid.Nil && !x.sees(owner)
}

func (x *explaining) field(one device.Explained) ExplainedField {
	f := ExplainedField{Field: one.Field, Value: one.Value, Because: one.Because}
	for _, i := range one.From {
		if i < len(x.events) && !x.redacted(i) {
			f.Events = append(f.Events, x.events[i].ID)
		}
	}
	if i := one.Since; i >= len(x.events) {
		f.Event = ExplainingEvent{Type: x.happened[i].Event.EventType(), ToCome: true}
		f.Since = x.happened[i].On.Time()
	} else if x.redacted(i) {
		f.Event.Redacted = true
		if !one.Because.Rule.OfFields() {
			f.Because = device.Because{}
		}
	} else {
		e := x.events[i]
		f.Since = e.at
		f.Event = ExplainingEvent{ID: e.ID, Type: e.Event.EventType(), Actor: e.Metadata.Actor, Reason: e.Metadata.Reason}
		if before := i - 1; before >= 0 && x.redacted(before) { // it came from there
			f.Event.Actor, f.Event.Reason = domain.Actor{Kind: e.Metadata.Actor.Kind}, ""
		}
	}
	return f
}
