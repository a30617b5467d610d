package device_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
)

var rival = device.Owner{UID: uuid.UUID{9}, Type: account.Reseller, Status: account.Activated, Offers: catalogue.Offers}

// user is one of an account, with the right where it is named.
func user(of device.Owner, source, target bool) device.Mover {
	return device.Mover{Actor: domain.Actor{Kind: domain.ActorUser, ID: "u" + of.UID.String(), Account: of.UID}, Source: source, Target: target}
}

func by(m device.Mover) func(*device.Transfer) { return func(c *device.Transfer) { c.By = m } }

// lacking are the accounts in which a right is missing.
func lacking(problems []domain.Problem) []string {
	var accounts []string
	for _, p := range problems {
		if p.Code == device.CodeMissingRight && p.Facts["right"] == "devices.transfer" {
			accounts = append(accounts, p.Facts["account"])
		}
	}
	return accounts
}

// Transfer 1: who may.
func TestTransferRights(t *testing.T) {
	t.Parallel()
	born := registered(t, customer)
	lent := registered(t, reseller).When(transfer(reseller, customer, day0)).ThenDone()
	for _, c := range []struct {
		name    string
		s       device.State
		to      device.Owner
		by      device.Mover
		missing []device.Owner
	}{
		{"a reseller gives", registered(t, reseller).State, customer, user(reseller, true, false), nil},
		{"a reseller's user without the right gives", registered(t, reseller).State, customer, user(reseller, false, true), []device.Owner{reseller}},
		{"a reseller takes", born.State, reseller, user(reseller, true, true), nil},
		{"a reseller takes under read-only", born.State, reseller, user(reseller, false, true), []device.Owner{customer}},
		{"a reseller's user without the right at home takes", born.State, reseller, user(reseller, true, false), []device.Owner{reseller}},
		{"a customer gives its own", born.State, reseller, user(customer, true, false), []device.Owner{reseller}},
		{"a customer gives its own, with a right there", born.State, reseller, user(customer, true, true), []device.Owner{reseller}},
		{"a customer returns", lent.State, reseller, user(customer, true, false), nil},
		{"a customer's user without the right returns", lent.State, reseller, user(customer, false, false), []device.Owner{customer}},
		{"a customer returns to another reseller", lent.State, rival, user(customer, true, false), []device.Owner{rival}},
		{"a third party gives to a reseller", lent.State, reseller, user(rival, true, false), []device.Owner{reseller}},
		{"a stranger", lent.State, reseller, user(other, false, false), []device.Owner{customer, reseller}},
		{"the operator", born.State, reseller, operator, nil},
		{"nobody", born.State, reseller, device.Mover{}, []device.Owner{customer, reseller}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := lacking(device.TransferRights(c.s, c.to, c.by))
			if len(got) != len(c.missing) {
				t.Fatalf("missing in %v, want %v", got, c.missing)
			}
			for i, o := range c.missing {
				if got[i] != o.UID.String() {
					t.Errorf("missing in %s, want %s", got[i], o.UID)
				}
			}
		})
	}
}

// A return is to where the device came from last, also when a transfer in
// between was taken back.
func TestReturnIsToWhereItCameFrom(t *testing.T) {
	t.Parallel()
	returns := by(user(customer, true, false))
	lent := registered(t, reseller).When(transfer(reseller, customer, day0)).ThenDone()
	back := lent.When(transfer(customer, reseller, day0+1, asMoved)).ThenDone().When(reverseTransfer(customer)).ThenDone()
	back.When(transfer(customer, reseller, day0+2, returns)).ThenDone()
	elsewhere := lent.When(transfer(customer, rival, day0+1)).ThenDone().When(transfer(rival, customer, day0+2)).ThenDone()
	elsewhere.When(transfer(customer, reseller, day0+3, returns)).ThenRefused(device.CodeMissingRight)
	elsewhere.When(transfer(customer, rival, day0+3, returns)).ThenDone()
}

