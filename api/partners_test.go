package api_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
)

// sees expects how many customers, devices and accounts a caller sees.
func (c *caller) sees(customers, devices, accounts int) {
	c.t.Helper()
	ctx := c.t.Context()
	expect(c.t, "what the caller sees", []int{
		when(c.ListCustomers(ctx, nil)).Then(c.t).JSON200.Total,
		when(c.ListDevices(ctx, nil)).Then(c.t).JSON200.Total,
		when(c.ListAccounts(ctx, nil)).Then(c.t).JSON200.Total,
	}, []int{customers, devices, accounts})
}

// until is an end of a partnership in a request; empty, that there is none.
func until(at string) client.ProfileAssignment {
	if at == "" {
		return client.ProfileAssignment{Until: json.RawMessage("null")}
	}
	return client.ProfileAssignment{Until: json.RawMessage(`"` + at + `"`)}
}

// By itself, at the very instant.
func TestThePartnershipRunsOut(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	w := newTenants(t, s)
	reseller, customer := w.clients["reseller"], w.clients["customer"]
	uid, partner := uuid.MustParse(w.accounts["customer"].uid), uuid.MustParse(w.accounts["reseller"].uid)
	reseller.After(w.position)
	reseller.sees(2, 6, 3)

	when(customer.AssignPartnerProfile(ctx, uid, partner, nil, client.ProfileAssignment{})).Refused(t, 400, "field_missing")
	when(customer.AssignPartnerProfile(ctx, uid, partner, nil, until("tomorrow"))).RefusedAs(t, 400)
	when(customer.AssignPartnerProfile(ctx, uid, partner, nil, until("2026-03-15T12:00:00Z"))).Refused(t, 422, "/until until_in_past")
	ends := until("2026-03-15T14:00:00+01:00")
	ends.Profile = new("renewals")
	when(customer.AssignPartnerProfile(ctx, uid, partner, nil, ends)).Then(t)
	shown := when(customer.ListPartners(ctx, uid, nil)).Then(t).JSON200.Items[0]
	if shown.Profile.Id != "renewals" || shown.Until == nil || !shown.Until.Equal(now.Add(time.Hour)) {
		t.Errorf("%+v", shown)
	}
	reseller.After(customer.Position())
	s.clock.Advance(time.Hour - time.Nanosecond)
	reseller.sees(2, 6, 3)
	s.clock.Advance(time.Nanosecond)
	reseller.sees(1, 4, 2)
	when(reseller.GetAccount(ctx, uid, nil)).Refused(t, 404, "not_found")
	when(reseller.GetDevice(ctx, w.accounts["customer"].serial, nil)).Refused(t, 404, "not_found")
	expect(t, "partners", when(customer.ListPartners(ctx, uid, nil)).Then(t).JSON200.Total, 0)
	when(customer.AssignPartnerProfile(ctx, uid, partner, nil, until(""))).Refused(t, 404, "not_found")
}

// By the customer's word, whatever end was set.
func TestTheCustomerEndsThePartnership(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	w := newTenants(t, s)
	reseller, customer := w.clients["reseller"], w.clients["customer"]
	uid, partner := uuid.MustParse(w.accounts["customer"].uid), uuid.MustParse(w.accounts["reseller"].uid)
	s.activate(partner, uid)
	when(customer.AssignPartnerProfile(ctx, uid, partner, nil, until("2030-01-01T00:00:00Z"))).Then(t)
	when(customer.AssignPartnerProfile(ctx, uid, partner, nil, until(""))).Then(t)
	s.clock.Advance(10 * 366 * 24 * time.Hour)
	reseller.After(customer.Position())
	reseller.sees(2, 6, 3)
	before := time.Now().UTC().Format(time.RFC3339Nano) // as the log records it
	when(customer.EndPartnership(ctx, uid, partner, &client.EndPartnershipParams{Reason: new("moved")})).Then(t)
	reseller.After(customer.Position())
	reseller.sees(1, 4, 2)
	past := when(reseller.ListCustomers(ctx, &client.ListCustomersParams{AsOf: &before})).Then(t).JSON200
	if past.Total != 1 || past.Items[0].Uid.String() != w.accounts["shown"].uid {
		t.Errorf("of the past it sees whom it sees today: %+v", past)
	}
	when(customer.EndPartnership(ctx, uid, partner, nil)).Refused(t, 404, "not_found")
}

// A customer may have several resellers, and one that it parted with again.
func TestTheCustomerChoosesPartners(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	w := newTenants(t, s)
	reseller, stranger := w.clients["reseller"], w.clients["stranger"]
	uid, partner := uuid.MustParse(w.accounts["foreign"].uid), uuid.MustParse(w.accounts["reseller"].uid)
	serial := w.accounts["foreign"].serial

	when(reseller.GetDevice(ctx, serial, nil)).Refused(t, 404, "not_found")
	when(stranger.EstablishPartnership(ctx, uid, nil, client.NewPartner{Partner: partner, Profile: new("king"), Until: &now})).
		Refused(t, 422, "/profile profile_unknown", "/until until_in_past")
	anHour := client.NewPartner{Partner: partner, Profile: new("renewals"), Until: new(now.Add(time.Hour))}
	chosen := when(stranger.EstablishPartnership(ctx, uid, nil, anHour)).Then(t).JSON201
	again := when(stranger.EstablishPartnership(ctx, uid, nil, anHour)).Then(t).JSON201
	expect(t, "what a repeat gives", again, chosen)
	when(stranger.EstablishPartnership(ctx, uid, nil, client.NewPartner{Partner: partner})).Refused(t, 409, "already_partnered")
	reseller.After(stranger.Position())
	when(reseller.GetDevice(ctx, serial, nil)).Then(t)
	when(reseller.RenewDevices(ctx, nil, client.RenewalRequest{Devices: []string{serial}, Term: new("P1Y")})).Then(t)

	s.clock.Advance(time.Hour)
	when(reseller.GetDevice(ctx, serial, nil)).Refused(t, 404, "not_found")
	when(stranger.EstablishPartnership(ctx, uid, nil, client.NewPartner{Partner: partner})).Then(t)
	shown := when(stranger.ListPartners(ctx, uid, nil)).Then(t).JSON200
	if shown.Total != 1 || shown.Items[0].Profile.Id != "read-only" || shown.Items[0].Until != nil {
		t.Errorf("%+v", shown)
	}
	reseller.After(stranger.Position())
	expect(t, "customers", when(reseller.ListCustomers(ctx, nil)).Then(t).JSON200.Total, 3)
}
