package device_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
)

// Renewal 4.
func TestRenewForCustomer(t *testing.T) {
	t.Parallel()
	s := registered(t, customer)
	s.When(order(1, day0, term("P1Y"), func(r *device.Renew) { r.OrderNumber, r.Note = "PO-1", "by phone" })).
		Then(device.ServiceRenewed{
			Device: s.State.UID, Renewal: uuid.UUID{100, 1}, Term: "P1Y", OldEnd: on(2027, 11, 23), NewEnd: on(2028, 11, 23),
			AnchorDay: 23, OrderNumber: "PO-1", Note: "by phone",
		})
	wantEnd(t, s.When(order(1, day0, until(on(2028, 2, 29)))).ThenDone().State, on(2028, 2, 29))
	wantEnd(t, s.When(order(1, on(2027, 11, 23), term("P1Y"))).ThenDone().State, on(2028, 11, 23)) // on the last day
	wantEnd(t, s.When(order(1, on(2028, 3, 1), term("P1Y"))).ThenDone().State, on(2029, 3, 1))     // from today, once expired
}

// Renewal 4: the anchor day comes back after short months.
func TestRenewKeepsTheAnchorDay(t *testing.T) {
	t.Parallel()
	s := given(t).When(register(customer, on(2024, 2, 29))).ThenDone()
	wantEnd(t, s.State, on(2025, 2, 28))
	for i, end := range []calendar.Date{on(2026, 2, 28), on(2027, 2, 28), on(2028, 2, 29), on(2029, 2, 28)} {
		s = s.When(order(byte(i), on(2024, 3, 1), term("P1Y"))).ThenDone()
		wantEnd(t, s.State, end)
	}
	monthly := func(r *device.Renew) { r.Rules.RenewalTerms = nil }
	s = given(t).When(register(customer, on(2026, 1, 31))).ThenDone()
	for i, end := range []calendar.Date{on(2027, 2, 28), on(2027, 3, 31), on(2027, 4, 30), on(2027, 5, 31)} {
		s = s.When(order(byte(i), on(2026, 3, 1), term("P1M"), monthly)).ThenDone()
		wantEnd(t, s.State, end)
	}
	// The anchor survives a stay with a reseller.
	s = s.When(transfer(customer, reseller, on(2027, 4, 1))).ThenDone().When(order(9, on(2027, 4, 1), term("P1M"), monthly)).ThenDone().
		When(transfer(reseller, customer, on(2027, 4, 2))).ThenDone()
	wantEnd(t, s.State, on(2027, 6, 30))
	wantEnd(t, s.When(order(10, on(2027, 4, 3), term("P1M"), monthly)).ThenDone().State, on(2027, 7, 31))
}

// A term in days moves the anchor day to where it leads.
func TestRenewByDays(t *testing.T) {
	t.Parallel()
	anyTerm := func(r *device.Renew) { r.Rules.RenewalTerms = nil }
	s := registered(t, customer).When(order(1, day0, term("P10D"), anyTerm)).ThenDone()
	wantEnd(t, s.State, on(2027, 12, 3))
	wantEnd(t, s.When(order(2, day0, term("P1M"), anyTerm)).ThenDone().State, on(2028, 1, 3))
}

func TestRenewRefused(t *testing.T) {
	t.Parallel()
	s := registered(t, customer)
	given(t).When(order(1, day0, term("P1Y"))).ThenRefused(device.CodeDeviceNotFound)
	s.When(order(1, day0)).ThenRefused(device.CodeTermMissing)
	s.When(order(1, day0, term("P1Y"), until(on(2030, 1, 1)))).ThenRefused(device.CodeTermAmbiguous)
	s.When(order(1, day0, term("P2Y"))).ThenRefused(device.CodeTermNotOffered)
	s.When(order(1, day0, until(on(2027, 11, 23)))).ThenRefused(device.CodeUntilNotLater)
	s.When(order(1, on(2028, 5, 5), until(on(2028, 5, 4)))).ThenRefused(device.CodeUntilNotLater) // expired, and still past
	wantEnd(t, s.When(order(1, on(2028, 5, 5), until(on(2028, 5, 5)))).ThenDone().State, on(2028, 5, 5))
	wantEnd(t, s.When(order(1, day0, until(on(2046, 11, 23)))).ThenDone().State, on(2046, 11, 23))
	s.When(order(1, day0, until(on(2046, 11, 24)))).ThenRefused(device.CodeUntilTooLate)
	s.When(retire).ThenDone().When(order(1, day0, term("P1Y"))).ThenRefused(device.CodeRetired)
	s.When(hold).ThenDone().When(order(1, day0, term("P1Y"))).ThenRefused(device.CodeBusy)
	s.When(hold).ThenDone().When(grant(1, day0, on(2030, 1, 1))).ThenRefused(device.CodeBusy)
}

