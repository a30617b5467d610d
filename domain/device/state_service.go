package device

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

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
		o.Before = new(s.Allocation())
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

// offerChanged takes over an offer, and notes it with the order that asked for it:
// for the offer alone, or with a term, which is told before.
func (s State) offerChanged(e OfferChanged) State {
	s.Service.Offer = e.NewOffer
	if e.Renewal != uuid.Nil && !slices.Contains(s.Applied, e.Renewal) {
		s = s.ordered(Order{ID: e.Renewal, Parked: s.resellers()}).applied(e.Renewal)
	}
	i := slices.IndexFunc(s.Orders, func(o Order) bool { return o.ID == e.Renewal && !o.Grant })
	if i >= 0 {
		s.Orders = slices.Clone(s.Orders)
		s.Orders[i].OldOffer, s.Orders[i].NewOffer = e.OldOffer, e.NewOffer
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

// Allocation is the service allocation that the device has: the one that its
// service runs on, or in a reseller's account what waits beside the free term,
// with the included year as long as that was not given. It is what a renewal or
// a grant extends, zero when there is nothing, and may have run out.
func (s State) Allocation() Allocation {
	if !s.resellers() {
		return Allocation{Source: s.Service.Source, Until: s.Service.End, AnchorDay: s.Service.AnchorDay}
	}
	var a Allocation
	if s.Parked != nil {
		a = *s.Parked
	}
	if !s.Consumed && s.Included.Until > a.Until {
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
