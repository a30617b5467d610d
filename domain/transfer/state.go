package transfer

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/aggregate"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
)

// Aggregate is the record of a transfer.
var Aggregate = aggregate.Aggregate[State]{Category: "transfer", Evolve: Evolve}

// State is a transfer folded from its events.
type State struct {
	UID       uuid.UUID // uuid.Nil: no such transfer
	Account   uuid.UUID
	From, To  uuid.UUID
	Offer     catalogue.Offer
	Plan      uuid.UUID
	Atomic    bool
	Policy    device.Policy
	Items     []Item // in request order
	Reversals []Reversal
}

// Outcome is what became of a device.
type Outcome string

// The outcomes; empty while none was recorded.
const (
	Carried Outcome = "transferred"
	Refused Outcome = "refused"
)

// Item is one device of a request.
type Item struct {
	Named
	Outcome      Outcome
	SerialNumber string
	InSource     bool // of a refused one: the source account had it
	Problems     []domain.Problem
	Resulting    device.Resulting
	Reversal     uuid.UUID // that took it back
}

// Reversal is a reversal of the transfer.
type Reversal struct {
	UID     uuid.UUID
	Account uuid.UUID
	Items   []Item // Outcome Carried: was taken back
}

// Evolve folds one event into the state. It shares nothing that changes with the
// state before.
func Evolve(s State, e domain.Event) State {
	switch e := e.(type) {
	case TransferRequested:
		if s.UID == uuid.Nil {
			s.UID, s.Account, s.From, s.To = e.Transfer, e.Account, e.From, e.To
			s.Offer, s.Plan, s.Atomic, s.Policy = e.Offer, e.Plan, e.Atomic, e.Policy
		}
		s.Items = slices.Concat(s.Items, items(e.Devices))
	case TransferCarriedOut:
		s.Items = slices.Clone(s.Items)
		for _, d := range e.Devices {
			if i := at(s.Items, d.Index); i != nil {
				i.Outcome, i.SerialNumber, i.Resulting, i.InSource, i.Problems = Carried, d.SerialNumber, d.Resulting, false, nil
			}
		}
	case TransferRefused:
		s.Items = slices.Clone(s.Items)
		refuse(s.Items, e.Devices)
	case ReversalRequested:
		s.Reversals = slices.Concat(s.Reversals, []Reversal{{UID: e.Reversal, Account: e.Account, Items: items(e.Devices)}})
	case ReversalCarriedOut:
		s.Items = slices.Clone(s.Items)
		s = s.reversing(e.Reversal)
		s.takeBack(e)
	case ReversalRefused:
		s = s.reversing(e.Reversal)
		if r := s.reversal(e.Reversal); r != nil {
			refuse(r.Items, e.Devices)
		}
	}
	return s
}

// reversing is the state with a reversal that can be changed without changing
// the state before.
func (s State) reversing(uid uuid.UUID) State {
	s.Reversals = slices.Clone(s.Reversals)
	if r := s.reversal(uid); r != nil {
		r.Items = slices.Clone(r.Items)
	}
	return s
}

func (s State) takeBack(e ReversalCarriedOut) {
	r := s.reversal(e.Reversal)
	taken := map[uuid.UUID]bool{}
	for _, uid := range e.Devices {
		taken[uid] = true
	}
	for i := range s.Items {
		if s.Items[i].Outcome == Carried && taken[s.Items[i].Device] {
			s.Items[i].Reversal = e.Reversal
		}
	}
	if r == nil {
		return
	}
	for i := range r.Items {
		if taken[r.Items[i].Device] && len(r.Items[i].Problems) == 0 {
			r.Items[i].Outcome = Carried
		}
	}
}

func (s State) reversal(uid uuid.UUID) *Reversal {
	if i := slices.IndexFunc(s.Reversals, func(r Reversal) bool { return r.UID == uid }); i >= 0 {
		return &s.Reversals[i]
	}
	return nil
}

func items(named []Named) []Item {
	all := make([]Item, len(named))
	for i, n := range named {
		all[i].Named = n
	}
	return all
}

func at(items []Item, index int) *Item {
	if index < 0 || index >= len(items) {
		return nil
	}
	return &items[index]
}

func refuse(items []Item, refusals []Refusal) {
	for _, d := range refusals {
		if i := at(items, d.Index); i != nil {
			i.Outcome, i.SerialNumber, i.InSource, i.Problems = Refused, d.SerialNumber, d.InSource, d.Problems
		}
	}
}
