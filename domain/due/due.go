// Package due holds what is told of the end of a device's service: that it comes into a
// renewal window, and that it is over. Nobody decides or records that; it follows from
// the device and the day.
package due

import (
	"cmp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/codec"
	"github.com/fleetledger/fleetledger/domain/device"
)

// Codec knows the events of this package. No log has them.
var Codec = codec.NewRegistry(codec.Of[ServiceExpiring](), codec.Of[ServiceExpired]())

// ServiceExpiring says that a device has come into a renewal window.
type ServiceExpiring struct {
	Device       uuid.UUID     `json:"device"`
	SerialNumber string        `json:"serialNumber"`
	Account      uuid.UUID     `json:"account"`
	ServiceEnd   calendar.Date `json:"serviceEnd"`
	Window       string        `json:"window"`  // its name
	FromDay      int           `json:"fromDay"` // the window's days until the end, both inclusive
	ToDay        int           `json:"toDay"`
}

// ServiceExpired says that the last day of a device's service is over.
type ServiceExpired struct {
	Device       uuid.UUID     `json:"device"`
	SerialNumber string        `json:"serialNumber"`
	Account      uuid.UUID     `json:"account"`
	ServiceEnd   calendar.Date `json:"serviceEnd"`
}

func (ServiceExpiring) EventType() string { return "ServiceExpiring" }
func (ServiceExpired) EventType() string  { return "ServiceExpired" }

// Window is a renewal window: a span of days until a service ends, both inclusive.
type Window struct {
	Name           string
	FromDay, ToDay int
}

// Telling is something that becomes true of a device on a day and stays so until another
// one, zero being for good.
type Telling struct {
	On, Until calendar.Date
	Event     domain.Event
}

// Tellings are what is told of the end of a device's service, unless that changes, in
// the order of days: each window it comes into, and that it is over. Of devices that
// count in no window, which are retired or renew by themselves, nothing is. The windows
// are disjoint and in order, the nearest first.
func Tellings(s device.State, windows []Window) []Telling {
	if !counts(s) {
		return nil
	}
	end := s.Service.End
	all := make([]Telling, 0, len(windows)+1)
	for i := len(windows) - 1; i >= 0; i-- {
		w := windows[i]
		all = append(all, Telling{On: end.AddDays(-w.ToDay), Until: end.AddDays(-w.FromDay), Event: ServiceExpiring{
			Device: s.UID, SerialNumber: s.SerialNumber, Account: s.Account, ServiceEnd: end,
			Window: w.Name, FromDay: w.FromDay, ToDay: w.ToDay,
		}})
	}
	return append(all, Telling{On: end.AddDays(1), Event: ServiceExpired{
		Device: s.UID, SerialNumber: s.SerialNumber, Account: s.Account, ServiceEnd: end,
	}})
}

// Changed reports whether other things may be to be told of a device after an event: its
// service has another end, or it counts in windows and did not, or the other way round.
func Changed(before, after device.State) bool {
	return before.Exists() != after.Exists() || before.Service.End != after.Service.End || counts(before) != counts(after)
}

// counts reports whether a device counts in windows.
func counts(s device.State) bool {
	return s.Exists() && s.LifeCycle != device.OutOfService && !s.AutoRenews()
}

// Next is the day of what is to be told next of a device that is as it is since a
// day: what is true of it then, else what comes first. Zero: nothing is.
func Next(all []Telling, since calendar.Date) calendar.Date {
	for i := len(all) - 1; i >= 0; i-- {
		t := all[i]
		if t.On <= since && (t.Until.IsZero() || since <= t.Until) {
			return t.On
		}
	}
	for _, t := range all {
		if t.On > since {
			return t.On
		}
	}
	return 0
}

// Between are the tellings of the days from one to another, both inclusive, and the day of
// the first after them; zero: there is none.
func Between(all []Telling, from, to calendar.Date) (told []Telling, next calendar.Date) {
	for _, t := range all {
		switch {
		case t.On > to:
			return told, t.On
		case t.On >= from:
			told = append(told, t)
		}
	}
	return told, 0
}

// Current leaves of the tellings of one device what begins with a day, or what it is in
// then; an end that came before is left out.
func Current(all []Telling, day calendar.Date) []Telling {
	return slices.DeleteFunc(all, func(t Telling) bool { return t.On != day && (t.Until.IsZero() || t.Until < day) })
}

// Sort brings the tellings of several devices into their order: by day, device and type.
func Sort(all []Telling) {
	slices.SortStableFunc(all, func(a, b Telling) int {
		x, _ := a.Of()
		y, _ := b.Of()
		return cmp.Or(cmp.Compare(a.On, b.On), slices.Compare(x[:], y[:]), cmp.Compare(a.Event.EventType(), b.Event.EventType()))
	})
}

// Of is the device, and whose it is.
func (t Telling) Of() (uid, account uuid.UUID) {
	switch e := t.Event.(type) {
	case ServiceExpiring:
		return e.Device, e.Account
	case ServiceExpired:
		return e.Device, e.Account
	}
	return uuid.Nil, uuid.Nil
}

// Key names the telling: it is told once per device, end and window.
func (t Telling) Key() string {
	switch e := t.Event.(type) {
	case ServiceExpiring:
		return strings.Join([]string{e.EventType(), e.Device.String(), e.ServiceEnd.String(), e.Window}, "\n")
	case ServiceExpired:
		return strings.Join([]string{e.EventType(), e.Device.String(), e.ServiceEnd.String()}, "\n")
	}
	return ""
}