// Renewal 4: an order number counts once per device, whoever has it.
func TestOrderNumberCountsOnce(t *testing.T) {
	t.Parallel()
	number := func(n string) func(*device.Renew) { return func(r *device.Renew) { r.OrderNumber = n } }
	s := given(t).When(register(customer, day0, func(c *device.Register) { c.OrderNumber = "PO-0" })).ThenDone()
	once := s.When(order(1, day0, term("P1Y"), number("PO-1"))).ThenDone()
	once.When(order(1, day0, term("P1Y"), number("PO-1"))).Then() // the same order
	for _, again := range []string{"PO-1", " po-1 "} {
		refusal := once.When(order(2, day0, term("P1Y"), number(again)))
		refusal.ThenRefused(device.CodeNumberUsed)
		if p := refusal.Problems()[0]; p.Kind != domain.Conflict || p.Facts["orderNumber"] != again {
			t.Errorf("%+v", p)
		}
	}
	once.When(order(2, day0, term("P1Y"))).ThenDone().When(order(3, day0, term("P1Y"))).ThenDone() // none counts as often as it likes
	once.When(order(2, day0, term("P1Y"), number("PO-0"))).ThenDone()                              // of the registration
	once.When(transfer(customer, reseller, day0)).ThenDone().When(order(2, day0, term("P1Y"), number("PO-1"))).ThenRefused(device.CodeNumberUsed)
	once.When(reverseRenewal(1, 1)).ThenDone().When(order(2, day0, term("P1Y"), number("PO-1"))).ThenDone()
}

// An order may ask for another offer; a reversal takes that back, too.
func TestOrderOfAnotherOffer(t *testing.T) {
	t.Parallel()
	on := func(o catalogue.Offer) func(*device.Renew) {
		return func(r *device.Renew) { r.Offer, r.Model, r.Owner = o, rv50, customer }
	}
	s := registered(t, customer)
	kept := s.When(order(1, day0, term("P1Y"), on(catalogue.Complete))).ThenDone()
	if kept.State.Service.Offer != catalogue.Complete {
		t.Errorf("%+v", kept.State.Service)
	}
	s.When(order(1, day0, term("P1Y"), on(catalogue.Premium))).ThenRefused(device.CodeOfferNotAvailable)
	changed := s.When(order(1, day0, term("P1Y"), on(catalogue.Basic))).Then(
		device.ServiceRenewed{
			Device: s.State.UID, Renewal: uuid.UUID{100, 1}, Term: "P1Y", OldEnd: s.State.Service.End, NewEnd: calendar.On(2028, 11, 23), AnchorDay: 23,
		},
		device.OfferChanged{Device: s.State.UID, OldOffer: catalogue.Complete, NewOffer: catalogue.Basic, Renewal: uuid.UUID{100, 1}})
	back := changed.When(reverseRenewal(1, 1)).ThenDone()
	if back.State.Service != s.State.Service {
		t.Errorf("%+v", back.State.Service)
	}
	back.When(reverseRenewal(1, 1)).Then()
	alone := s.When(order(1, day0, on(catalogue.Basic))).Then(
		device.OfferChanged{Device: s.State.UID, OldOffer: catalogue.Complete, NewOffer: catalogue.Basic, Renewal: uuid.UUID{100, 1}})
	alone.When(order(1, day0, on(catalogue.Basic))).Then()
	alone.When(changeOffer(catalogue.Complete)).ThenDone().When(order(1, day0, on(catalogue.Basic))).Then() // applied once
	if got := alone.When(reverseRenewal(1, 1)).ThenDone().State; got.Service != s.State.Service || len(got.Orders) != 0 {
		t.Errorf("%+v", got)
	}
	since := changed.When(changeOffer(catalogue.Complete)).ThenDone()
	if got := since.When(reverseRenewal(1, 1)).ThenDone().State.Service.Offer; got != catalogue.Complete {
		t.Errorf("offer %s", got)
	}
}

func TestCheckRenewal(t *testing.T) {
	t.Parallel()
	year, aligned := calendar.Months(12), device.Alignment{Kind: device.AlignMonthEnd}
	for _, c := range []struct {
		order device.Renew
		want  string
	}{
		{device.Renew{}, device.CodeTermMissing},
		{device.Renew{Term: year}, ""},
		{device.Renew{Offer: catalogue.Basic}, ""},
		{device.Renew{Offer: catalogue.Basic, Term: year, Until: day0}, device.CodeTermAmbiguous},
		{device.Renew{Until: day0}, ""},
		{device.Renew{Align: aligned}, ""},
		{device.Renew{Term: year, Until: day0}, device.CodeTermAmbiguous},
		{device.Renew{Term: year, Align: aligned}, device.CodeTermAmbiguous},
		{device.Renew{Until: day0, Align: aligned}, device.CodeTermAmbiguous},
	} {
		if got := device.CheckRenewal(c.order); code(got) != c.want {
			t.Errorf("%+v: %+v", c.order, got)
		}
	}
}

