package device

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
)

// State is a device folded from its events.
type State struct {
	UID             uuid.UUID
	SerialNumber    string // empty: never registered (the stream may hold fences or holds)
	Factor          Factor
	Model           string
	Account         uuid.UUID
	Name            string
	Labels          []string
	ICCID           string // of its SIM; empty: none
	LifeCycle       LifeCycle
	FirstRegistered calendar.Date
	Service         Service
	Included        Allocation // the included year from the first registration
	// FirstStandard: the device was first registered into a standard account,
	// whose service is its included term.
	FirstStandard bool
	// Consumed: the included term has been given, by the first registration into
	// a standard account or by a transfer to one. It is given once.
	Consumed          bool
	Parked            *Allocation // waits while a reseller holds the device
	Applied           []uuid.UUID // ids of the transfers, renewals, reversals and grants that were applied
	Orders            []Order     // orders and grants that count, in the order of time
	Reversed          []uuid.UUID // renewal orders that were taken back
	RegistrationOrder string      // the order number that the device was registered with
	CameFrom          uuid.UUID   // the account it came from to the present one; uuid.Nil: it was registered here
	Moved             *Moved      // the last transfer; nil: none
	Released          Released    // the owner lets another account have it
	Releases          []uuid.UUID // release requests that were granted: each lets the device go once
	HeldBy            uuid.UUID   // all-or-nothing batch that keeps others off
}

// Order is a renewal order or a grant that was applied, with what was there
// before: the base of a reversal.
type Order struct {
	ID          uuid.UUID
	Grant       bool
	Number      string      // the order number; empty: none
	Before      *Allocation // nil: nothing was parked
	Parked      bool
	Transferred bool            // the device has changed its account since
	OldOffer    catalogue.Offer // this and the next: where the order changed the offer
	NewOffer    catalogue.Offer
}

// Moved is a transfer, with what its reversal restores.
type Moved struct {
	Transfer  uuid.UUID
	From      uuid.UUID
	CameFrom  uuid.UUID // this and the rest: before the transfer
	LifeCycle LifeCycle
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
		s.RegistrationOrder = e.OrderNumber
		s.FirstStandard = !e.Service.AutoRenew
		s.Consumed = s.FirstStandard
		s.HeldBy = uuid.Nil
	case Transferred:
		s.Moved = &Moved{
			Transfer: e.Transfer, From: e.From, CameFrom: s.CameFrom, LifeCycle: s.LifeCycle,
			Service: s.Service, Parked: s.Parked, Consumed: s.Consumed, Orders: s.Orders,
		}
		s.Account, s.Name, s.LifeCycle, s.CameFrom = e.To, e.Name, Active, e.From
		s.Service, s.Parked = e.Service, e.Parked
		s.Consumed = s.Consumed || e.Consumed
		s.Released = Released{}
		s = s.moved().applied(e.Transfer)
	case OwnershipReleased:
		s.Released = Released{Request: e.Request, To: e.To}
		s.Releases = append(slices.Clone(s.Releases), e.Request)
	case TransferReversed:
		s.Released = Released{}
		s.Account, s.LifeCycle, s.Service, s.Parked = e.To, e.LifeCycle, e.Service, e.Parked
		s.Consumed = s.FirstStandard || e.Consumed // version 1 of the policy did not count the first registration
		if s.Moved != nil {
			moved := *s.Moved
			moved.Reversed = true
			s.Moved, s.Orders, s.CameFrom = &moved, moved.Orders, moved.CameFrom
		}
		s = s.applied(e.Reversal)
	case ServiceRenewed:
		source := SourceFree
		if !e.Automatic {
			source = SourcePurchased
			s = s.ordered(Order{ID: e.Renewal, Number: e.OrderNumber, Parked: e.Parked})
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
	case Reinstated:
		s.LifeCycle, s.Name, s.Released = Active, e.Name, Released{}
		s = s.after(e)
	case SIMAssigned:
		s.ICCID = e.ICCID
	case SIMRemoved:
		s.ICCID = ""
	case OfferChanged:
		s = s.offerChanged(e).after(e)
	case Held:
		s.HeldBy = e.Batch
	case HoldReleased:
		if s.HeldBy == e.Batch {
			s.HeldBy = uuid.Nil
		}
	case ClaimAbandoned: // moves the stream's revision, nothing else
	}
	if endsHold(e) {
		s.HeldBy = uuid.Nil
	}
	return s
}

// endsHold reports whether only the batch that holds a device can have appended
// the event: all others are refused.
func endsHold(e domain.Event) bool {
	switch e.(type) {
	case Renamed, Relabelled, Suspended, Resumed, Retired, Reinstated, SIMAssigned, SIMRemoved, OfferChanged:
		return true
	}
	return false
}
