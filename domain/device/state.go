package device

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/aggregate"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

// Aggregate is the device.
var Aggregate = aggregate.Aggregate[State]{
	Category: "device",
	Initial:  func(uid uuid.UUID) State { return State{UID: uid} },
	Evolve:   Evolve, Reservations: reservations, Fence: fence,
	HeldBy: func(s State) uuid.UUID { return s.HeldBy },
}

// reservations are the device's place, its name and its factor. A retired device
// keeps its factor only; a place is taken in a reseller's account only.
func reservations(s State, limits reservation.Limits) []reservation.Held {
	if !s.Exists() {
		return nil
	}
	var held []reservation.Held
	add := func(key reservation.Key, taken domain.Problem) {
		held = append(held, reservation.Held{Key: key, Account: s.Account, Taken: taken})
	}
	if s.LifeCycle != OutOfService {
		if s.resellers() {
			add(reservation.PlacesOf(s.Account, limits.Places), LimitReached(limits.Places))
		}
		_, name, _ := NormaliseName(s.Name) // it was valid when it was given
		add(reservation.NameIn(s.Account, name), NameTaken(s.Name))
	}
	add(reservation.Unique(reservation.Factor, string(s.Factor.Kind)+":"+s.Factor.Value), FactorTaken(s.Factor))
	return held
}

func fence(_ State, uid uuid.UUID, _ bool, stream string) domain.Event {
	return ClaimAbandoned{Device: uid, Reservation: stream}
}

// State is a device folded from its events.
type State struct {
	UID             uuid.UUID
	SerialNumber    string // empty: never registered (the stream may hold fences or holds)
	Factor          Factor
	Model           string
	Account         uuid.UUID
	Name            string
	Labels          []string
	ICCID           string
	LifeCycle       LifeCycle
	FirstRegistered calendar.Date
	Service         Service
	Included        Allocation  // the included year from the first registration
	Consumed        bool        // the included term was started anew by a transfer
	Parked          *Allocation // waits while a reseller holds the device
	Applied         []uuid.UUID // ids of the transfers, renewals, reversals and grants that were applied
	Orders          []Order     // orders and grants that count, in the order of time
	Reversed        []uuid.UUID // renewal orders that were taken back
	Moved           *Moved      // the last transfer; nil: none
	Released        Released    // the owner lets another account have it
	HeldBy          uuid.UUID   // all-or-nothing batch that keeps others off
}

// Order is a renewal order or a grant that was applied, with what was there
// before: the base of a reversal.
type Order struct {
	ID          uuid.UUID
	Grant       bool
	Before      *Allocation // nil: nothing was parked
	Parked      bool
	Transferred bool // the device has changed its account since
}

// Moved is a transfer, with what its reversal restores.
type Moved struct {
	Transfer  uuid.UUID
	From      uuid.UUID
	LifeCycle LifeCycle // this and the rest: before the transfer
	Service   Service
	Parked    *Allocation
	Consumed  bool
	Orders    []Order
	Reversed  bool
	Since     string // type of the last event after the transfer that stands against a reversal; empty: none
}

// Released says which account may register the device for itself, and the
// request that this was granted to.
type Released struct {
	Request, To uuid.UUID
}

// Exists reports whether the device was registered.
func (s State) Exists() bool { return s.SerialNumber != "" }

// Evolve folds one event into the state. It shares nothing that changes with
// the state before.
func Evolve(s State, e domain.Event) State {
	switch e := e.(type) {
	case Registered:
		s.UID, s.SerialNumber, s.Factor, s.Model = e.Device, e.SerialNumber, e.Factor, e.Model
		s.Account, s.Name, s.Labels, s.ICCID = e.Account, e.Name, e.Labels, e.ICCID
		s.LifeCycle, s.FirstRegistered, s.Service, s.Included = e.LifeCycle, e.FirstRegistered, e.Service, e.Included
		s.HeldBy = uuid.Nil
	case Transferred:
		s.Moved = &Moved{
			Transfer: e.Transfer, From: e.From, LifeCycle: s.LifeCycle, Service: s.Service, Parked: s.Parked, Consumed: s.Consumed, Orders: s.Orders,
		}
		s.Account, s.Name, s.LifeCycle = e.To, e.Name, Active
		s.Service, s.Parked = e.Service, e.Parked
		s.Consumed = s.Consumed || e.Consumed
		s.Released = Released{}
		s = s.moved().applied(e.Transfer)
	case OwnershipReleased:
		s.Released = Released{Request: e.Request, To: e.To}
	case TransferReversed:
		s.Released = Released{}
		s.Account, s.LifeCycle, s.Service, s.Parked, s.Consumed = e.To, e.LifeCycle, e.Service, e.Parked, e.Consumed
		if s.Moved != nil {
			moved := *s.Moved
			moved.Reversed = true
			s.Moved, s.Orders = &moved, moved.Orders
		}
		s = s.applied(e.Reversal)
	case ServiceRenewed:
		source := SourceFree
		if !e.Automatic {
			source = SourcePurchased
			s = s.ordered(Order{ID: e.Renewal, Parked: e.Parked})
		}
		s = s.extended(e.Parked, Allocation{Source: source, Until: e.NewEnd, AnchorDay: e.AnchorDay}).applied(e.Renewal).after(e)
	case AllocationGranted:
		s = s.ordered(Order{ID: e.ID, Grant: true, Parked: e.Parked}).extended(e.Parked, e.Allocation).applied(e.ID).after(e)
	case RenewalReversed:
		s = s.reversed(e).applied(e.Reversal).after(e)
	case Renamed:
		s.Name = e.NewName
	case Relabelled:
		s.Labels = e.NewLabels
	case Suspended:
		s.LifeCycle = InSuspension
		s = s.after(e)
	case Resumed:
		s.LifeCycle = Active
		s = s.after(e)
	case Retired:
		s.LifeCycle = OutOfService
		s = s.after(e)
	case Held:
		s.HeldBy = e.Batch
	case HoldReleased:
		if s.HeldBy == e.Batch {
			s.HeldBy = uuid.Nil
		}
	case ClaimAbandoned: // moves the stream's revision, nothing else
	}
	return s
}

