package device_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
)

func reinstate(name string) decision {
	return func(s device.State) ([]domain.Event, error) {
		return device.DecideReinstate(s, device.Reinstate{Name: name, Reason: "found"})
	}
}

// Devices 5: a device retired by mistake comes back with its name and its place.
func TestReinstate(t *testing.T) {
	t.Parallel()
	s := registered(t, reseller)
	s.When(reinstate("")).Then()
	given(t).When(reinstate("")).ThenRefused(device.CodeDeviceNotFound)
	retired := s.When(suspend).ThenDone().When(retire).ThenDone()
	back := retired.When(reinstate("")).Then(device.Reinstated{Device: s.State.UID, Name: serial, Reason: "found"})
	if back.State.LifeCycle != device.Active || back.State.Service != s.State.Service {
		t.Errorf("%+v", back.State)
	}
	back.When(reinstate("")).Then()
	if diff := cmp.Diff([]string{place, name}, wanted(retired.When(reinstate("")), retired.State)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := retired.When(reinstate("Engine 7")).ThenDone().State.Name; got != "Engine 7" {
		t.Errorf("name %q", got)
	}
	held := retired.When(hold).ThenDone().When(reinstate(""))
	held.ThenRefused(device.CodeBusy)
	if diff := cmp.Diff([]string{place, name}, wanted(held, retired.State)); diff != "" {
		t.Errorf("beside the refusal (-want +got)\n%s", diff)
	}
	// The free term catches up.
	late := back.When(automatic(on(2040, 1, 1))).ThenDone()
	if late.State.Service.End < on(2040, 1, 1) {
		t.Errorf("service ends on %v", late.State.Service.End)
	}
}

// A device that somebody else registered is not the account's any more.
func TestReinstateWhatAnotherHas(t *testing.T) {
	t.Parallel()
	s := registered(t, customer).When(retire).ThenDone().When(release(customer, other)).ThenDone().When(register(other, day0)).ThenDone()
	s.When(reinstate("")).Then()
	if s.State.Account != other.UID {
		t.Errorf("account %v", s.State.Account)
	}
}

// A reversal would undo that the device came back.
func TestReinstatedSinceATransfer(t *testing.T) {
	t.Parallel()
	s := registered(t, reseller).When(transfer(reseller, customer, day0, asMoved)).ThenDone().When(retire).ThenDone().When(reinstate("")).ThenDone()
	s.When(reverseTransfer(reseller)).ThenRefused(device.CodeChangedSince)
}

func changeOffer(o catalogue.Offer, set ...func(*device.ChangeOffer)) decision {
	c := device.ChangeOffer{Offer: o, Model: rv50, Owner: customer, AtOnce: true}
	for _, f := range set {
		f(&c)
	}
	return func(s device.State) ([]domain.Event, error) { return device.DecideChangeOffer(s, c) }
}

// Devices 5: at once by the operator alone, to what model and account have.
func TestChangeOffer(t *testing.T) {
	t.Parallel()
	later := func(c *device.ChangeOffer) { c.AtOnce = false }
	poor := func(c *device.ChangeOffer) { c.Owner.Offers = []catalogue.Offer{catalogue.Complete} }
	s := registered(t, customer)
	changed := s.When(changeOffer(catalogue.Basic)).Then(device.OfferChanged{
		Device: s.State.UID, OldOffer: catalogue.Complete, NewOffer: catalogue.Basic,
	})
	changed.When(changeOffer(catalogue.Basic)).Then()
	changed.When(changeOffer(catalogue.Basic, later)).Then()
	want := s.State.Service
	want.Offer = catalogue.Basic
	if changed.State.Service != want {
		t.Errorf("%+v", changed.State.Service)
	}
	s.When(changeOffer(catalogue.Basic, later)).ThenRefused(device.CodeOrderNeeded)
	s.When(changeOffer(catalogue.Premium)).ThenRefused(device.CodeOfferNotAvailable)
	s.When(changeOffer("")).ThenRefused(device.CodeOfferNotAvailable)
	s.When(changeOffer(catalogue.Basic, poor)).ThenRefused(device.CodeOfferNotAvailable)
	s.When(changeOffer(catalogue.Premium, poor, later)).ThenRefused(device.CodeOfferNotAvailable, device.CodeOrderNeeded)
	s.When(hold).ThenDone().When(changeOffer(catalogue.Basic)).ThenRefused(device.CodeBusy)
	given(t).When(changeOffer(catalogue.Basic)).ThenRefused(device.CodeDeviceNotFound)
	moved := registered(t, reseller).When(transfer(reseller, customer, day0, asMoved)).ThenDone()
	moved.When(changeOffer(catalogue.Basic)).ThenDone().When(reverseTransfer(reseller)).ThenRefused(device.CodeChangedSince)
}

// What is recommended is something that the model can run on.
func TestOfferRemedies(t *testing.T) {
	t.Parallel()
	const basic, complete, premium = catalogue.Basic, catalogue.Complete, catalogue.Premium
	for _, c := range []struct {
		asked   catalogue.Offer
		account []catalogue.Offer
		want    []string
	}{
		{premium, catalogue.Offers, []string{"choose_offer"}},
		{premium, []catalogue.Offer{premium}, []string{"add_offer"}},
		{basic, []catalogue.Offer{complete}, []string{"choose_offer", "add_offer"}},
		{basic, []catalogue.Offer{premium}, []string{"add_offer"}},
		{"", []catalogue.Offer{premium}, []string{"add_offer"}},
	} {
		owner := customer
		owner.Offers = c.account
		o := given(t).When(register(owner, day0, func(r *device.Register) { r.Offer = c.asked }))
		o.ThenRefused(device.CodeOfferNotAvailable)
		if diff := cmp.Diff(c.want, remedies(o)); diff != "" {
			t.Errorf("%q of %v (-want +got)\n%s", c.asked, c.account, diff)
		}
	}
	// A transfer keeps the offer; one that the model never had helps nobody.
	o := registered(t, reseller).When(transfer(reseller, customer, day0, func(c *device.Transfer) { c.Offer = premium }))
	o.ThenRefused(device.CodeOfferTypeMismatch, device.CodeOfferNotAvailable)
	for _, p := range o.Problems() {
		if len(p.Remedies) != 1 || p.Remedies[0].Code != "keep_offer" {
			t.Errorf("%s: %+v", p.Code, p.Remedies)
		}
	}
	lost := func(c *device.Transfer) { c.Model.Offers = []catalogue.Offer{basic} }
	o = registered(t, reseller).When(transfer(reseller, customer, day0, lost))
	o.ThenRefused(device.CodeOfferNotAvailable)
	if got := remedies(o); len(got) != 1 || got[0] != "change_offer" {
		t.Errorf("remedies %v", got)
	}
}
