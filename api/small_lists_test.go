package api_test

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// Whatever answers with items speaks the dialect of all lists.
func TestEveryListHasPages(t *testing.T) {
	t.Parallel()
	doc, err := apitest.Description()
	must(t, err)
	parts := []string{"/v1/renewals/{id}", "/v1/operations/{id}/results", "/v1/notices/{id}"} // in the order of the request, of the mail
	lists := 0
	for path, item := range doc.Paths.Map() {
		if item.Get == nil || item.Get.Responses.Status(200) == nil {
			continue
		}
		body := item.Get.Responses.Status(200).Value.Content.Get("application/json")
		if body == nil || body.Schema.Value.Properties["items"] == nil {
			continue
		}
		lists++
		for _, field := range []string{"items", "nextCursor", "total"} {
			if !slices.Contains(body.Schema.Value.Required, field) {
				t.Errorf("GET %s answers without %s", path, field)
			}
		}
		for _, name := range []string{"limit", "cursor", "sort"} {
			if item.Get.Parameters.GetByInAndName("query", name) == nil && (name != "sort" || !slices.Contains(parts, path)) {
				t.Errorf("GET %s takes no %s", path, name)
			}
		}
	}
	if lists < 20 {
		t.Errorf("there are %d lists only", lists)
	}
}

// The lists that an account or a user keeps whole: profiles, contacts, external
// accounts, partners, tokens and sessions.
func TestSmallListsInPages(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	uid, email := s.activated("Northwind")
	admin := s.enter(email)
	at := "/v1/accounts/" + uid.String()
	_, stranger := s.reseller("Stranger")

	for _, name := range []string{"Zulu", "Ärmel", "Arm"} {
		admin.post(at+"/profiles", fmt.Sprintf(`{"name":%q,"rights":["devices.read"]}`, name)).is(201)
		s.clock.Advance(time.Second)
	}
	expect(t, "own profiles", admin.lists(at+"/profiles", "name", "shipped=false"), []string{"Arm", "Ärmel", "Zulu"})
	expect(t, "backwards", admin.lists(at+"/profiles", "name", "shipped=false", "sort=-name"), []string{"Zulu", "Ärmel", "Arm"})
	all := admin.lists(at+"/profiles", "name")
	expect(t, "the shipped ones first", all[len(all)-3:], []string{"Arm", "Ärmel", "Zulu"})
	expect(t, "shipped", admin.lists(at+"/profiles", "name", "shipped=true"), all[:len(all)-3])
	admin.speaks(at+"/profiles", "name")

	for _, label := range []string{"b", "a", "c"} {
		admin.post(at+"/external-accounts", fmt.Sprintf(`{"kind":"sms","label":%q,"endpoint":"https://sms.example","secret":"hunter2"}`, label)).is(201)
	}
	expect(t, "external accounts", admin.lists(at+"/external-accounts", "label"), []string{"b", "a", "c"})
	expect(t, "by label", admin.lists(at+"/external-accounts", "label", "sort=label", "kind=sms", "kind=subscription_management"), []string{"a", "b", "c"})
	expect(t, "of another kind", admin.lists(at+"/external-accounts", "label", "kind=subscription_management"), []string{})
	admin.speaks(at+"/external-accounts", "label")

	for _, label := range []string{"two", "one", "three"} {
		body := fmt.Sprintf(`{"label":%q,"profile":"read-only","expiresAt":"2026-05-01T00:00:00Z"}`, label)
		admin.post("/v1/tokens", body).is(201)
		s.clock.Advance(time.Second)
	}
	expect(t, "tokens, newest first", admin.lists("/v1/tokens", "label"), []string{"three", "one", "two"})
	expect(t, "by label", admin.lists("/v1/tokens", "label", "sort=label"), []string{"one", "three", "two"})
	admin.speaks("/v1/tokens", "label")
	for range 2 {
		s.enter(email)
		s.clock.Advance(time.Second)
	}
	expect(t, "sessions", len(admin.lists("/v1/sessions", "id")), 3)
	oldest := admin.lists("/v1/sessions", "createdAt", "sort=createdAt")
	expect(t, "oldest first", slices.IsSorted(oldest), true)
	admin.speaks("/v1/sessions", "createdAt")
	for _, path := range []string{"/profiles", "/external-accounts", "/channel-contacts", "/tokens", "/partners"} {
		stranger.get(at+path+"?limit=1").refusedWith(404, "not_found")
	}
	admin.get(at+"/partners?wrong=1").refusedWith(400, "#/query/wrong unknown_parameter")
}

// What the operator keeps: contacts, the tokens of accounts, models, read models.
func TestTheOperatorsListsInPages(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	reseller, desk := s.reseller("Northwind")
	at := "/v1/accounts/" + reseller.String()
	for _, name := range []string{"Mo", "Jo", "Bo"} {
		s.post(at+"/channel-contacts", fmt.Sprintf(`{"email":"%s@vendor.example","name":%[1]q}`, name)).is(201)
	}
	desk.After(s.Position())
	expect(t, "contacts", desk.lists(at+"/channel-contacts", "name"), []string{"Mo", "Jo", "Bo"})
	expect(t, "by name", desk.lists(at+"/channel-contacts", "name", "sort=name"), []string{"Bo", "Jo", "Mo"})
	desk.speaks(at+"/channel-contacts", "-email")
	s.signIn(reseller, "")
	s.signIn(reseller, "read-only")
	expect(t, "tokens of the account", len(s.lists(at+"/tokens", "id")) > 1, true)
	s.speaks(at+"/tokens", "-label")

	for _, name := range []string{"Alder", "Beacon", "Cedar"} {
		customer := s.customerOf(desk, name)
		if name == "Beacon" {
			s.partnerProfile(reseller, customer, "renewals")
		}
	}
	profiles := func(p string) (all []string) {
		for _, item := range into[openapi.PartnerList](desk.get(at + "/partners?minPosition=" + desk.Position() + "&profile=" + p).is(200)).Items {
			all = append(all, item.Account.Name)
		}
		return all
	}
	expect(t, "partners by profile", profiles("renewals"), []string{"Beacon"})
	expect(t, "by either", profiles("renewals&profile=read-only"), []string{"Alder", "Beacon", "Cedar"})
	desk.speaks(at+"/partners", "-name")

	var models []string
	whole := into[openapi.Catalogue](desk.get("/v1/catalogue").is(200))
	for cursor := ""; ; {
		page := into[openapi.Catalogue](desk.get("/v1/catalogue?limit=3&sort=-model&offer=premium&offer=basic" + cursor).is(200))
		for _, m := range page.Models {
			models = append(models, m.Model)
		}
		if page.NextCursor == nil {
			expect(t, "total", page.Total, len(models))
			break
		}
		cursor = "&cursor=" + url.QueryEscape(*page.NextCursor)
	}
	expect(t, "no more than there are", len(models) > 3 && len(models) <= whole.Total && whole.Total == len(whole.Models), true)
	desk.get("/v1/catalogue?sort=size").refusedWith(400, "#/query/sort sort_unknown")
	expect(t, "read models", s.lists("/v1/projections", "name", "state=running", "state=stopped")[0] != "", true)
	s.get("/v1/projections?sort=wrong").refusedWith(400, "#/query/sort sort_unknown")
	desk.get("/v1/projections?limit=1").refusedWith(403, "forbidden")
	s.get("/v1/accounts/"+uuid.NewString()+"/tokens?limit=1").refusedWith(404, "not_found")
}
