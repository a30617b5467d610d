package device

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// Happened is an event of a device and the day it happened on.
type Happened struct {
	Event domain.Event
	On    calendar.Date
}

// Explained is a field of a device and why it is what it is. Since is the event that
// made it so; From are all that it follows from: whoever folds these alone gets the
// value. Both count the events that were given.
type Explained struct {
	Field, Value string
	Since        int
	From         []int
	Because      Because
}

// Explain explains the fields of a device on a day, from its events; nothing where it
// was never registered.
func Explain(uid uuid.UUID, events []Happened, day calendar.Date, r Rules) []Explained {
	x := explaining{uid: uid, events: events, day: day, rules: r, states: make([]State, len(events)+1)}
	x.states[0] = Aggregate.New(uid)
	for i, e := range events {
		x.states[i+1] = Evolve(x.states[i], e.Event)
	}
	if !x.now().Exists() {
		return nil
	}
	x.registered = slices.IndexFunc(x.states[1:], State.Exists)
	x.since = make(map[string]int, len(explainedFields))
	for _, f := range explainedFields {
		x.since[f.name] = x.sinceOf(f)
	}
	all := make([]Explained, len(explainedFields))
	for i, f := range explainedFields {
		name := f.name
		if name == "factor" {
			name = string(x.now().Factor.Kind)
		}
		all[i] = Explained{Field: name, Value: f.value(x, x.now()), Since: x.since[f.name], From: x.from(f)}
		if f.because != nil {
			all[i].Because = f.because(x)
		}
	}
	return all
}

type explaining struct {
	uid        uuid.UUID
	events     []Happened
	states     []State // before the first event, and after each
	day        calendar.Date
	rules      Rules
	registered int            // the event
	since      map[string]int // the events, by field
}

func (x explaining) now() State { return x.states[len(x.events)] }

// sinceOf is the last event that changed the field.
func (x explaining) sinceOf(f explainedField) int {
	now := f.value(x, x.now())
	for i := len(x.events) - 1; i > x.registered; i-- {
		if f.value(x, x.states[i]) != now {
			return i
		}
	}
	return x.registered
}

// from are events that the value follows from: those that made the fields it is made
// of where that will do, as it does but for what a reversal brought back.
func (x explaining) from(f explainedField) []int {
	some := []int{x.registered, x.since[f.name]}
	for _, name := range f.of {
		some = append(some, x.since[name])
	}
	slices.Sort(some)
	some = slices.Compact(some)
	now := f.value(x, x.now())
	if f.value(x, x.fold(some)) == now {
		return some
	}
	some = some[:0]
	for i := x.registered; i < len(x.events); i++ { // what is before it leaves no trace
		some = append(some, i)
	}
	for i := len(x.events) - 1; i > x.registered; i-- {
		fewer := slices.DeleteFunc(slices.Clone(some), func(n int) bool { return n == i })
		if f.value(x, x.fold(fewer)) == now {
			some = fewer
		}
	}
	return some
}

func (x explaining) fold(some []int) State {
	s := Aggregate.New(x.uid)
	for _, i := range some {
		s = Evolve(s, x.events[i].Event)
	}
	return s
}

// made explains a field by the event that made it.
func (x explaining) made(field string, because func(State, domain.Event, calendar.Date) Because) Because {
	i := x.since[field]
	return because(x.states[i+1], x.events[i].Event, x.events[i].On)
}

// explainedField is a field of a device, under the name clients know; empty text for
// none.
type explainedField struct {
	name    string
	value   func(explaining, State) string
	of      []string // the fields that it is made of
	because func(explaining) Because
}

// told is a field that an event just tells.
func told(name string, value func(State) string) explainedField {
	return explainedField{name: name, value: func(_ explaining, s State) string { return value(s) }}
}

var explainedFields = []explainedField{
	told("serialNumber", func(s State) string { return s.SerialNumber }),
	told("factor", func(s State) string { return s.Factor.Value }),
	told("model", func(s State) string { return s.Model }),
	told("account", func(s State) string { return s.Account.String() }),
	told("name", func(s State) string { return s.Name }),
	told("labels", func(s State) string { return strings.Join(s.Labels, "|") }),
	told("iccid", func(s State) string { return s.ICCID }),
	told("lifeCycleState", func(s State) string { return string(s.LifeCycle) }),
	told("offer", func(s State) string { return string(s.Service.Offer) }),
	told("firstRegistered", func(s State) string { return s.FirstRegistered.String() }),
	told("serviceStart", func(s State) string { return s.Service.Start.String() }),
	{
		name: "serviceEnd", value: func(_ explaining, s State) string { return s.Service.End.String() },
		because: func(x explaining) Because { return x.made("serviceEnd", becauseOfEnd) },
	},
	{
		name: "serviceStatus", value: func(x explaining, s State) string { return s.ServiceStatus(x.day) },
		of: []string{"serviceEnd", "lifeCycleState"}, because: explaining.status,
	},
	{
		name: "supportExpiry", value: func(x explaining, s State) string { return s.Dates(x.rules).SupportExpiry.String() },
		of: []string{"offer", "serviceEnd"}, because: explaining.support,
	},
	{
		name: "warrantyEnd", value: func(x explaining, s State) string { return s.Dates(x.rules).WarrantyEnd.String() },
		of: []string{"firstRegistered", "offer", "serviceEnd"}, because: explaining.warranty,
	},
	{
		name: "autoRenew", value: func(_ explaining, s State) string { return fmt.Sprint(s.AutoRenews()) },
		of: []string{"account", "lifeCycleState"}, because: explaining.autoRenew,
	},
	{
		name: "includedUntil", value: func(_ explaining, s State) string { return s.IncludedUntil().String() },
		because: explaining.included,
	},
	{
		name: "parkedUntil", value: func(_ explaining, s State) string { return s.ParkedUntil().String() },
		because: func(x explaining) Because { return x.made("parkedUntil", becauseOfWaiting) },
	},
	{
		name: "allocation", value: func(_ explaining, s State) string { return s.Allocation().text() },
		of: []string{"account", "serviceEnd", "parkedUntil", "includedUntil"}, because: explaining.allocation,
	},
	{
		name: "orderNumber", value: func(_ explaining, s State) string { return s.OrderNumber() },
		because: explaining.order,
	},
}
