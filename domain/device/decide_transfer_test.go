package device_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
)

var policy = device.Policy{Name: "eligibility", Version: 2, Included: device.IncludedFull}

// Transfer 2, 4: inside the included year a transfer to a customer starts a
// full new included term on the transfer date.
func TestTransferToCustomerInsideTheIncludedYear(t *testing.T) {
	t.Parallel()
	s := registered(t, reseller)
	s.When(transfer(reseller, customer, on(2027, 5, 31), func(c *device.Transfer) { c.ID, c.Name = uuid.UUID{50}, "Engine 5" })).
		Then(device.Transferred{
			Device: s.State.UID, Transfer: uuid.UUID{50}, From: reseller.UID, To: customer.UID, Name: "Engine 5",
			Service: device.Service{
				Offer: catalogue.Complete, Source: device.SourceIncluded, Start: on(2027, 5, 31), End: on(2028, 5, 31), AnchorDay: 31,
			},
			Consumed: true, Policy: policy,
		})
	wantEnd(t, s.When(transfer(reseller, customer, on(2027, 11, 23))).ThenDone().State, on(2028, 11, 23)) // the last day
	s.When(transfer(reseller, customer, on(2027, 11, 24))).ThenRefused(device.CodeAllocationMissing)
}

// Transfer 4: the switch.
func TestTransferRemainder(t *testing.T) {
	t.Parallel()
	remainder := func(c *device.Transfer) { c.Rules.IncludedTransfer = device.IncludedRemainder }
	s := registered(t, reseller).When(transfer(reseller, customer, on(2027, 5, 31), remainder)).ThenDone().State
	wantEnd(t, s, on(2027, 11, 23))
	if s.Consumed {
		t.Error("a remainder starts nothing anew")
	}
}

// Transfer 4: once per device.
func TestIncludedTermStartsAnewOnce(t *testing.T) {
	t.Parallel()
	s := registered(t, reseller).
		When(transfer(reseller, customer, on(2026, 12, 1))).ThenDone().
		When(transfer(customer, reseller, on(2027, 1, 1))).ThenDone().
		When(transfer(reseller, customer, on(2027, 6, 1))).ThenDone()
	wantEnd(t, s.State, on(2027, 12, 1))
}

// Transfer 3: the worked case of the source, and both remedies.
func TestTransferAfterThreeYears(t *testing.T) {
	t.Parallel()
	late := on(2029, 11, 23)
	s := registered(t, reseller)
	refusal := s.When(transfer(reseller, customer, late))
	refusal.ThenRefused(device.CodeAllocationMissing)
	var remedies []string
	for _, r := range refusal.Problems()[0].Remedies {
		remedies = append(remedies, r.Code)
	}
	if len(remedies) != 2 || remedies[0] != "purchase_renewal" || remedies[1] != "request_allocation" {
		t.Errorf("remedies %v", remedies)
	}

	bought := s.When(order(1, late, term("P3Y"))).ThenDone()
	wantEnd(t, bought.State, on(2031, 11, 23)) // the free term stands
	wantEnd(t, bought.When(transfer(reseller, customer, late)).ThenDone().State, on(2032, 11, 23))

	granted := s.When(grant(1, late, on(2030, 1, 15))).ThenDone()
	wantEnd(t, granted.When(transfer(reseller, customer, late)).ThenDone().State, on(2030, 1, 15))
	wantEnd(t, granted.When(transfer(reseller, customer, on(2030, 1, 15))).ThenDone().State, on(2030, 1, 15))
	granted.When(transfer(reseller, customer, on(2030, 1, 16))).ThenRefused(device.CodeAllocationExpired)
}

// Transfer 5: what was paid for is parked and comes back.
func TestTransferToResellerParks(t *testing.T) {
	t.Parallel()
	s := registered(t, customer).When(order(1, day0, term("P5Y"))).ThenDone().
		When(transfer(customer, reseller, on(2027, 2, 1))).ThenDone()
	wantEnd(t, s.State, on(2032, 2, 1))
	if !s.State.Service.AutoRenew || s.State.Parked == nil || *s.State.Parked != (device.Allocation{
		Source: device.SourcePurchased, Until: on(2032, 11, 23), AnchorDay: 23,
	}) {
		t.Errorf("service %+v, parked %+v", s.State.Service, s.State.Parked)
	}
	back := s.When(transfer(reseller, customer, on(2027, 3, 1))).ThenDone().State
	wantEnd(t, back, on(2032, 11, 23)) // later than a new included term
	if back.Service.AutoRenew || back.Parked != nil {
		t.Errorf("after the return: %+v", back)
	}
}