func TestTransferWithoutTheRight(t *testing.T) {
	t.Parallel()
	none := by(user(reseller, false, true))
	registered(t, customer).When(transfer(customer, reseller, day0, none)).ThenRefused(device.CodeMissingRight)
	given(t).When(transfer(customer, reseller, day0, none)).ThenRefused(device.CodeDeviceNotFound, device.CodeMissingRight)
	registered(t, other).When(transfer(customer, reseller, day0, none)).ThenRefused(device.CodeNotInSource, device.CodeMissingRight)
	// What a return would be told by is not known of a device that is elsewhere.
	given(t).When(transfer(customer, reseller, day0, by(user(customer, true, false)))).ThenRefused(device.CodeDeviceNotFound)
}

// Transfer 1: whoever made a transfer may reverse it for 24 hours.
func TestUndo(t *testing.T) {
	t.Parallel()
	made := on(2027, 5, 31).Time().Add(15 * time.Hour)
	given := registered(t, reseller).When(transfer(reseller, customer, day0, asMoved)).ThenDone()
	taken := registered(t, customer).When(transfer(customer, reseller, day0, asMoved)).ThenDone()
	maker := user(reseller, false, true) // a device goes back to its own account
	colleague := maker
	colleague.Actor.ID = "colleague"
	const inTime, late = 24*time.Hour - time.Second, 24 * time.Hour
	for _, c := range []struct {
		name   string
		device device.State
		source device.Owner
		by     device.Mover
		after  time.Duration
		want   bool
	}{
		{"the maker", given.State, reseller, maker, inTime, true},
		{"the maker, late", given.State, reseller, maker, late, false},
		{"the maker, who has lost the right", given.State, reseller, user(reseller, false, false), inTime, false},
		{"a colleague", given.State, reseller, colleague, inTime, false},
		{"the maker with the right where the device is, late", given.State, reseller, user(reseller, true, true), late, true},
		{"the customer, late", given.State, reseller, user(customer, true, false), late, true},
		{"the customer's user without the right", given.State, reseller, user(customer, false, false), inTime, false},
		{"a third reseller of the customer", given.State, reseller, user(rival, true, false), inTime, false},
		{"who took it, late", taken.State, customer, user(reseller, true, false), late, true},
		{"whom it was taken from", taken.State, customer, user(customer, false, true), inTime, false},
		{"the operator", given.State, reseller, operator, 1000 * time.Hour, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := registered(t, reseller)
			o.State = c.device
			outcome := o.When(reverseTransfer(c.source, func(r *device.ReverseTransfer) {
				r.By, r.Made, r.Now = c.by, device.Made{By: maker.Actor, At: made}, made.Add(c.after)
			}))
			if c.want {
				outcome.ThenDone()
				return
			}
			outcome.ThenRefused(outcomeCodes(len(outcome.Problems()))...)
		})
	}
}

// outcomeCodes is missing_right so many times, at least once.
func outcomeCodes(n int) []string {
	all := []string{device.CodeMissingRight}
	for len(all) < n {
		all = append(all, device.CodeMissingRight)
	}
	return all
}

// What was used of the included term does not come back with a late reversal.
func TestLateReversalGivesNoSecondTerm(t *testing.T) {
	t.Parallel()
	s := registered(t, reseller).When(transfer(reseller, customer, day0, asMoved)).ThenDone()
	at := func(after time.Duration) decision {
		return reverseTransfer(reseller, func(c *device.ReverseTransfer) { c.Made.At, c.Now = day0.Time(), day0.Time().Add(after) })
	}
	undone := s.When(at(time.Hour)).ThenDone()
	wantEnd(t, undone.When(transfer(reseller, customer, day0+300)).ThenDone().State, on(2028, 9, 19))
	late := s.When(at(300 * 24 * time.Hour)).ThenDone()
	if late.State.ParkedUntil() != on(2027, 11, 23) || !late.State.Service.AutoRenew {
		t.Errorf("%+v", late.State)
	}
	wantEnd(t, late.When(transfer(reseller, customer, day0+301)).ThenDone().State, on(2027, 11, 23))
}
