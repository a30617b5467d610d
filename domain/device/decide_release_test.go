package device_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/domaintest"
)

func release(from, to device.Owner) decision {
	return func(s device.State) ([]domain.Event, error) {
		return device.DecideRelease(s, device.Release{Request: uuid.UUID{70}, Owner: from.UID, To: to.UID})
	}
}

func releaseByItself(from, to device.Owner) decision {
	return func(s device.State) ([]domain.Event, error) {
		return device.DecideRelease(s, device.Release{Request: uuid.UUID{70}, Owner: from.UID, To: to.UID, ByItself: true})
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
	s.When(hold).ThenDone().When(release(customer, other)).ThenRefused(device.CodeBusy)
	s.When(release(customer, other)).ThenDone().When(hold).ThenDone().When(register(other, day0)).ThenRefused(device.CodeBusy)
	s.When(release(customer, other)).ThenDone().When(register(other, day0+4000)).ThenRefused(device.CodeAllocationExpired)
	s.When(release(customer, other)).ThenDone().
		When(transfer(customer, reseller, day0)).ThenDone().
		When(register(other, day0)).ThenRefused(device.CodeRegisteredElsewhere)
	s.When(release(customer, other)).ThenDone().When(register(other, day0, func(c *device.Register) {
		c.Factor.Value = "004401000000023"
	})).ThenRefused(device.CodeFactorMismatch)
}

// Devices 5: whoever holds a retired device can have it, asked for or not.
func TestRetiredDeviceIsRegisteredElsewhere(t *testing.T) {
	t.Parallel()
	retired := registered(t, customer).When(relabel).ThenDone().When(retire).ThenDone()
	for name, released := range map[string]*domaintest.Scenario[device.State]{
		"by its account": retired.When(release(customer, other)).ThenDone(),
		"by itself":      retired.When(releaseByItself(customer, other)).ThenDone(),
		"retired later":  registered(t, customer).When(release(customer, other)).ThenDone().When(retire).ThenDone(),
	} {
		s := released.When(register(other, day0+10)).ThenDone()
		if s.State.LifeCycle != device.Active || s.State.Account != other.UID || len(s.State.Labels) > 0 || s.State.Released != (device.Released{}) {
			t.Errorf("%s: %+v", name, s.State)
		}
		wantEnd(t, s.State, on(2027, 11, 23))
		s.When(register(other, day0+10)).Then()
	}
}

// A retired device whose service has run out needs a grant first: nobody can
// order for it.
func TestRetiredDeviceOutOfServiceIsGrantedOne(t *testing.T) {
	t.Parallel()
	late := on(2030, 1, 1)
	retired := registered(t, customer).When(retire).ThenDone()
	retired.When(grant(1, late, on(2031, 1, 1))).ThenRefused(device.CodeRetired)
	released := retired.When(release(customer, other)).ThenDone()
	refusal := released.When(register(other, late))
	refusal.ThenRefused(device.CodeAllocationExpired)
	if got := remedies(refusal); !slices.Equal(got, []string{"request_allocation"}) {
		t.Errorf("remedies %v", got)
	}
	wantEnd(t, released.When(grant(1, late, on(2031, 1, 1))).ThenDone().When(register(other, late)).ThenDone().State, on(2031, 1, 1))
}

func TestReleaseByItself(t *testing.T) {
	t.Parallel()
	s := registered(t, customer)
	retired := s.When(retire).ThenDone()
	asked := on(2027, 1, 1).Time()
	for _, c := range []struct {
		s     device.State
		after time.Duration
		want  bool
	}{
		{retired.State, 7 * 24 * time.Hour, true},
		{retired.State, 7*24*time.Hour - time.Second, false},
		{s.State, 30 * 24 * time.Hour, false},
		{device.State{}, 30 * 24 * time.Hour, false},
	} {
		if got := c.s.ReleasedByItself(asked, asked.Add(c.after), device.DefaultRules); got != c.want {
			t.Errorf("%s after %v: %v", c.s.LifeCycle, c.after, got)
		}
	}
	s.When(releaseByItself(customer, other)).ThenRefused(device.CodeNotRetired)
	retired.When(reinstate("")).ThenDone().When(releaseByItself(customer, other)).ThenRefused(device.CodeNotRetired)
	retired.When(hold).ThenDone().When(releaseByItself(customer, other)).ThenRefused(device.CodeBusy)
}

// A request lets the device go once: told again later, it does not undo what
// came after it.
func TestReleaseOnce(t *testing.T) {
	t.Parallel()
	s := registered(t, customer).When(retire).ThenDone().When(release(customer, other)).ThenDone().When(reinstate("")).ThenDone()
	s.When(release(customer, other)).Then()
	s.When(register(other, day0)).ThenRefused(device.CodeRegisteredElsewhere)
}
