package api_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fleetledger/fleetledger/api/client"
)

// Half a year, as the clock is moved ahead month by month: the pages of then are
// those that were shown then, last logins included.
func TestCustomersPageOfThePast(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	_, reseller := s.reseller("Northwind")
	alder := s.customerOf(reseller, "Alder")
	s.After(reseller.Position())
	administrator := when(s.GetAccount(ctx, alder, nil)).Then(t).JSON200.Administrators[0]
	s.accept(s.app.Tokens.Invitation(alder, 1))
	page := func(asOf *string) []client.Customer {
		reseller.After(s.Position())
		return when(reseller.ListCustomers(ctx, &client.ListCustomersParams{AsOf: asOf})).Then(t).JSON200.Items
	}
	type shown struct {
		asOf string
		page []client.Customer
	}
	var then []shown
	for month := range 6 {
		s.clock.Advance(30 * 24 * time.Hour)
		if month == 2 {
			s.customerOf(reseller, "Beacon")
		}
		if month%2 == 1 {
			s.enter(administrator.Email)
		}
		expect(t, "registered", reseller.registers(newDevice(month, alder)), []string{"created"})
		s.After(reseller.Position())
		then = append(then, shown{s.clock.Now().Format(time.RFC3339Nano), page(nil)})
		s.clock.Advance(time.Minute)
	}
	s.clock.Advance(200 * 24 * time.Hour)
	for i, was := range then {
		if diff := cmp.Diff(was.page, page(&was.asOf)); diff != "" {
			t.Errorf("month %d (- shown, + as of):\n%s", i, diff)
		}
	}
	first := page(&then[0].asOf)
	expect(t, "customers at first", len(first), 1)
	expect(t, "devices at first", first[0].TotalSystems, 1)
	expect(t, "nobody signed in yet", first[0].LastLogin == nil, true)
	date := s.clock.Now().Format(time.DateOnly) // has no end yet: it is the present
	expect(t, "today", cmp.Diff(page(nil), page(&date)), "")
}

// A date means its end.
func TestAsOfADate(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	_, reseller := s.reseller("Northwind")
	before := s.clock.Now().AddDate(0, 0, -1).Format(time.DateOnly)
	day := s.clock.Now().Format(time.DateOnly)
	s.customerOf(reseller, "Alder")
	s.clock.Advance(48 * time.Hour)
	for asOf, want := range map[string]int{before: 0, day: 1} {
		list := when(reseller.ListCustomers(ctx, &client.ListCustomersParams{AsOf: &asOf})).Then(t).JSON200
		expect(t, asOf, list.Total, want)
	}
}

// The first sign-in of a day is written down, the second is not.
func TestSignInsAreEventsOfADay(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, email := s.activated("Northwind")
	position := func() string {
		nobody := s.as("")
		when(nobody.SignIn(t.Context(), client.SignIn{Email: email, Password: password})).Then(t)
		return nobody.Position()
	}
	first := position()
	s.clock.Advance(time.Hour)
	expect(t, "the same day", position(), first)
	s.clock.Advance(24 * time.Hour)
	if position() == first {
		t.Error("the next day is no event")
	}
}