// Transfer 3: a service that ran out at the customer's is an expired one.
func TestTransferOfAnExpiredService(t *testing.T) {
	t.Parallel()
	registered(t, customer).
		When(transfer(customer, reseller, on(2028, 1, 1))).ThenDone().
		When(transfer(reseller, customer, on(2028, 2, 1))).ThenRefused(device.CodeAllocationExpired)
}

// Transfer 2: as if new.
func TestTransferActivates(t *testing.T) {
	t.Parallel()
	s := registered(t, reseller).When(suspend).ThenDone().When(transfer(reseller, customer, day0)).ThenDone().State
	if s.LifeCycle != device.Active || s.Account != customer.UID || s.Name != "LA00000000000001" {
		t.Errorf("%+v", s)
	}
}

// Transfer 2: only under the same offer type.
func TestTransferOffer(t *testing.T) {
	t.Parallel()
	const basic, complete, premium = catalogue.Basic, catalogue.Complete, catalogue.Premium
	mismatch, unavailable := device.CodeOfferTypeMismatch, device.CodeOfferNotAvailable
	for _, tt := range []struct {
		name   string
		model  catalogue.Model
		target []catalogue.Offer
		named  catalogue.Offer
		codes  []string // none: allowed
	}{
		{"kept", rv50, []catalogue.Offer{complete}, "", nil},
		{"kept, named", rv50, []catalogue.Offer{complete}, complete, nil},
		{"another named", rv50, catalogue.Offers, basic, []string{mismatch}},
		{"another named, the model has it not", rv50, catalogue.Offers, premium, []string{mismatch, unavailable}},
		{"target would put it on another", rv50, []catalogue.Offer{basic}, "", []string{mismatch, unavailable}},
		{"target has none for the model", rv50, []catalogue.Offer{premium}, "", []string{unavailable}},
		{"not the default for the model", rx400, []catalogue.Offer{complete, premium}, "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			to := customer
			to.Offers = tt.target
			o := registered(t, reseller).When(transfer(reseller, to, day0, func(c *device.Transfer) { c.Model, c.Offer = tt.model, tt.named }))
			if tt.codes != nil {
				o.ThenRefused(tt.codes...)
				return
			}
			if got := o.ThenDone().State.Service.Offer; got != complete {
				t.Errorf("offer %s", got)
			}
		})
	}
}

// Transfer 6: all that apply, each with a remedy.
func TestTransferRefused(t *testing.T) {
	t.Parallel()
	closed := customer
	closed.Status = account.Closed
	strangers := func(c *device.Transfer) { c.Partnered = false }
	s := registered(t, reseller)
	c := registered(t, customer)

	given(t).When(transfer(reseller, customer, day0)).ThenRefused(device.CodeDeviceNotFound)
	s.When(transfer(reseller, customer, day0, strangers)).ThenRefused(device.CodeNotPartnered)
	s.When(transfer(reseller, reseller, day0)).ThenRefused(device.CodeTargetSame)
	c.When(transfer(customer, other, day0)).ThenRefused(device.CodeNeitherIsReseller)
	s.When(transfer(reseller, other, day0)).ThenDone() // pending
	s.When(transfer(reseller, closed, day0)).ThenRefused(device.CodeTargetNotActive)
	s.When(retire).ThenDone().When(transfer(reseller, customer, day0)).ThenRefused(device.CodeRetired)
	s.When(hold).ThenDone().When(transfer(reseller, customer, day0)).ThenRefused(device.CodeBusy)

	everything := s.When(retire).ThenDone().When(transfer(reseller, closed, on(2029, 1, 1), strangers, func(c *device.Transfer) {
		c.Offer = catalogue.Basic
	}))
	everything.ThenRefused(device.CodeRetired, device.CodeTargetNotActive, device.CodeNotPartnered,
		device.CodeOfferTypeMismatch, device.CodeAllocationMissing)
	for _, p := range everything.Problems() {
		if len(p.Remedies) == 0 {
			t.Errorf("%s has no remedy", p.Code)
		}
	}
	t.Run("nothing is told of a device that is elsewhere", func(t *testing.T) {
		t.Parallel()
		c.When(retire).ThenDone().When(transfer(reseller, other, on(2040, 1, 1))).ThenRefused(device.CodeNotInSource)
	})
}
