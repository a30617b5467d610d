package device_test

import (
	"testing"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/domaintest"
)

const iccid, otherICCID = "8931000000000000001", "8931000000000000002"

func sim(iccid string) decision {
	return func(s device.State) ([]domain.Event, error) { return device.DecideSIM(s, iccid) }
}

func withSIM(c *device.Register) { c.ICCID = iccid }

// remedies are those of the first problem.
func remedies(o *domaintest.Outcome[device.State]) []string {
	var all []string
	for _, r := range o.Problems()[0].Remedies {
		all = append(all, r.Code)
	}
	return all
}

// Transfer 1: an ICCID can be corrected or taken away.
func TestSIM(t *testing.T) {
	t.Parallel()
	s := registered(t, customer)
	uid := s.State.UID
	s.When(sim("")).Then()
	first := s.When(sim(iccid)).Then(device.SIMAssigned{Device: uid, ICCID: iccid})
	first.When(sim(iccid)).Then()
	corrected := first.When(sim(otherICCID)).Then(device.SIMAssigned{Device: uid, OldICCID: iccid, ICCID: otherICCID})
	if corrected.State.ICCID != otherICCID {
		t.Errorf("ICCID %q", corrected.State.ICCID)
	}
	gone := corrected.When(sim("")).Then(device.SIMRemoved{Device: uid, ICCID: otherICCID})
	gone.When(sim("")).Then()
	if gone.State.ICCID != "" {
		t.Errorf("ICCID %q", gone.State.ICCID)
	}
	given(t).When(sim(iccid)).ThenRefused(device.CodeDeviceNotFound)
	registered(t, reseller).When(sim(iccid)).ThenRefused(device.CodeSIMNotAllowed)
	registered(t, reseller).When(hold).ThenDone().When(sim(iccid)).ThenRefused(device.CodeSIMNotAllowed, device.CodeBusy)
}

// Transfer 1: no SIM enters a reseller's account, whichever way.
func TestNoSIMEntersAResellersAccount(t *testing.T) {
	t.Parallel()
	with := given(t).When(register(customer, day0, withSIM)).ThenDone()
	refusal := with.When(transfer(customer, reseller, day0))
	refusal.ThenRefused(device.CodeSIMNotAllowed)
	if got := remedies(refusal); len(got) != 1 || got[0] != "remove_sim" {
		t.Errorf("remedies %v", got)
	}
	with.When(sim("")).ThenDone().When(transfer(customer, reseller, day0)).ThenDone()

	moved := registered(t, reseller).When(transfer(reseller, customer, day0, asMoved)).ThenDone().When(sim(iccid)).ThenDone()
	moved.When(reverseTransfer(reseller)).ThenRefused(device.CodeSIMNotAllowed)
	moved.When(sim("")).ThenDone().When(reverseTransfer(reseller)).ThenDone()

	released := with.When(release(customer, reseller)).ThenDone()
	released.When(register(reseller, day0)).ThenRefused(device.CodeSIMNotAllowed)
	released.When(sim("")).ThenDone().When(register(reseller, day0)).ThenDone()
}

// Transfer 1: what stands in a reseller's account from before stays, and may be
// taken away; it leaves with its SIM and does not come back with it.
func TestSIMOfBeforeInAResellersAccount(t *testing.T) {
	t.Parallel()
	with := given(t).When(register(customer, day0, withSIM)).ThenDone()
	in := registered(t, reseller)
	in.State.ICCID = iccid // by the rules of before
	in.When(sim(iccid)).Then()
	in.When(sim(otherICCID)).ThenRefused(device.CodeSIMNotAllowed)
	in.When(sim("")).Then(device.SIMRemoved{Device: with.State.UID, ICCID: iccid})
	out := in.When(transfer(reseller, customer, day0, asMoved)).ThenDone()
	if out.State.ICCID != iccid {
		t.Errorf("ICCID %q", out.State.ICCID)
	}
	out.When(reverseTransfer(reseller)).ThenRefused(device.CodeSIMNotAllowed)
}

// Whoever takes a device over says which SIM is in it.
func TestSIMOfATakenOverDevice(t *testing.T) {
	t.Parallel()
	released := given(t).When(register(customer, day0, withSIM)).ThenDone().When(release(customer, other)).ThenDone()
	for _, now := range []string{"", iccid, otherICCID} {
		s := released.When(register(other, day0, func(c *device.Register) { c.ICCID = now })).ThenDone()
		if s.State.ICCID != now {
			t.Errorf("ICCID %q, want %q", s.State.ICCID, now)
		}
	}
}
