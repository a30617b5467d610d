package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
)

// audit grants an auditor some accounts for a month.
func (s *stack) audit(email string, accounts ...string) (openapi.CreatedAuditGrant, *caller) {
	s.t.Helper()
	body := fmt.Sprintf(`{"auditor":{"email":%q,"name":"Ada"},"accounts":["%s"],"expiresAt":%q}`,
		email, strings.Join(accounts, `","`), s.clock.Now().AddDate(0, 1, 0).Format(time.RFC3339))
	granted := into[openapi.CreatedAuditGrant](s.post("/v1/audit-grants", body).is(201))
	return granted, s.as(granted.Token)
}

func TestAuditorOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.clock.Advance(100 * 365 * 24 * time.Hour) // beyond the node's clock, so that asOf can be asked for
	reseller, desk := s.reseller("Northwind")
	customer, _ := s.customerOf(desk, "Alder")
	got := s.post("/v1/device-registrations", fmt.Sprintf(`{"items":[{"serialNumber":%q,"imei":%q,"account":%q}]}`, mp70(1), imei(1), customer)).is(200)
	seen := "minPosition=" + got.header.Get("X-Position")

	body := fmt.Sprintf(`{"auditor":{"email":"ada@auditors.example","name":"Ada"},"accounts":[%q],"expiresAt":%q,"reason":"yearly audit"}`,
		reseller, s.clock.Now().AddDate(0, 1, 0).Format(time.RFC3339))
	made := s.post("/v1/audit-grants", body, "Idempotency-Key: grant-1").is(201)
	again := s.post("/v1/audit-grants", body, "Idempotency-Key: grant-1").is(201)
	expect(t, "repeated", string(again.body), string(made.body))
	s.post("/v1/audit-grants", strings.Replace(body, "Ada", "Bo", 1), "Idempotency-Key: grant-1").refusedWith(422, "idempotency_key_reused")
	s.post("/v1/audit-grants", strings.Replace(body, reseller, uuid.NewString(), 1)).refusedWith(422, "/accounts/0 account_unknown")
	s.post("/v1/audit-grants", strings.Replace(body, `"expiresAt":"2`, `"expiresAt":"3`, 1)).refusedWith(422, "/expiresAt expiry_invalid")
	granted := into[openapi.CreatedAuditGrant](made)

	ada := s.as(granted.Token)
	me := into[openapi.Me](ada.get("/v1/me", "X-Account: "+reseller).is(200))
	if me.Kind != "auditor" || me.Account != nil || me.Person == nil || me.Person.Email != "ada@auditors.example" || len(me.Rights) != 0 {
		t.Errorf("me: %+v", me)
	}
	if len(me.Accounts) != 1 || me.Accounts[0].Name != "Northwind" || me.Accounts[0].Profile != nil || len(me.Accounts[0].Rights) != 5 {
		t.Errorf("what it reaches: %+v", me.Accounts)
	}
	// The Customers page of the reseller is the reseller's; the customer is not.
	page := into[openapi.CustomerList](ada.get("/v1/customers?"+seen, "X-Account: "+reseller).is(200))
	if page.Total != 1 || page.Items[0].TotalSystems != 1 {
		t.Errorf("customers: %+v", page)
	}
	ada.get("/v1/accounts/"+customer).refusedWith(404, "not_found")
	ada.get("/v1/devices/"+mp70(1)+"?"+seen).refusedWith(404, "not_found")
	if users := into[openapi.UserList](ada.get("/v1/accounts/" + reseller + "/users").is(200)); users.Total != 0 {
		t.Errorf("users: %+v", users)
	}
	now := "?asOf=" + s.clock.Now().Format(time.RFC3339Nano)
	ada.get("/v1/accounts/" + reseller + now).is(200)
	ada.get("/v1/accounts/"+customer+now).refusedWith(404, "not_found")

	list := s.get("/v1/audit-grants?account=" + reseller + "&minPosition=" + made.header.Get("X-Position")).is(200)
	if grants := into[openapi.AuditGrantList](list); grants.Total != 1 || grants.Items[0].Status != "active" || grants.Items[0].Reason != "yearly audit" {
		t.Errorf("grants: %s", list.body)
	}
	if strings.Contains(string(list.body), granted.Token) {
		t.Errorf("the list shows the token: %s", list.body)
	}
	at := made.header.Get("Location")
	one := s.get(at).is(200)
	s.post(at+":revoke", "", `If-Match: "7"`).refusedWith(412, "revision_mismatch")
	revoked := s.post(at+":revoke", `{"reason":"done"}`, "If-Match: "+one.header.Get("ETag")).is(200)
	ada.get("/v1/me").refusedWith(401, "unauthenticated")
	if g := into[openapi.AuditGrant](s.get(at + "?minPosition=" + revoked.header.Get("X-Position")).is(200)); g.Status != "revoked" || g.EndedAt == nil {
		t.Errorf("revoked: %+v", g)
	}

	erased, bo := s.audit("bo@auditors.example", reseller, customer)
	bo.get("/v1/devices/" + mp70(1) + "/history").is(200)
	gone := s.post("/v1/persons/"+erased.Id.String()+":erase", "").is(200)
	bo.get("/v1/me").refusedWith(401, "unauthenticated")
	list = s.get("/v1/audit-grants?minPosition=" + gone.header.Get("X-Position")).is(200)
	if into[openapi.AuditGrantList](list).Total != 2 || strings.Contains(string(list.body), "bo@auditors.example") {
		t.Errorf("after the erasure: %s", list.body)
	}
}
