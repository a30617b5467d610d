package device_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
)

// traveller is a device on its way between accounts, and its twin that stays at
// home. Both get the same orders and grants.
type traveller struct {
	device, twin device.State
	made         device.Made // the last transfer
	today        calendar.Date
	moves        byte
}

// apply appends what the decision gives; a refusal changes nothing.
func apply(s *device.State, decide decision) bool {
	events, err := decide(*s)
	if err != nil {
		return false
	}
	for _, e := range events {
		*s = device.Evolve(*s, e)
	}
	return len(events) > 0
}

// step moves the device, or takes the last move back, on any day.
func (v *traveller) step(t *rapid.T) {
	at := func(owner device.Owner) bool { return v.device.Account == owner.UID }
	from, to := customer, reseller
	switch {
	case at(other):
		from = other
	case at(reseller):
		from, to = reseller, rapid.SampledFrom([]device.Owner{customer, other}).Draw(t, "to")
	}
	if rapid.IntRange(0, 3).Draw(t, "reversal") == 0 && v.device.Moved != nil {
		source := map[uuid.UUID]device.Owner{reseller.UID: reseller, customer.UID: customer, other.UID: other}[v.device.Moved.From]
		v.moves++
		apply(&v.device, func(s device.State) ([]domain.Event, error) {
			return device.DecideReverseTransfer(s, device.ReverseTransfer{
				ID: uuid.UUID{61, v.moves}, Transfer: s.Moved.Transfer, Source: source,
				By: operator, Made: v.made, Now: v.today.Time(), Rules: device.DefaultRules,
			})
		})
		return
	}
	v.moves++
	if apply(&v.device, transfer(from, to, v.today, func(c *device.Transfer) { c.ID = uuid.UUID{51, v.moves} })) {
		v.made = device.Made{At: v.today.Time().Add(-time.Hour)}
	}
}

// order gives both the same order or grant.
func (v *traveller) order(t *rapid.T) {
	id := v.moves
	v.moves++
	decide := order(id, v.today, term(rapid.SampledFrom([]string{"P1Y", "P3Y"}).Draw(t, "term")))
	if rapid.Bool().Draw(t, "granted") {
		decide = grant(id, v.today, v.today+calendar.Date(rapid.IntRange(1, 900).Draw(t, "granted for")))
	}
	if apply(&v.device, decide) != apply(&v.twin, decide) {
		t.Fatalf("one of them has it: %+v and %+v", v.device.Allocation(), v.twin.Allocation())
	}
}

// TestRoundTrips: however often, and whenever, a device of a standard account
// goes to a reseller and comes back, its services end as they would have without
// that, on the same day.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := traveller{today: day0 + calendar.Date(rapid.IntRange(0, 1500).Draw(t, "registered"))}
		apply(&v.device, register(customer, v.today))
		v.twin = v.device
		for range rapid.IntRange(1, 12).Draw(t, "length") {
			v.today += calendar.Date(rapid.IntRange(0, 200).Draw(t, "days"))
			if rapid.IntRange(0, 4).Draw(t, "order") == 0 {
				v.order(t)
			} else {
				v.step(t)
			}
			if got, want := v.device.Allocation(), v.twin.Allocation(); got.Until != want.Until || got.AnchorDay != want.AnchorDay {
				t.Fatalf("on %v: %+v, without the transfers %+v", v.today, got, want)
			}
			if !v.device.Service.AutoRenew && v.device.Service.End != v.twin.Service.End {
				t.Fatalf("on %v ends on %v, without the transfers on %v", v.today, v.device.Service.End, v.twin.Service.End)
			}
		}
	})
}

// TestIncludedTermOnce: a device of a reseller gets its included term once, from
// the first transfer to a customer that was not undone.
func TestIncludedTermOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := traveller{today: day0}
		apply(&v.device, register(reseller, v.today))
		var end calendar.Date // of the term, once it was given
		for range rapid.IntRange(1, 12).Draw(t, "length") {
			v.today += calendar.Date(rapid.IntRange(0, 150).Draw(t, "days"))
			before := v.device
			v.step(t)
			switch {
			case v.device.Consumed && !before.Consumed:
				if v.today > before.Included.Until {
					t.Fatalf("given on %v, after %v", v.today, before.Included.Until)
				}
				if end = calendar.Months(12).From(v.today, v.today.Day()); v.device.Service.End != end {
					t.Fatalf("given on %v until %v", v.today, v.device.Service.End)
				}
			case !v.device.Consumed && before.Consumed: // undone in time
				if v.today.Time().Sub(v.made.At) >= device.DefaultRules.Undo {
					t.Fatalf("made %v, undone on %v", v.made.At, v.today)
				}
				end = 0
			}
			if got := v.device.Allocation().Until; v.device.Consumed && got != end {
				t.Fatalf("on %v until %v, want %v", v.today, got, end)
			}
		}
	})
}

// The case of the issue: on day 300 to the reseller and back.
func TestRoundTripOnDay300(t *testing.T) {
	t.Parallel()
	s := registered(t, customer)
	end := s.State.Service.End
	s = s.When(transfer(customer, reseller, day0+300)).ThenDone().When(transfer(reseller, customer, day0+300)).ThenDone()
	wantEnd(t, s.State, end)
	if !s.State.Consumed {
		t.Error("the included term is still to be had")
	}
}

// Old events fold as they did: what version 1 gave stands, what is decided
// from now on follows version 2, told by the first registration.
func TestDevicesOfVersion1(t *testing.T) {
	t.Parallel()
	v1 := device.Policy{Name: device.Eligibility, Version: 1, Included: device.IncludedFull}
	free := device.Service{Offer: catalogue.Complete, Source: device.SourceFree, Start: day0 + 300, End: on(2032, 9, 18), AnchorDay: 18, AutoRenew: true}
	parked := &device.Allocation{Source: device.SourceIncluded, Until: on(2027, 11, 23), AnchorDay: 23}
	s := registered(t, customer)
	out := device.Transferred{Device: s.State.UID, Transfer: moved, From: customer.UID, To: reseller.UID, Name: serial, Service: free, Parked: parked, Policy: v1}
	s.State = device.Evolve(s.State, out)
	wantEnd(t, s.When(transfer(reseller, customer, day0+301)).ThenDone().State, on(2027, 11, 23))

	back := out
	back.Transfer, back.From, back.To, back.Parked, back.Consumed = uuid.UUID{59}, reseller.UID, customer.UID, nil, true
	back.Service = device.Service{Offer: catalogue.Complete, Source: device.SourceIncluded, Start: day0 + 301, End: on(2028, 9, 19), AnchorDay: 19}
	lent := s.State
	s.State = device.Evolve(lent, back)
	wantEnd(t, s.State, on(2028, 9, 19)) // was given, and stays

	s.State = device.Evolve(lent, device.TransferReversed{
		Device: lent.UID, Transfer: moved, Reversal: uuid.UUID{58}, From: reseller.UID, To: customer.UID, LifeCycle: device.Active,
		Service: device.Service{Offer: catalogue.Complete, Source: device.SourceIncluded, Start: day0, End: on(2027, 11, 23), AnchorDay: 23},
	})
	if !s.State.Consumed {
		t.Error("a reversal of before gives the included term once more")
	}
}
