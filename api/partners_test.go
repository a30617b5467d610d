package api_test

import (
	"testing"
	"time"

	"github.com/fleetledger/fleetledger/api/openapi"
)

func TestThePartnershipEnds(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	w := newTenants(t, s)
	reseller, customer := w.clients["reseller"], w.clients["customer"]
	uid, partner := w.accounts["customer"].uid, "/v1/accounts/"+w.accounts["customer"].uid+"/partners/"+w.accounts["reseller"].uid
	sees := func(c *caller, position string) (customers, devices, accounts int) {
		t.Helper()
		at := "?minPosition=" + position
		return into[openapi.CustomerList](c.get("/v1/customers" + at).is(200)).Total,
			into[openapi.DeviceList](c.get("/v1/devices" + at).is(200)).Total,
			into[openapi.AccountList](c.get("/v1/accounts" + at).is(200)).Total
	}
	expectSeen := func(position string, wantCustomers, wantDevices, wantAccounts int) {
		t.Helper()
		customers, devices, accounts := sees(reseller, position)
		expect(t, "what the reseller sees", []int{customers, devices, accounts}, []int{wantCustomers, wantDevices, wantAccounts})
	}
	expectSeen(w.position, 2, 6, 3)

	// By itself, at the very instant.
	customer.send("PATCH", partner, `{}`).refusedWith(400, "field_missing")
	customer.send("PATCH", partner, `{"until":"tomorrow"}`).is(400)
	customer.send("PATCH", partner, `{"until":"2026-03-15T12:00:00Z"}`).refusedWith(422, "/until until_in_past")
	set := customer.send("PATCH", partner, `{"until":"2026-03-15T14:00:00+01:00","profile":"renewals"}`).is(200)
	position := set.header.Get("X-Position")
	shown := into[openapi.PartnerList](customer.get("/v1/accounts/" + uid + "/partners?minPosition=" + position).is(200)).Items[0]
	if shown.Profile.Id != "renewals" || shown.Until == nil || !shown.Until.Equal(now.Add(time.Hour)) {
		t.Errorf("%+v", shown)
	}
	s.clock.Advance(time.Hour - time.Nanosecond)
	expectSeen(position, 2, 6, 3)
	s.clock.Advance(time.Nanosecond)
	expectSeen(position, 1, 4, 2)
	reseller.get("/v1/accounts/"+uid).refusedWith(404, "not_found")
	reseller.get("/v1/devices/" + w.accounts["customer"].serial).is(404)
	expect(t, "partners", into[openapi.PartnerList](customer.get("/v1/accounts/"+uid+"/partners").is(200)).Total, 0)
	customer.send("PATCH", partner, `{"until":null}`).refusedWith(404, "not_found")

	// And by the customer's word, whatever end was set.
	w = newTenants(t, s)
	reseller, customer = w.clients["reseller"], w.clients["customer"]
	partner = "/v1/accounts/" + w.accounts["customer"].uid + "/partners/" + w.accounts["reseller"].uid
	customer.send("PATCH", partner, `{"until":"2030-01-01T00:00:00Z"}`).is(200)
	removed := customer.send("PATCH", partner, `{"until":null}`).is(200)
	s.clock.Advance(10 * 366 * 24 * time.Hour)
	expectSeen(removed.header.Get("X-Position"), 2, 6, 3)
	before := time.Now().UTC().Format(time.RFC3339Nano) // as the log records it
	ended := customer.send("DELETE", partner+"?reason=moved", "").is(200)
	expectSeen(ended.header.Get("X-Position"), 1, 4, 2)
	past := into[openapi.CustomerList](reseller.get("/v1/customers?asOf=" + before).is(200))
	if past.Total != 1 || past.Items[0].Uid.String() != w.accounts["shown"].uid {
		t.Errorf("of the past it sees whom it sees today: %+v", past)
	}
	customer.send("DELETE", partner, "").refusedWith(404, "not_found")
}

// A customer may have several resellers, and one that it parted with again.
func TestTheCustomerChoosesPartners(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	w := newTenants(t, s)
	reseller, stranger := w.clients["reseller"], w.clients["stranger"]
	foreign, partner := w.accounts["foreign"], w.accounts["reseller"].uid
	path := "/v1/accounts/" + foreign.uid + "/partners"

	reseller.get("/v1/devices/" + foreign.serial).is(404)
	stranger.post(path, `{"partner":"`+partner+`","profile":"king","until":"2026-03-15T12:00:00Z"}`).
		refusedWith(422, "/profile profile_unknown", "/until until_in_past")
	chosen := stranger.post(path, `{"partner":"`+partner+`","profile":"renewals","until":"2026-03-15T13:00:00Z"}`).is(201)
	again := stranger.post(path, `{"partner":"`+partner+`","profile":"renewals","until":"2026-03-15T13:00:00Z"}`).is(201)
	expect(t, "what a repeat gives", into[openapi.Written](again), into[openapi.Written](chosen))
	stranger.post(path, `{"partner":"`+partner+`"}`).refusedWith(409, "already_partnered")
	reseller.get("/v1/devices/" + foreign.serial + "?minPosition=" + chosen.header.Get("X-Position")).is(200)
	reseller.post("/v1/renewals", `{"devices":["`+foreign.serial+`"],"term":"P1Y"}`).is(200)

	s.clock.Advance(time.Hour)
	reseller.get("/v1/devices/" + foreign.serial).is(404)
	anew := stranger.post(path, `{"partner":"`+partner+`"}`).is(201)
	shown := into[openapi.PartnerList](stranger.get(path + "?minPosition=" + anew.header.Get("X-Position")).is(200))
	if shown.Total != 1 || shown.Items[0].Profile.Id != "read-only" || shown.Items[0].Until != nil {
		t.Errorf("%+v", shown)
	}
	customers := into[openapi.CustomerList](reseller.get("/v1/customers?minPosition=" + anew.header.Get("X-Position")).is(200))
	expect(t, "customers", customers.Total, 3)
}
