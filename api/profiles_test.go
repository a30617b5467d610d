package api_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/fleetledger/fleetledger/api/openapi"
)

// Profiles from their definition to their end, and how the lists name them.
func TestProfilesOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	reseller, email := s.activated("Northwind")
	ada := s.enter(email)
	customer, _ := s.customerOf(ada, "Contoso")
	admin := s.signIn(customer, "")
	profiles := "/v1/accounts/" + customer + "/profiles"

	admin.post(profiles, `{"name":"READ only","rights":["users.manage","king"]}`).
		refusedWith(422, "/rights right_unknown", "/rights right_not_assignable")
	admin.post(profiles, `{"name":"READ only","rights":["devices.read"]}`).refusedWith(409, "/name name_taken")
	got := admin.post(profiles, `{"name":"Workshop","rights":["devices.read","account.read","devices.read"]}`).is(201)
	id := into[openapi.Written](got).Uid.String()
	at := profiles + "/" + id
	expect(t, "location", got.header.Get("Location"), at)
	since := "?minPosition=" + got.header.Get("X-Position")
	list := into[openapi.ProfileList](admin.get(profiles + since).is(200))
	expect(t, "total", list.Total, 5)
	expect(t, "last", list.Items[4], openapi.Profile{Id: id, Name: "Workshop", Rights: []string{"account.read", "devices.read"}})
	expect(t, "first", list.Items[0].Shipped, true)
	one := admin.get(at + since).is(200)
	admin.get(profiles+"/king"+since).refusedWith(404, "not_found")
	expect(t, "a shipped one", into[openapi.Profile](admin.get(profiles+"/full"+since).is(200)).Shipped, true)

	admin.send(http.MethodPatch, at, `{}`).refusedWith(400, "out_of_range")
	admin.send(http.MethodPatch, at, `{"reason":"x"}`).refusedWith(400, "field_missing")
	admin.send(http.MethodPatch, profiles+"/full", `{"name":"Mine"}`).refusedWith(422, "profile_shipped")
	admin.send(http.MethodPatch, at, `{"name":"Depot"}`, "If-Match: "+one.header.Get("ETag")).is(200)
	admin.send(http.MethodPatch, at, `{"name":"Shed"}`, "If-Match: "+one.header.Get("ETag")).refusedWith(412, "revision_mismatch")

	given := admin.send(http.MethodPatch, "/v1/accounts/"+customer+"/partners/"+reseller, fmt.Sprintf(`{"profile":%q}`, id)).is(200)
	since = "?minPosition=" + given.header.Get("X-Position")
	ref := openapi.ProfileRef{Id: id, Name: "Depot"}
	expect(t, "customers", into[openapi.CustomerList](ada.get("/v1/customers" + since).is(200)).Items[0].PartnerProfile, ref)
	expect(t, "partners", into[openapi.PartnerList](ada.get("/v1/accounts/" + reseller + "/partners" + since).is(200)).Items[0].Profile, ref)
	expect(t, "partners of the customer", into[openapi.PartnerList](admin.get("/v1/accounts/" + customer + "/partners" + since).is(200)).Items[0].Profile, ref)
	reached := into[openapi.Me](ada.get("/v1/me" + since).is(200)).Accounts[0]
	expect(t, "me", reached, openapi.ReachedAccount{Uid: reached.Uid, Name: "Contoso", Profile: &ref, Rights: []string{"account.read", "devices.read"}})
	expect(t, "scope", into[openapi.AccountList](ada.get("/v1/accounts"+since).is(200)).Total, 2)

	token := s.signIn(customer, id)
	token.get("/v1/accounts/" + customer + since).is(200)
	token.get("/v1/accounts/"+customer+"/partners"+since).refusedWith(403, "missing_right")
	invited := admin.post("/v1/accounts/"+customer+"/users", fmt.Sprintf(`{"email":"bo@contoso.example","profiles":[%q,"renewals"]}`, id)).is(201)
	user := "/v1/accounts/" + customer + "/users/" + into[openapi.Written](invited).Uid.String()
	since = "?minPosition=" + invited.header.Get("X-Position")
	for _, r := range into[openapi.User](admin.get(user + since).is(200)).Profiles {
		if r != ref && r.Name != "Renewals" {
			t.Errorf("a user's profile: %+v", r)
		}
	}

	removed := s.caller.send(http.MethodDelete, at+"?reason=no+more", "").is(200)
	since = "?minPosition=" + removed.header.Get("X-Position")
	yes := true
	ref = openapi.ProfileRef{Id: id, Name: "removed", Removed: &yes}
	expect(t, "customers", into[openapi.CustomerList](ada.get("/v1/customers" + since).is(200)).Items[0].PartnerProfile, ref)
	reached = into[openapi.Me](ada.get("/v1/me" + since).is(200)).Accounts[0]
	expect(t, "me", reached, openapi.ReachedAccount{Uid: reached.Uid, Name: "Contoso", Profile: &ref, Rights: []string{}})
	ada.get("/v1/accounts/"+customer+since).refusedWith(404, "not_found")
	expect(t, "scope", into[openapi.AccountList](ada.get("/v1/accounts"+since).is(200)).Total, 1)
	token.get("/v1/me").is(200)
	token.get("/v1/accounts/"+customer+since).refusedWith(404, "not_found")
	expect(t, "profiles of the user", len(into[openapi.User](admin.get(user+since).is(200)).Profiles), 2)
	admin.get(at+since).refusedWith(404, "not_found")
	admin.send(http.MethodDelete, at, "").refusedWith(404, "not_found")
	then := into[openapi.ProfileList](admin.get(profiles + since).is(200))
	expect(t, "total", then.Total, 4)
}
