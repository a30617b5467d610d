package api_test

import (
	"strings"
	"testing"

	"github.com/fleetledger/fleetledger/api/openapi"
)

func TestAccountDetails(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	w := newTenants(t, s)
	customer, uid := w.clients["customer"], w.accounts["customer"].uid
	path := "/v1/accounts/" + uid
	read := func(position string) openapi.Account {
		t.Helper()
		return into[openapi.Account](customer.get(path + "?minPosition=" + position).is(200))
	}
	before := customer.get(path + "?minPosition=" + w.position).is(200)
	tag, was := before.header.Get("ETag"), into[openapi.Account](before)
	expect(t, "billing at first", string(was.Billing.Mode), "prepaid")

	// The name is reserved as at creation, and the old one is free again.
	taken := `{"name":"  ` + strings.ToUpper(w.name) + `-NAME-OF-SHOWN "}`
	customer.send("PATCH", path, taken).refusedWith(409, "/name name_taken")
	customer.send("PATCH", path, `{"name":" ","billing":{"mode":"prepaid","contact":{"email":"?"}}}`).
		refusedWith(422, "/name name_invalid", "/billing/contact/email email_invalid")
	renamed := customer.send("PATCH", path, `{"name":"Alder II","billing":{"mode":"direct","contact":{"email":"bills@alder.example"}}}`, "If-Match: "+tag).is(200)
	customer.send("PATCH", path, `{"name":"Alder III"}`, "If-Match: "+tag).refusedWith(412, "revision_mismatch")
	now := read(renamed.header.Get("X-Position"))
	if now.Name != "Alder II" || now.Billing.Mode != "direct" || now.Billing.Contact == nil || now.Billing.Contact.Email != "bills@alder.example" {
		t.Errorf("%+v", now)
	}
	shown := w.clients["reseller"]
	shown.post("/v1/customers", `{"name":"ALDER II","administrator":{"email":"ii@x.example"}}`).refusedWith(409, "/name name_taken")
	shown.post("/v1/customers", `{"name":"`+was.Name+`","administrator":{"email":"ii@x.example"}}`).is(201)
	customer.send("PATCH", path, `{"name":"`+was.Name+`"}`).refusedWith(409, "/name name_taken")
	spelled := customer.send("PATCH", path, `{"name":"ALDER ii"}`).is(200) // its own, in other case
	customer.send("PATCH", path, `{"billing":{"mode":"prepaid","contact":{"email":"b@x.example"}}}`).
		refusedWith(422, "/billing billing_contact_not_allowed")
	expect(t, "name", read(spelled.header.Get("X-Position")).Name, "ALDER ii")
	customer.send("PATCH", path, `{"reason":"why not"}`).refusedWith(400, "field_missing")
	offers := s.send("PATCH", path, `{"offers":["premium"],"billing":{"mode":"prepaid"}}`).is(200)
	last := read(offers.header.Get("X-Position"))
	if len(last.Offers) != 1 || last.Billing.Mode != "prepaid" || last.Billing.Contact != nil {
		t.Errorf("%+v", last)
	}
}

func TestChannelContactsOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	uid, reseller := s.reseller("Northwind")
	path := "/v1/accounts/" + uid + "/channel-contacts"
	first := s.post(path, `{"email":"Sam@vendor.example","name":"Sam"}`).is(201)
	again := s.post(path, `{"email":"sam@VENDOR.example"}`).is(201)
	expect(t, "the same contact", into[openapi.Person](again), into[openapi.Person](first))
	s.post(path, `{"email":"nobody"}`).refusedWith(422, "/email email_invalid")
	reseller.post(path, `{"email":"me@vendor.example"}`).refusedWith(403, "forbidden")
	at := "?minPosition=" + again.header.Get("X-Position")
	expect(t, "contacts", into[openapi.ContactList](reseller.get(path+at).is(200)).Items, []openapi.Person{into[openapi.Person](first)})
	reseller.send("DELETE", first.header.Get("Location"), "").refusedWith(403, "forbidden")
	gone := s.send("DELETE", first.header.Get("Location"), "").is(200)
	s.send("DELETE", first.header.Get("Location"), "").refusedWith(404, "not_found")
	at = "?minPosition=" + gone.header.Get("X-Position")
	expect(t, "contacts", into[openapi.ContactList](reseller.get(path+at).is(200)).Total, 0)
}

// Requests of these tests come from 192.0.2.1.
func TestAddressRangesAreEnforced(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	w := newTenants(t, s)
	customer, path := w.clients["customer"], "/v1/accounts/"+w.accounts["customer"].uid+"/security"
	first := into[openapi.Security](customer.get(path + "?minPosition=" + w.position).is(200))
	expect(t, "at first", first, openapi.Security{PasswordLength: 12, AddressRanges: []string{}})
	customer.send("PATCH", path, `{"addressRanges":["203.0.113.0/24"]}`).refusedWith(422, "/addressRanges address_ranges_lock_out")
	customer.send("PATCH", path, `{"addressRanges":["everywhere"],"sessionMinutes":1,"passwordLength":5}`).
		refusedWith(422, "/sessionMinutes session_lifetime_invalid", "/passwordLength password_length_invalid", "/addressRanges address_range_invalid")
	set := customer.send("PATCH", path, `{"addressRanges":["192.0.2.0/25"],"sessionMinutes":480,"passwordLength":16}`).is(200)
	got := into[openapi.Security](customer.get(path + "?minPosition=" + set.header.Get("X-Position")).is(200))
	if *got.SessionMinutes != 480 || got.PasswordLength != 16 || got.AddressRanges[0] != "192.0.2.0/25" {
		t.Errorf("%+v", got)
	}
	elsewhere := s.send("PATCH", path, `{"addressRanges":["203.0.113.0/24"]}`).is(200) // the operator may
	seen := "?minPosition=" + elsewhere.header.Get("X-Position")
	s.get("/v1/accounts" + seen).is(200)
	for _, kind := range []string{"customer", "customerReader"} {
		w.clients[kind].get("/v1/me").refusedWith(403, "address_not_admitted")
		w.clients[kind].post("/v1/renewals", `{"devices":["x"],"term":"P1Y"}`).refusedWith(403, "address_not_admitted")
	}
	w.clients["reseller"].get("/v1/accounts/" + w.accounts["customer"].uid).is(200) // not one of its users
	opened := s.send("PATCH", path, `{"addressRanges":[]}`).is(200)
	s.get("/v1/accounts?minPosition=" + opened.header.Get("X-Position")).is(200)
	customer.get("/v1/me").is(200)
}
