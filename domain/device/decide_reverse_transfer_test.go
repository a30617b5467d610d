package device_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/device"
)

var moved = uuid.UUID{50, 7}

func reverseTransfer(source device.Owner, set ...func(*device.ReverseTransfer)) decision {
	c := device.ReverseTransfer{ID: uuid.UUID{60}, Transfer: moved, Source: source, By: operator, Rules: device.DefaultRules}
	c.Made.At = on(2027, 5, 31).Time()
	c.Now = c.Made.At.Add(time.Hour)
	for _, f := range set {
		f(&c)
	}
	return func(s device.State) ([]domain.Event, error) { return device.DecideReverseTransfer(s, c) }
}

func asMoved(c *device.Transfer) { c.ID = moved }

func another(c *device.ReverseTransfer) { c.ID = uuid.UUID{61} }

// What a reversal restores: everything but the name and the labels of today,
// and what was remembered on the way.
func TestReversalRestoresTheDevice(t *testing.T) {
	t.Parallel()
	day := on(2027, 5, 31)
	for name, c := range map[string]struct {
		from, to device.Owner
		before   []decision
	}{
		"of a reseller's device":  {reseller, customer, nil},
		"with something parked":   {reseller, customer, []decision{order(1, day0, term("P3Y"))}},
		"back from the reseller":  {customer, reseller, []decision{order(1, day0, term("P1Y"))}},
		"of a suspended device":   {customer, reseller, []decision{suspend}},
		"with the term used up":   {customer, reseller, []decision{transfer(customer, reseller, day0+1), transfer(reseller, customer, day0+2)}},
		"that was reversed twice": {reseller, customer, []decision{transfer(reseller, customer, day0+1, asMoved), reverseTransfer(reseller, another)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := registered(t, c.from)
			for _, decide := range c.before {
				s = s.When(decide).ThenDone()
			}
			transferID := func(c *device.Transfer) { c.ID = uuid.UUID{51} }
			of := func(c *device.ReverseTransfer) { c.Transfer = uuid.UUID{51} }
			after := s.When(transfer(c.from, c.to, day, transferID)).ThenDone().
				When(rename).ThenDone().When(relabel).ThenDone().
				When(reverseTransfer(c.from, of)).ThenDone()
			want := s.State
			want.Name, want.Labels = after.State.Name, after.State.Labels
			want.Applied, want.Moved = after.State.Applied, after.State.Moved
			if diff := cmp.Diff(want, after.State); diff != "" {
				t.Errorf("not as it was (-want +got):\n%s", diff)
			}
			after.When(reverseTransfer(c.from, of)).Then() // the same once more
			after.When(reverseTransfer(c.from, of, another, func(c *device.ReverseTransfer) { c.ID = uuid.UUID{62} })).
				ThenRefused(device.CodeAlreadyReversed)
			after.When(transfer(c.from, c.to, day, func(c *device.Transfer) { c.ID = uuid.UUID{52} })).ThenDone()
		})
	}
}

func TestReversalRules(t *testing.T) {
	t.Parallel()
	day := on(2027, 5, 31)
	s := registered(t, reseller).When(transfer(reseller, customer, day, asMoved)).ThenDone()
	closed := reseller
	closed.Status = account.Closed
	s.When(reverseTransfer(closed)).ThenRefused(device.CodeSourceNotActive)
	s.When(reverseTransfer(reseller, func(c *device.ReverseTransfer) { c.Transfer = uuid.UUID{9} })).ThenRefused(device.CodeNotInTransfer)
	registered(t, reseller).When(reverseTransfer(reseller)).ThenRefused(device.CodeNotInTransfer)
	given(t).When(reverseTransfer(reseller)).ThenRefused(device.CodeNotInTransfer)

	for name, since := range map[string]decision{
		"Suspended":         suspend,
		"ServiceRenewed":    order(3, day, term("P1Y")),
		"AllocationGranted": grant(3, day, day+1000),
		"Transferred":       transfer(customer, reseller, day+1),
	} {
		refusal := s.When(since).ThenDone().When(reverseTransfer(reseller))
		refusal.ThenRefused(device.CodeChangedSince)
		if got := refusal.Problems()[0].Facts["event"]; got != name {
			t.Errorf("changed by %q, want %q", got, name)
		}
	}
	s.When(suspend).ThenDone().When(resume).ThenDone().When(reverseTransfer(reseller)).ThenRefused(device.CodeChangedSince)
	s.When(retire).ThenDone().When(reverseTransfer(closed)).
		ThenRefused(device.CodeChangedSince, device.CodeRetired, device.CodeSourceNotActive)
	s.When(hold).ThenDone().When(reverseTransfer(reseller)).ThenRefused(device.CodeBusy)
	s.When(hold).ThenDone().When(unhold).ThenDone().When(reverseTransfer(reseller)).ThenDone()
}
