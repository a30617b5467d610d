package device_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
)

func release(from, to device.Owner) decision {
	return func(s device.State) ([]domain.Event, error) {
		return device.DecideRelease(s, device.Release{Request: uuid.UUID{70}, Owner: from.UID, To: to.UID})
	}
}

// A released device moves when the other account registers it, with what it has
// a right to and nothing of its owner before.
func TestReleasedDeviceIsRegisteredElsewhere(t *testing.T) {
	t.Parallel()
	s := registered(t, customer).When(relabel).ThenDone().When(order(1, day0, term("P3Y"))).ThenDone()
	s.When(register(other, day0+10)).ThenRefused(device.CodeRegisteredElsewhere)
	s = s.When(release(customer, other)).ThenDone()
	s.When(release(customer, other)).Then()
	s.When(register(reseller, day0+10)).ThenRefused(device.CodeRegisteredElsewhere)
	if s.State.Account != customer.UID {
		t.Error("a release moves nothing by itself")
	}
	end := s.State.Service.End
	s = s.When(register(other, day0+10)).ThenDone()
	if s.State.Account != other.UID || len(s.State.Labels) > 0 || s.State.Name == "Engine 5" || s.State.FirstRegistered != day0 {
		t.Errorf("%+v", s.State)
	}
	wantEnd(t, s.State, end)
	s.When(register(other, day0+10)).Then()
	s.When(register(customer, day0+11)).ThenRefused(device.CodeRegisteredElsewhere)
}

func TestReleaseRules(t *testing.T) {
	t.Parallel()
	s := registered(t, customer)
	s.When(release(reseller, other)).ThenRefused(device.CodeNotInSource)
	given(t).When(release(customer, other)).ThenRefused(device.CodeNotInSource)
	s.When(retire).ThenDone().When(release(customer, other)).ThenRefused(device.CodeRetired)
	s.When(hold).ThenDone().When(release(customer, other)).ThenRefused(device.CodeBusy)
	s.When(release(customer, other)).ThenDone().When(retire).ThenDone().When(register(other, day0)).ThenRefused(device.CodeRetired)
	s.When(release(customer, other)).ThenDone().When(hold).ThenDone().When(register(other, day0)).ThenRefused(device.CodeBusy)
	s.When(release(customer, other)).ThenDone().When(register(other, day0+4000)).ThenRefused(device.CodeAllocationExpired)
	s.When(release(customer, other)).ThenDone().
		When(transfer(customer, reseller, day0)).ThenDone().
		When(register(other, day0)).ThenRefused(device.CodeRegisteredElsewhere)
	s.When(release(customer, other)).ThenDone().When(register(other, day0, func(c *device.Register) {
		c.Factor.Value = "004401000000023"
	})).ThenRefused(device.CodeFactorMismatch)
}
