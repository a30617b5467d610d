package device_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/domaintest"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

const serial = "LA00000000000001"

var limits = reservation.Limits{Places: 20}

// codes are what is told when others hold the reservations, in their order.
func codes(held []reservation.Held) []string {
	var all []string
	for _, h := range held {
		all = append(all, h.Taken.Code)
	}
	return all
}

func wanted(o *domaintest.Outcome[device.State], before device.State) []string {
	return codes(device.Aggregate.Wanted(before, o.After().State, limits))
}

var place, name, itsFactor = device.CodeLimitReached, device.CodeNameTaken, device.CodeFactorTaken

func TestReservationsOfADevice(t *testing.T) {
	t.Parallel()
	if got := device.Aggregate.Reservations(device.Aggregate.New(uuid.UUID{7}), limits); got != nil {
		t.Errorf("before it was registered: %+v", got)
	}
	s := registered(t, reseller)
	want := []reservation.Held{
		{Key: reservation.PlacesOf(reseller.UID, 20), Account: reseller.UID, Taken: device.LimitReached(20)},
		{Key: reservation.NameIn(reseller.UID, "la00000000000001"), Account: reseller.UID, Taken: device.NameTaken(serial)},
		{Key: reservation.Unique(reservation.Factor, "imei:004401000000015"), Account: reseller.UID, Taken: device.FactorTaken(factor)},
	}
	if diff := cmp.Diff(want, device.Aggregate.Reservations(s.State, limits)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{name, itsFactor}, codes(device.Aggregate.Reservations(registered(t, customer).State, limits))); diff != "" {
		t.Errorf("of a customer (-want +got)\n%s", diff)
	}
	gone := s.When(retire).ThenDone().State
	if diff := cmp.Diff(want[2:], device.Aggregate.Reservations(gone, limits)); diff != "" {
		t.Errorf("retired (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(want[:2], device.Aggregate.Freed(s.State, gone, limits)); diff != "" {
		t.Errorf("freed (-want +got)\n%s", diff)
	}
	inCapitals := func(s device.State) ([]domain.Event, error) { return device.DecideRename(s, "la00000000000001") }
	if got := wanted(s.When(inCapitals), s.State); got != nil {
		t.Errorf("another spelling of the same name wants %v", got)
	}
	if diff := cmp.Diff([]string{name}, wanted(s.When(rename), s.State)); diff != "" {
		t.Errorf("renamed (-want +got)\n%s", diff)
	}
}

func TestFenceAndHold(t *testing.T) {
	t.Parallel()
	uid, stream := device.UID(serial), "reservation-name-1"
	want := device.ClaimAbandoned{Device: uid, Reservation: stream}
	if got := device.Aggregate.Fence(device.State{}, uid, true, stream); got != want {
		t.Errorf("%+v", got)
	}
	s := registered(t, customer).When(hold).ThenDone()
	if got := device.Aggregate.HeldBy(s.State); got != batch {
		t.Errorf("held by %v", got)
	}
	if got := device.Aggregate.Stream(uid); got != "device-"+uid.String() {
		t.Errorf("stream %s", got)
	}
}

// Beside a refusal stands what a registration would need, so that a name that
// is taken is told together with the rest.
func TestWantedBesideARefusedRegistration(t *testing.T) {
	t.Parallel()
	closed, poor := reseller, customer
	closed.Status, poor.Offers = account.Closed, []catalogue.Offer{catalogue.Premium}
	released := registered(t, customer).When(func(s device.State) ([]domain.Event, error) {
		return device.DecideRelease(s, device.Release{Request: uuid.UUID{8}, Owner: customer.UID, To: reseller.UID})
	}).ThenDone()
	otherFactor := func(c *device.Register) { c.Factor.Value = "004401000000023" }
	sim := func(c *device.Register) { c.ICCID = "8931000000000000001" }
	for title, c := range map[string]struct {
		given  *domaintest.Scenario[device.State]
		decide decision
		want   []string
	}{
		"closed, no offer, a SIM": {given(t), register(closed, day0, sim), []string{place, name, itsFactor}},
		"no offer":                {given(t), register(poor, day0), []string{name, itsFactor}},
		"held":                    {given(t).When(hold).ThenDone(), register(reseller, day0), []string{place, name, itsFactor}},
		"elsewhere":               {registered(t, customer), register(reseller, day0), nil},
		"another factor":          {registered(t, reseller), register(reseller, day0, otherFactor), nil},
		"taken over":              {released, register(reseller, day0, sim), []string{place, name}},
		"taken over, factor":      {released, register(reseller, day0, otherFactor), []string{place, name, itsFactor}},
		"taken over, retired":     {released.When(retire).ThenDone(), register(reseller, day0, sim), []string{place, name}},
	} {
		o := c.given.When(c.decide)
		if len(o.Problems()) == 0 {
			t.Errorf("%s: not refused", title)
		}
		if diff := cmp.Diff(c.want, wanted(o, c.given.State), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", title, diff)
		}
	}
}

func TestWantedBesideARefusedTransfer(t *testing.T) {
	t.Parallel()
	alone := func(c *device.Transfer) { c.Partnered = false }
	late := on(2031, 1, 1)
	mine := registered(t, customer)
	lent := registered(t, reseller)
	moved := lent.When(transfer(reseller, customer, day0, asMoved)).ThenDone()
	closed := reseller
	closed.Status = account.Closed
	for title, c := range map[string]struct {
		given  *domaintest.Scenario[device.State]
		decide decision
		want   []string
	}{
		"strangers":             {mine, transfer(customer, reseller, day0, alone), []string{place, name}},
		"held":                  {mine.When(hold).ThenDone(), transfer(customer, reseller, day0), []string{place, name}},
		"nothing to run on":     {lent, transfer(reseller, customer, late), []string{name}},
		"target closed":         {mine, transfer(customer, closed, day0), []string{place, name}},
		"retired":               {mine.When(retire).ThenDone(), transfer(customer, reseller, day0), nil},
		"same account":          {mine, transfer(customer, customer, day0), nil},
		"not there":             {mine, transfer(other, reseller, day0), nil},
		"never registered":      {given(t), transfer(customer, reseller, day0), nil},
		"reversal, closed":      {moved, reverseTransfer(closed), []string{place, name}},
		"reversal, changed":     {moved.When(suspend).ThenDone(), reverseTransfer(reseller), []string{place, name}},
		"reversal, retired":     {moved.When(retire).ThenDone(), reverseTransfer(reseller), nil},
		"reversal, not moved":   {lent, reverseTransfer(reseller), nil},
		"reversal, moved on":    {moved.When(transfer(customer, reseller, day0+1)).ThenDone(), reverseTransfer(reseller), nil},
		"reversal, done before": {moved.When(reverseTransfer(reseller)).ThenDone(), reverseTransfer(reseller, another), nil},
	} {
		o := c.given.When(c.decide)
		if len(o.Problems()) == 0 {
			t.Errorf("%s: not refused", title)
		}
		if diff := cmp.Diff(c.want, wanted(o, c.given.State), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", title, diff)
		}
	}
}

func TestEdit(t *testing.T) {
	t.Parallel()
	shown, labels := "Roof", []string{"north"}
	edit := func(name *string, labels *[]string) decision {
		return func(s device.State) ([]domain.Event, error) {
			return device.DecideEdit(s, device.Edit{Name: name, Labels: labels})
		}
	}
	all := func(s device.State) ([]domain.Event, error) {
		iccid := "8931000000000000001"
		return device.DecideEdit(s, device.Edit{Name: &shown, Labels: &labels, ICCID: &iccid, Offer: &device.ChangeOffer{
			Offer: catalogue.Premium, Model: rv50, Owner: customer,
		}})
	}
	s := registered(t, customer)
	done := s.When(edit(&shown, &labels)).Then(
		device.Renamed{Device: s.State.UID, OldName: serial, NewName: shown},
		device.Relabelled{Device: s.State.UID, NewLabels: labels})
	done.When(edit(&shown, &labels)).Then()
	done.When(edit(nil, nil)).Then()
	s.When(all).ThenRefused(device.CodeOfferNotAvailable, device.CodeOrderNeeded)
	given(t).When(all).ThenRefused(device.CodeDeviceNotFound)
	held := s.When(hold).ThenDone()
	refused := held.When(edit(&shown, &labels))
	refused.ThenRefused(device.CodeBusy)
	if diff := cmp.Diff([]string{name}, wanted(refused, held.State)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestNamed(t *testing.T) {
	t.Parallel()
	uid := device.UID(serial)
	for in, want := range map[string]uuid.UUID{serial: uid, " la00000000000001 ": uid, uid.String(): uid} {
		if got, ok := device.Named(in); got != want || !ok {
			t.Errorf("%q: %v %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "no serial!", "b4b8f4a6-0000-4000-8000-00000000000x"} {
		if got, ok := device.Named(in); ok {
			t.Errorf("%q: %v", in, got)
		}
	}
}

// The kinds decide how a refused request is answered.
func TestKindsOfProblems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		p    domain.Problem
		want domain.Kind
	}{
		{device.NameTaken("x"), domain.Conflict}, {device.FactorTaken(factor), domain.Conflict}, {device.LimitReached(20), domain.Refused},
		{device.Busy(), domain.Busy}, {device.NotFound(), domain.Missing}, {device.MissingRight("x", uuid.Nil), domain.Forbidden},
		{device.TargetUnknown(), domain.Refused}, {device.NotPartnered(), domain.Refused},
		{registered(t, customer).When(register(reseller, day0)).Problems()[0], domain.Conflict},
	} {
		if c.p.Kind != c.want {
			t.Errorf("%s is of kind %d, want %d", c.p.Code, c.p.Kind, c.want)
		}
	}
}
