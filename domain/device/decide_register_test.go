package device_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
)

// Devices 1, 4: registration activates at once; the name is the serial number
// by default; the included term runs from the registration.
func TestRegisterForCustomer(t *testing.T) {
	t.Parallel()
	included := device.Allocation{Source: device.SourceIncluded, Until: on(2027, 11, 23), AnchorDay: 23}
	given(t).
		When(register(customer, day0, func(c *device.Register) { c.ICCID, c.Labels = "8901000000000000001", []string{"north"} })).
		Then(device.Registered{
			Device: device.UID("LA00000000000001"), SerialNumber: "LA00000000000001", Factor: factor, Model: "RV50",
			Account: customer.UID, Name: "LA00000000000001", Labels: []string{"north"}, LifeCycle: device.Active, FirstRegistered: day0,
			Service:  device.Service{Offer: catalogue.Complete, Source: device.SourceIncluded, Start: day0, End: on(2027, 11, 23), AnchorDay: 23},
			Included: included, ICCID: "8901000000000000001",
		})
}

// Accounts 2: five years at no cost, renewing by themselves; the included year
// runs all the same (Transfer 4).
func TestRegisterForReseller(t *testing.T) {
	t.Parallel()
	s := registered(t, reseller).State
	want := device.Service{
		Offer: catalogue.Complete, Source: device.SourceFree, Start: day0, End: on(2031, 11, 23), AnchorDay: 23, AutoRenew: true,
	}
	if diff := cmp.Diff(want, s.Service); diff != "" {
		t.Error(diff)
	}
	if s.Included.Until != on(2027, 11, 23) {
		t.Errorf("included until %v", s.Included.Until)
	}
}

func TestRegisterAgain(t *testing.T) {
	t.Parallel()
	registered(t, customer).When(register(customer, day0+1, func(c *device.Register) { c.Name = "new" })).Then()
	registered(t, customer).When(register(other, day0)).ThenRefused(device.CodeRegisteredElsewhere)
	another := func(c *device.Register) { c.Factor = device.Factor{Kind: device.MAC, Value: "001122334455"} }
	registered(t, customer).When(register(customer, day0, another)).ThenRefused(device.CodeFactorMismatch)
	t.Run("nothing is told of another account's device", func(t *testing.T) {
		t.Parallel()
		registered(t, customer).When(register(other, day0, another)).ThenRefused(device.CodeRegisteredElsewhere)
		registered(t, customer).When(retire).ThenDone().When(register(other, day0)).ThenRefused(device.CodeRegisteredElsewhere)
	})
	registered(t, customer).When(retire).ThenDone().When(register(customer, day0)).ThenRefused(device.CodeRetired)
}

func TestRegisterRefused(t *testing.T) {
	t.Parallel()
	sim := func(c *device.Register) { c.ICCID = "8901000000000000001" }
	closed := customer
	closed.Status = account.Closed
	held := given(t, device.Held{Device: device.UID("LA00000000000001"), Batch: uuid.UUID{7}})

	given(t).When(register(reseller, day0, sim)).ThenRefused(device.CodeSIMNotAllowed) // Accounts 2
	given(t).When(register(closed, day0)).ThenRefused(device.CodeTargetNotActive)
	given(t).When(register(other, day0)).ThenDone() // pending, Accounts 3
	held.When(register(customer, day0)).ThenRefused(device.CodeBusy)
	t.Run("all at once", func(t *testing.T) {
		t.Parallel()
		shut := reseller
		shut.Status, shut.Offers = account.Closed, nil
		given(t).When(register(shut, day0, sim)).
			ThenRefused(device.CodeSIMNotAllowed, device.CodeTargetNotActive, device.CodeOfferNotAvailable)
	})
}

// Devices 1: the offer when none is asked, and the one that is.
func TestRegisterOffer(t *testing.T) {
	t.Parallel()
	const basic, complete, premium = catalogue.Basic, catalogue.Complete, catalogue.Premium
	for _, tt := range []struct {
		name    string
		model   catalogue.Model
		account []catalogue.Offer
		asked   catalogue.Offer
		want    catalogue.Offer // empty: refused
	}{
		{"the model's default", rv50, []catalogue.Offer{basic, complete}, "", complete},
		{"the one both have", rv50, []catalogue.Offer{basic, premium}, "", basic},
		{"none in common", rv50, []catalogue.Offer{premium}, "", ""},
		{"none at all", rv50, nil, "", ""},
		{"several, without the default", catalogue.Model{
			Offers: catalogue.Offers, Default: complete, IncludedMonths: 12,
		}, []catalogue.Offer{basic, premium}, "", ""},
		{"asked for", rv50, []catalogue.Offer{basic, complete}, basic, basic},
		{"asked for, the account has it not", rv50, []catalogue.Offer{complete}, basic, ""},
		{"asked for, the model has it not", rv50, catalogue.Offers, premium, ""},
		{"no such offer", rv50, catalogue.Offers, "gold", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			owner := customer
			owner.Offers = tt.account
			o := given(t).When(register(owner, day0, func(c *device.Register) { c.Model, c.Offer = tt.model, tt.asked }))
			if tt.want == "" {
				o.ThenRefused(device.CodeOfferNotAvailable)
				return
			}
			if got := o.ThenDone().State.Service.Offer; got != tt.want {
				t.Errorf("offer %s, want %s", got, tt.want)
			}
		})
	}
}
