package order

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
)

// MaxDevices is how many devices an order has at most.
const MaxDevices = 1000

// Order orders a renewal. Its texts are normalised, and an alignment has found
// its day among the devices.
type Order struct {
	UID         uuid.UUID
	Account     uuid.UUID // that orders; uuid.Nil: the operator
	Devices     []Line
	Term        calendar.Term
	Until       calendar.Date
	Align       device.Alignment
	Offer       catalogue.Offer
	OrderNumber string
	Note        string
	// Used are the devices whose own streams have the order number already, from
	// a renewal that counts. Those of other orders the reservations tell.
	Used []uuid.UUID
	// ApproveOn is the day whose dates count when the order is applied at once; zero:
	// it waits.
	ApproveOn calendar.Date
}

// DecideOrder decides that the order waits, or is approved at once. One that is
// there already is unchanged: the uid is the command's own. There are events beside a refusal, so
// that all order numbers that are used are told at once.
func DecideOrder(s State, o Order) ([]domain.Event, error) {
	switch {
	case s.Abandoned:
		return nil, domain.Refuse(abandoned())
	case s.Exists():
		return nil, nil
	}
	problems := byWhat(o)
	if len(o.Devices) == 0 {
		problems = append(problems, domain.At("/devices", []domain.Problem{device.SelectionEmpty()})...)
	}
	if n := len(o.Devices); n > MaxDevices {
		return nil, domain.Refuse(append(problems, tooMany(n))...)
	}
	if o.Offer != "" && !o.Offer.Valid() {
		problems = append(problems, domain.At("/offer", []domain.Problem{catalogue.OfferInvalid()})...)
	}
	seen := map[uuid.UUID]bool{}
	for _, l := range o.Devices {
		if seen[l.Device] {
			problems = append(problems, duplicate(l))
		}
		seen[l.Device] = true
		if o.OrderNumber != "" && slices.Contains(o.Used, l.Device) {
			problems = append(problems, NumberUsed(o.OrderNumber, l))
		}
	}
	e := RenewalOrdered{
		Order: o.UID, Account: o.Account, Devices: slices.Clone(o.Devices), Until: o.Until, Align: Alignment(o.Align),
		Offer: o.Offer, OrderNumber: o.OrderNumber, Note: o.Note,
	}
	if o.Term != (calendar.Term{}) {
		e.Term = o.Term.String()
	}
	events := []domain.Event{e}
	if !o.ApproveOn.IsZero() {
		events = append(events, RenewalOrderApproved{
			Order: o.UID, On: o.ApproveOn, Devices: uidsOf(e.Devices, func(l Line) uuid.UUID { return l.Device }),
		})
	}
	return events, domain.Refuse(problems...)
}

// DecideDecline decides that devices, all that wait when none are named, will not
// be renewed. It needs a reason.
func DecideDecline(s State, devices []uuid.UUID, reason string) ([]domain.Event, error) {
	chosen, problems := s.choose(devices, Device.waits, func(d Device) bool { return d.Status == Declined })
	if reason == "" && s.Exists() {
		problems = append(problems, ReasonMissing())
	}
	if len(problems) > 0 || len(chosen) == 0 {
		return nil, domain.Refuse(problems...)
	}
	return []domain.Event{RenewalOrderDeclined{Order: s.UID, Devices: chosen, Reason: reason}}, nil
}

// DecideWithdraw takes back the order for devices, for all that wait when none
// are named. by is the account that asks for it, uuid.Nil for the operator: it has
// to be the one that ordered.
func DecideWithdraw(s State, devices []uuid.UUID, by uuid.UUID, reason string) ([]domain.Event, error) {
	if s.Exists() && s.Account != by {
		return nil, domain.Refuse(notYours())
	}
	chosen, problems := s.choose(devices, Device.waits, func(d Device) bool { return d.Status == Withdrawn })
	if len(problems) > 0 || len(chosen) == 0 {
		return nil, domain.Refuse(problems...)
	}
	return []domain.Event{RenewalOrderWithdrawn{Order: s.UID, Devices: chosen, Reason: reason}}, nil
}

// DecideStop takes back what an order waits for since an account was closed: all of
// it when that account ordered, else the devices that it had. It never refuses.
func DecideStop(s State, closed uuid.UUID, reason string) ([]domain.Event, error) {
	waiting := s.which(func(d Device) bool { return d.waits() && (s.Account == closed || d.Account == closed) })
	if len(waiting) == 0 {
		return nil, nil
	}
	return []domain.Event{RenewalOrderWithdrawn{Order: s.UID, Devices: waiting, Reason: reason}}, nil
}

// choose finds the devices that a command changes among those named, or among all
// when none are: those that are open to it. Those for which it was done before are
// unchanged; any other that is named stands against it, and so does an order with
// none of both.
func (s State) choose(named []uuid.UUID, open, done func(Device) bool) (chosen []uuid.UUID, problems []domain.Problem) {
	if !s.Exists() {
		return nil, []domain.Problem{NotFound()}
	}
	if len(named) == 0 {
		if chosen = s.which(open); len(chosen) == 0 && len(s.which(done)) == 0 {
			return nil, []domain.Problem{noneOpen(s)}
		}
		return chosen, nil
	}
	for _, uid := range named {
		switch d, known := s.Device(uid); {
		case !known:
			problems = append(problems, NotInOrder(uid))
		case open(d) && !slices.Contains(chosen, uid):
			chosen = append(chosen, uid)
		case !open(d) && !done(d):
			problems = append(problems, notOpen(d))
		}
	}
	return chosen, problems
}