// extended takes over a new end: of what is parked, or of the service.
func (s State) extended(parked bool, a Allocation) State {
	if parked {
		s.Parked = &a
		return s
	}
	s.Service.Source, s.Service.End, s.Service.AnchorDay = a.Source, a.Until, a.AnchorDay
	return s
}

// ordered notes an order or a grant with what is there before it.
func (s State) ordered(o Order) State {
	switch {
	case !o.Parked:
		o.Before = new(s.right())
	case s.Parked != nil:
		o.Before = new(*s.Parked)
	}
	s.Orders = append(slices.Clone(s.Orders), o)
	return s
}

// moved notes that no order from before a transfer can be taken back.
func (s State) moved() State {
	s.Orders = slices.Clone(s.Orders)
	for i := range s.Orders {
		s.Orders[i].Transferred = true
	}
	return s
}

// reversed takes an order back.
func (s State) reversed(e RenewalReversed) State {
	s.Orders = slices.DeleteFunc(slices.Clone(s.Orders), func(o Order) bool { return o.ID == e.Renewal })
	s.Reversed = append(slices.Clone(s.Reversed), e.Renewal)
	switch {
	case e.Restored != nil:
		return s.extended(e.Parked, *e.Restored)
	case e.Parked:
		s.Parked = nil
	}
	return s
}

// Renewable is the allocation that a renewal by order extends: the service, or
// in a reseller's account what waits beside the free term. It is zero when
// there is nothing.
func (s State) Renewable() Allocation { return s.right() }

// applied remembers a transfer, an order or a grant, and ends the hold that
// was there for it.
func (s State) applied(id uuid.UUID) State {
	if !slices.Contains(s.Applied, id) {
		s.Applied = append(slices.Clone(s.Applied), id)
	}
	s.HeldBy = uuid.Nil
	return s
}

// after remembers what happened after a transfer, as a reversal would undo more
// than the transfer then.
func (s State) after(e domain.Event) State {
	if s.Moved != nil {
		moved := *s.Moved
		moved.Since = e.EventType()
		s.Moved = &moved
	}
	return s
}

// resellers reports whether a reseller holds the device: only there a term
// renews by itself.
func (s State) resellers() bool { return s.Service.AutoRenew }

// right is what the device has a right to besides a free term, with the latest
// end; a zero Allocation when there is nothing.
func (s State) right() Allocation {
	if !s.resellers() {
		return Allocation{Source: s.Service.Source, Until: s.Service.End, AnchorDay: s.Service.AnchorDay}
	}
	var a Allocation
	if s.Parked != nil {
		a = *s.Parked
	}
	if s.Included.Until > a.Until { // never once consumed: what came of it ends later
		a = s.Included
	}
	return a
}

// end is that of what is parked, or of the service.
func (s State) end(parked bool) calendar.Date {
	switch {
	case !parked:
		return s.Service.End
	case s.Parked != nil:
		return s.Parked.Until
	}
	return 0
}

// WasRenewedBy reports whether a renewal order was applied to the device,
// reversed or not.
func (s State) WasRenewedBy(renewal uuid.UUID) bool {
	return slices.Contains(s.Reversed, renewal) ||
		slices.ContainsFunc(s.Orders, func(o Order) bool { return o.ID == renewal && !o.Grant })
}

// TakenOverBy reports whether the account may register the device for itself.
func (s State) TakenOverBy(owner uuid.UUID) bool {
	return s.Released.To == owner && owner != uuid.Nil && s.Account != owner
}
