package order

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/aggregate"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

// Aggregate is the renewal order.
var Aggregate = aggregate.Aggregate[State]{
	Category: "renewalorder", Evolve: Evolve, Reservations: reservations, Fence: fence,
}

// Status is where a device of an order is, and the order as a whole.
type Status string

// The statuses.
const (
	Ordered   Status = "ordered" // waits
	Applied   Status = "applied"
	Declined  Status = "declined"
	Withdrawn Status = "withdrawn"
	Reversed  Status = "reversed" // was applied
)

// State is an order folded from its events.
type State struct {
	UID         uuid.UUID // uuid.Nil: no such order
	Account     uuid.UUID // that ordered; uuid.Nil: the operator
	Devices     []Device  // as ordered
	Term        calendar.Term
	Until       calendar.Date
	Align       Alignment
	Offer       catalogue.Offer
	OrderNumber string
	Note        string
	Abandoned   bool
}

// Device is one device of an order.
type Device struct {
	Line
	Status Status
	// ApprovedOn is the day whose dates count, while the device is approved and
	// what became of it was not recorded.
	ApprovedOn calendar.Date
	Problems   []domain.Problem // of the last time that it could not be renewed
	Reason     string           // why it was declined, withdrawn or reversed
	Renewed    Renewed          // what it was given, once applied
	Reversal   uuid.UUID        // that took it back
}

// waits reports whether it can be approved, declined or withdrawn.
func (d Device) waits() bool { return d.Status == Ordered && d.ApprovedOn.IsZero() }

// Exists reports whether there is such an order.
func (s State) Exists() bool { return s.UID != uuid.Nil }

// Status is that of the order as a whole: it waits while any of its devices does,
// and is applied as soon as none does and one was.
func (s State) Status() Status {
	for _, status := range []Status{Ordered, Applied, Reversed, Declined, Withdrawn} {
		if slices.ContainsFunc(s.Devices, func(d Device) bool { return d.Status == status }) {
			return status
		}
	}
	return ""
}

// Device finds a device of the order.
func (s State) Device(uid uuid.UUID) (Device, bool) {
	i := slices.IndexFunc(s.Devices, func(d Device) bool { return d.Device == uid })
	if i < 0 {
		return Device{}, false
	}
	return s.Devices[i], true
}

// Approved are the devices that are to be renewed and about which nothing was
// recorded yet.
func (s State) Approved() []uuid.UUID {
	return s.which(func(d Device) bool { return d.Status == Ordered && !d.ApprovedOn.IsZero() })
}

func (s State) which(fits func(Device) bool) []uuid.UUID {
	var uids []uuid.UUID
	for _, d := range s.Devices {
		if fits(d) {
			uids = append(uids, d.Device)
		}
	}
	return uids
}

// Evolve folds one event into the state. It shares nothing that changes with the
// state before.
func Evolve(s State, e domain.Event) State {
	switch e := e.(type) {
	case RenewalOrdered:
		s = State{
			UID: e.Order, Account: e.Account, Until: e.Until, Align: e.Align, Offer: e.Offer,
			OrderNumber: e.OrderNumber, Note: e.Note, Devices: make([]Device, len(e.Devices)),
		}
		s.Term, _ = calendar.ParseTerm(e.Term) // it was valid when it was ordered; empty is none
		for i, line := range e.Devices {
			s.Devices[i] = Device{Line: line, Status: Ordered}
		}
	case RenewalOrderApproved:
		return s.changed(e.Devices, func(d *Device, _ int) { d.ApprovedOn = e.On })
	case RenewalOrderApplied:
		return s.changed(uidsOf(e.Devices, func(r Renewed) uuid.UUID { return r.Device }), func(d *Device, i int) {
			d.Status, d.ApprovedOn, d.Problems, d.Reason, d.Renewed = Applied, 0, nil, "", e.Devices[i]
		})
	case RenewalOrderRefused:
		return s.changed(uidsOf(e.Devices, func(r Refusal) uuid.UUID { return r.Device }), func(d *Device, i int) {
			d.ApprovedOn, d.Problems = 0, e.Devices[i].Problems
		})
	case RenewalOrderDeclined:
		return s.changed(e.Devices, func(d *Device, _ int) { d.Status, d.Reason = Declined, e.Reason })
	case RenewalOrderWithdrawn:
		return s.changed(e.Devices, func(d *Device, _ int) { d.Status, d.Reason = Withdrawn, e.Reason })
	case RenewalOrderReversed:
		return s.changed(e.Devices, func(d *Device, _ int) {
			d.Status, d.ApprovedOn, d.Reason, d.Reversal = Reversed, 0, e.Reason, e.Reversal
		})
	case RenewalOrderAbandoned:
		s.Abandoned = true
	}
	return s
}

// changed is the state with some devices changed; to is told the place of the
// device among the uids.
func (s State) changed(uids []uuid.UUID, to func(d *Device, i int)) State {
	place := make(map[uuid.UUID]int, len(uids))
	for i, uid := range uids {
		place[uid] = i
	}
	s.Devices = slices.Clone(s.Devices)
	for n := range s.Devices {
		if i, ok := place[s.Devices[n].Device]; ok {
			to(&s.Devices[n], i)
		}
	}
	return s
}

func uidsOf[T any](all []T, uid func(T) uuid.UUID) []uuid.UUID {
	uids := make([]uuid.UUID, len(all))
	for i, one := range all {
		uids[i] = uid(one)
	}
	return uids
}

// reservations are the order's number for each device that waits or was renewed.
func reservations(s State, _ reservation.Limits) []reservation.Held {
	if s.OrderNumber == "" {
		return nil
	}
	var held []reservation.Held
	for _, d := range s.Devices {
		if d.Status == Ordered || d.Status == Applied {
			held = append(held, reservation.Held{
				Key: numberOf(d.Device, s.OrderNumber), Account: d.Account, Taken: NumberUsed(s.OrderNumber, d.Line),
			})
		}
	}
	return held
}

func fence(_ State, uid uuid.UUID, empty bool, stream string) domain.Event {
	if empty {
		return RenewalOrderAbandoned{Order: uid}
	}
	return RenewalOrderClaimAbandoned{Order: uid, Reservation: stream}
}
