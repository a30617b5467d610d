package device_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/device"
)

func TestReverseRenewal(t *testing.T) {
	t.Parallel()
	s := registered(t, customer)
	once := s.When(order(1, day0, term("P1Y"))).ThenDone()
	back := once.When(reverseRenewal(1, 1)).Then(device.RenewalReversed{
		Device: s.State.UID, Reversal: uuid.UUID{102, 1}, Renewal: uuid.UUID{100, 1}, OldEnd: on(2028, 11, 23), NewEnd: on(2027, 11, 23),
		Restored: &device.Allocation{Source: device.SourceIncluded, Until: on(2027, 11, 23), AnchorDay: 23},
	})
	wantEnd(t, back.State, on(2027, 11, 23))
	if back.State.Service != s.State.Service {
		t.Errorf("%+v", back.State.Service)
	}
	back.When(reverseRenewal(1, 1)).Then() // the same reversal again
	back.When(reverseRenewal(1, 2)).ThenRefused(device.CodeRenewalReversed)
	back.When(order(1, day0, term("P1Y"))).Then() // the order itself does not come back
	wantEnd(t, back.When(order(2, day0, term("P3Y"))).ThenDone().State, on(2030, 11, 23))
}

// Several orders are taken back from the latest on.
func TestReverseTheLatestOnly(t *testing.T) {
	t.Parallel()
	s := registered(t, customer).When(order(1, day0, term("P1Y"))).ThenDone().When(order(2, day0, term("P1Y"))).ThenDone()
	s.When(reverseRenewal(1, 1)).ThenRefused(device.CodeRenewalNotLatest)
	one := s.When(reverseRenewal(2, 1)).ThenDone()
	wantEnd(t, one.State, on(2028, 11, 23))
	wantEnd(t, one.When(reverseRenewal(1, 2)).ThenDone().State, on(2027, 11, 23))
	granted := one.When(grant(7, day0, on(2030, 1, 1))).ThenDone()
	granted.When(reverseRenewal(1, 2)).ThenRefused(device.CodeRenewalNotLatest)
	granted.When(reverseRenewal(7, 2)).ThenRefused(device.CodeRenewalNotApplied) // a grant is no order
}

func TestReverseRefused(t *testing.T) {
	t.Parallel()
	given(t).When(reverseRenewal(1, 1)).ThenRefused(device.CodeDeviceNotFound)
	s := registered(t, customer)
	s.When(reverseRenewal(1, 1)).ThenRefused(device.CodeRenewalNotApplied)
	s = s.When(order(1, day0, term("P1Y"))).ThenDone()
	s.When(hold).ThenDone().When(reverseRenewal(1, 1)).ThenRefused(device.CodeBusy)
	s.When(retire).ThenDone().When(reverseRenewal(1, 1)).ThenRefused(device.CodeRetired)
	away := s.When(transfer(customer, reseller, day0)).ThenDone()
	away.When(reverseRenewal(1, 1)).ThenRefused(device.CodeTransferredSince)
	// Also when it has come back: what it runs on is not what was ordered then.
	away.When(transfer(reseller, customer, day0)).ThenDone().When(reverseRenewal(1, 1)).ThenRefused(device.CodeTransferredSince)
	away.When(order(2, day0, term("P1Y"))).ThenDone().When(reverseRenewal(1, 1)).
		ThenRefused(device.CodeRenewalNotLatest, device.CodeTransferredSince)
}

// In a reseller's account an order parks; an automatic renewal is no order and
// does not stand between.
func TestReverseParked(t *testing.T) {
	t.Parallel()
	s := registered(t, reseller).When(order(1, day0, term("P1Y"))).ThenDone().When(automatic(on(2031, 11, 23))).ThenDone()
	end := s.State.Service.End
	back := s.When(reverseRenewal(1, 1)).ThenDone()
	if back.State.Parked != nil {
		t.Errorf("parked %+v", back.State.Parked)
	}
	wantEnd(t, back.State, end)
	automaticID := device.FreeRenewal(s.State.UID, on(2031, 11, 23))
	if s.State.WasRenewedBy(automaticID) || !s.State.WasRenewedBy(uuid.UUID{100, 1}) || !back.State.WasRenewedBy(uuid.UUID{100, 1}) {
		t.Error("the device does not know its orders")
	}
}