// A term is counted from the later of today and the present end.
func TestGrantByTerm(t *testing.T) {
	t.Parallel()
	byTerm := func(id byte, today calendar.Date, months int) decision {
		return func(s device.State) ([]domain.Event, error) {
			return device.DecideGrant(s, device.Grant{ID: uuid.UUID{101, id}, Term: calendar.Months(months), Today: today})
		}
	}
	s := registered(t, customer)
	once := s.When(byTerm(1, day0, 12)).Then(device.AllocationGranted{ // on the day of the registration
		Device: s.State.UID, ID: uuid.UUID{101, 1}, OldEnd: on(2027, 11, 23),
		Allocation: device.Allocation{Source: device.SourceGranted, Until: on(2028, 11, 23), AnchorDay: 23},
	})
	once.When(byTerm(1, day0, 12)).Then()
	wantEnd(t, once.When(byTerm(2, on(2030, 1, 31), 1)).ThenDone().State, on(2030, 2, 28)) // expired
	lent := registered(t, reseller)
	if got := lent.When(byTerm(1, day0, 12)).ThenDone().State.ParkedUntil(); got != on(2028, 11, 23) {
		t.Errorf("parked until %v", got)
	}
	if got := lent.When(byTerm(1, on(2029, 6, 1), 12)).ThenDone().State.ParkedUntil(); got != on(2030, 6, 1) {
		t.Errorf("parked until %v", got)
	}
	tooLong := s.When(byTerm(1, day0, 300))
	tooLong.ThenRefused(device.CodeUntilTooLate)
	if facts := tooLong.Problems()[0].Facts; facts["term"] != "P25Y" || facts["until"] != "" {
		t.Errorf("a date that nobody sent is at fault: %v", facts)
	}
	s.When(byTerm(1, day0, 0)).ThenRefused(device.CodeTermMissing)
}

// An order in a reseller's account extends what is parked, counted from the end
// of the included year while that runs.
func TestRenewForReseller(t *testing.T) {
	t.Parallel()
	s := registered(t, reseller)
	s.When(order(1, day0, term("P1Y"))).Then(device.ServiceRenewed{
		Device: s.State.UID, Renewal: uuid.UUID{100, 1}, Term: "P1Y", OldEnd: on(2027, 11, 23), NewEnd: on(2028, 11, 23), AnchorDay: 23, Parked: true,
	})
	late := s.When(order(1, on(2029, 1, 31), term("P1Y"))).ThenDone()
	late = late.When(order(2, on(2029, 2, 1), term("P1Y"))).ThenDone()
	if end := late.State.Parked.Until; end != on(2031, 1, 31) {
		t.Errorf("parked until %v", end)
	}
}

// An order, a transfer and a grant count once, also when others came between.
func TestAppliedOnce(t *testing.T) {
	t.Parallel()
	s := registered(t, customer).
		When(order(1, day0, term("P1Y"))).ThenDone().
		When(grant(1, day0, on(2030, 1, 1))).ThenDone().
		When(transfer(customer, reseller, day0)).ThenDone().
		When(order(2, day0, term("P1Y"))).ThenDone()
	s.When(order(1, day0, term("P1Y"))).Then()
	s.When(grant(1, day0, on(2030, 1, 1))).Then()
	s.When(transfer(customer, reseller, day0)).Then()
}

// Renewal 5: an event per period, catching up after downtime.
func TestAutomaticRenewal(t *testing.T) {
	t.Parallel()
	s := registered(t, reseller)
	s.When(automatic(on(2031, 11, 22))).Then()
	renewed := func(old, end calendar.Date) domain.Event {
		return device.ServiceRenewed{
			Device: s.State.UID, Renewal: device.FreeRenewal(s.State.UID, old), Term: "P5Y", OldEnd: old, NewEnd: end, AnchorDay: 23, Automatic: true,
		}
	}
	s.When(automatic(on(2031, 11, 23))).Then(renewed(on(2031, 11, 23), on(2036, 11, 23)))
	after := s.When(automatic(on(2042, 1, 1))).Then(
		renewed(on(2031, 11, 23), on(2036, 11, 23)), renewed(on(2036, 11, 23), on(2041, 11, 23)), renewed(on(2041, 11, 23), on(2046, 11, 23)))
	after.When(automatic(on(2042, 1, 1))).Then()
	if after.State.Service.Source != device.SourceFree || !after.State.Service.AutoRenew {
		t.Errorf("%+v", after.State.Service)
	}
	late := on(2042, 1, 1)
	registered(t, customer).When(automatic(late)).Then()
	s.When(retire).ThenDone().When(automatic(late)).Then()
	s.When(hold).ThenDone().When(automatic(late)).ThenRefused(device.CodeBusy)
	s.When(order(1, late, func(r *device.Renew) { r.Automatic, r.Rules.FreeTermMonths = true, 0 })).Then()
}

func TestGrantForCustomer(t *testing.T) {
	t.Parallel()
	s := registered(t, customer)
	s.When(grant(1, day0, on(2028, 1, 1))).Then(device.AllocationGranted{
		Device: s.State.UID, ID: uuid.UUID{101, 1}, Reason: "goodwill", OldEnd: on(2027, 11, 23),
		Allocation: device.Allocation{Source: device.SourceGranted, Until: on(2028, 1, 1), AnchorDay: 1},
	})
	wantEnd(t, s.When(grant(1, day0, on(2028, 1, 1))).ThenDone().State, on(2028, 1, 1))
	s.When(grant(1, day0, on(2027, 11, 23))).ThenRefused(device.CodeUntilNotLater)
}
