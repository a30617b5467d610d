package api_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
)

// Half a year, as the clock is moved ahead month by month: the pages of then are
// those that were shown then, last logins included.
func TestCustomersPageOfThePast(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	resellerUID, reseller := s.reseller("Northwind")
	s.activate(resellerUID)
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

// The partners of another day are those of then: with the names and profiles of then, and
// without those whose partnership has ended, or will have.
func TestPartnersOfAnotherDay(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	resellerUID, reseller := s.reseller("Northwind")
	s.activate(resellerUID)
	before := s.clock.Now().Format(time.RFC3339Nano)
	s.clock.Advance(time.Minute)
	alder := s.customerOf(reseller, "Alder")
	customer := s.signIn(alder, "")
	then := s.clock.Now().Format(time.RFC3339Nano)
	s.clock.Advance(time.Hour)
	until := s.clock.Now().Add(30 * 24 * time.Hour)
	when(customer.AssignPartnerProfile(ctx, alder, resellerUID, nil, client.ProfileAssignment{Profile: new("full"), Until: mustJSON(t, until)})).Then(t)
	s.After(customer.Position())
	partners := func(asOf string) (lines []string) {
		t.Helper()
		for _, p := range when(s.ListPartners(ctx, alder, &client.ListPartnersParams{AsOf: &asOf})).Then(t).JSON200.Items {
			lines = append(lines, p.Account.Name+" "+p.Profile.Id)
		}
		return lines
	}
	for asOf, want := range map[string][]string{
		before:                             nil,
		then:                               {"Northwind read-only"},
		s.clock.Now().Format(time.RFC3339): {"Northwind full"},
		until.AddDate(0, 0, -2).Format(time.DateOnly): {"Northwind full"},
		until.AddDate(0, 0, 2).Format(time.DateOnly):  nil,
	} {
		expect(t, asOf, partners(asOf), want)
	}
	s.clock.Advance(60 * 24 * time.Hour)
	expect(t, "when it has ended", partners(then), []string{"Northwind read-only"})
	expect(t, "now", len(when(s.ListPartners(ctx, alder, nil)).Then(t).JSON200.Items), 0)
	bad := "yesterday"
	when(s.ListPartners(ctx, alder, &client.ListPartnersParams{AsOf: &bad})).Refused(t, 400, "#/query/asOf instant_invalid")
}

// Renewal orders of another instant are those of then, with what had become of them.
func TestOrdersOfThePast(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	resellerUID, reseller := s.reseller("Northwind")
	s.activate(resellerUID)
	alder := s.customerOf(reseller, "Alder")
	s.activate(alder)
	for n := range 3 {
		expect(t, "registered", reseller.registers(newDevice(n, alder)), []string{"created"})
	}
	type shown struct {
		asOf string
		list []client.RenewalOrder
		each []client.Renewal // device by device
	}
	each := func(list []client.RenewalOrder, asOf *string) (all []client.Renewal) {
		for _, o := range list {
			all = append(all, *when(s.GetRenewal(ctx, o.Id, &client.GetRenewalParams{AsOf: asOf})).Then(t).JSON200)
		}
		return all
	}
	list := func(p *client.ListRenewalsParams) []client.RenewalOrder {
		return when(s.ListRenewals(ctx, p)).Then(t).JSON200.Items
	}
	var all []shown
	note := func() {
		now := list(nil)
		all = append(all, shown{s.clock.Now().Format(time.RFC3339Nano), now, each(now, nil)})
		s.clock.Advance(time.Hour)
	}
	orders := func(number string, devices ...string) uuid.UUID {
		made := when(reseller.RenewDevices(ctx, nil, client.RenewalRequest{Devices: devices, Term: new("P1Y"), OrderNumber: &number})).Then(t)
		s.After(reseller.Position())
		return *made.JSON200.Id
	}
	note()
	first := orders("PO-1", mp70(0), mp70(1))
	note()
	second := orders("PO-2", mp70(2))
	note()
	when(s.ApplyRenewal(ctx, first, nil, client.ApplyRenewalJSONRequestBody{Devices: &[]string{mp70(0)}})).Then(t)
	note()
	when(s.ApplyRenewal(ctx, first, nil, client.ApplyRenewalJSONRequestBody{})).Then(t)
	when(s.DeclineRenewal(ctx, second, nil, client.DeclineRenewalJSONRequestBody{Reason: new("no credit")})).Then(t)
	note()
	when(s.ReverseRenewal(ctx, first, nil, client.ReverseRenewalJSONRequestBody{Reason: new("a slip")})).Then(t)
	note()
	when(s.GetRenewal(ctx, first, &client.GetRenewalParams{AsOf: &all[0].asOf})).Refused(t, 404, "not_found")
	for i, was := range all {
		if diff := cmp.Diff(was.list, list(&client.ListRenewalsParams{AsOf: &was.asOf})); diff != "" {
			t.Errorf("after step %d (- shown, + as of):\n%s", i, diff)
		}
		if diff := cmp.Diff(was.each, each(was.list, &was.asOf)); diff != "" {
			t.Errorf("each order after step %d (- shown, + as of):\n%s", i, diff)
		}
		found := list(&client.ListRenewalsParams{AsOf: &was.asOf, State: &[]client.RenewalState{"applied"}})
		expect(t, "filtered by the state of then", len(found), map[int]int{4: 1}[i])
	}
}
