package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
)

// auditOf is an auditor's grant of some accounts for a month.
func (s *stack) auditOf(email string, accounts ...uuid.UUID) client.NewAuditGrant {
	return client.NewAuditGrant{
		Auditor: client.Auditor{Email: email, Name: new("Ada")}, Accounts: accounts, ExpiresAt: s.clock.Now().AddDate(0, 1, 0),
	}
}

// audit grants an auditor some accounts.
func (s *stack) audit(email string, accounts ...uuid.UUID) (client.CreatedAuditGrant, *caller) {
	s.t.Helper()
	granted := when(s.GrantAudit(s.t.Context(), nil, s.auditOf(email, accounts...))).Then(s.t).JSON201
	return *granted, s.as(granted.Token)
}

func TestGrantingAnAudit(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	reseller, _ := s.reseller("Northwind")
	wanted := s.auditOf("ada@auditors.example", reseller)
	wanted.Reason = new("yearly audit")
	once := &client.GrantAuditParams{IdempotencyKey: new("grant-1")}
	made := when(s.GrantAudit(ctx, once, wanted)).Then(t)
	expect(t, "repeated", when(s.GrantAudit(ctx, once, wanted)).Then(t).JSON201, made.JSON201)
	other := wanted
	other.Auditor.Name = new("Bo")
	when(s.GrantAudit(ctx, once, other)).Refused(t, 422, "idempotency_key_reused")
	when(s.GrantAudit(ctx, nil, s.auditOf("ada@auditors.example", uuid.New()))).Refused(t, 422, "/accounts/0 account_unknown")
	other = wanted
	other.ExpiresAt = wanted.ExpiresAt.AddDate(1000, 0, 0)
	when(s.GrantAudit(ctx, nil, other)).Refused(t, 422, "/expiresAt expiry_invalid")

	list := when(s.ListAuditGrants(ctx, &client.ListAuditGrantsParams{Account: &[]uuid.UUID{reseller}})).Then(t)
	if grants := list.JSON200; grants.Total != 1 || grants.Items[0].Status != "active" || grants.Items[0].Reason != "yearly audit" {
		t.Errorf("grants: %s", list.Body)
	}
	if strings.Contains(string(list.Body), made.JSON201.Token) {
		t.Errorf("the list shows the token: %s", list.Body)
	}
	id := made.JSON201.Id
	expect(t, "location", made.Header.Get("Location"), "/v1/audit-grants/"+id.String())
	tag := when(s.GetAuditGrant(ctx, id, nil)).Then(t).Header.Get("ETag")
	when(s.RevokeAuditGrant(ctx, id, &client.RevokeAuditGrantParams{IfMatch: new(`"7"`)}, client.Reason{})).Refused(t, 412, "revision_mismatch")
	when(s.RevokeAuditGrant(ctx, id, &client.RevokeAuditGrantParams{IfMatch: &tag}, client.Reason{Reason: new("done")})).Then(t)
	s.as(made.JSON201.Token).isOut()
	if g := when(s.GetAuditGrant(ctx, id, nil)).Then(t).JSON200; g.Status != "revoked" || g.EndedAt == nil {
		t.Errorf("revoked: %+v", g)
	}
}

func TestWhatAnAuditorReads(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	s.clock.Advance(100 * 365 * 24 * time.Hour) // beyond the node's clock, so that asOf can be asked for
	reseller, desk := s.reseller("Northwind")
	customer := s.customerOf(desk, "Alder")
	expect(t, "registration", s.registers(newDevice(1, customer)), []string{"created"})
	_, ada := s.audit("ada@auditors.example", reseller)
	ada.After(s.Position())

	me := when(ada.GetMe(ctx, &client.GetMeParams{XAccount: &reseller})).Then(t).JSON200
	if me.Kind != "auditor" || me.Account != nil || me.Person == nil || me.Person.Email != "ada@auditors.example" || len(me.Rights) != 0 {
		t.Errorf("me: %+v", me)
	}
	if len(me.Accounts) != 1 || me.Accounts[0].Name != "Northwind" || me.Accounts[0].Profile != nil || len(me.Accounts[0].Rights) != 5 {
		t.Errorf("what it reaches: %+v", me.Accounts)
	}
	// The Customers page of the reseller is the reseller's; the customer is not.
	page := when(ada.ListCustomers(ctx, &client.ListCustomersParams{XAccount: &reseller})).Then(t).JSON200
	if page.Total != 1 || page.Items[0].TotalSystems != 1 {
		t.Errorf("customers: %+v", page)
	}
	when(ada.GetAccount(ctx, customer, nil)).Refused(t, 404, "not_found")
	when(ada.GetDevice(ctx, mp70(1), nil)).Refused(t, 404, "not_found")
	expect(t, "users", when(ada.ListUsers(ctx, reseller, nil)).Then(t).JSON200.Total, 0)
	asOf := &client.GetAccountParams{AsOf: new(s.clock.Now().Format(time.RFC3339Nano))}
	when(ada.GetAccount(ctx, reseller, asOf)).Then(t)
	when(ada.GetAccount(ctx, customer, asOf)).Refused(t, 404, "not_found")
}

func TestAnErasedAuditorIsOut(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	reseller, desk := s.reseller("Northwind")
	customer := s.customerOf(desk, "Alder")
	expect(t, "registration", s.registers(newDevice(1, customer)), []string{"created"})
	grant, bo := s.audit("bo@auditors.example", reseller, customer)
	when(bo.GetDeviceHistory(ctx, mp70(1), nil)).Then(t)
	when(s.ErasePerson(ctx, grant.Id, nil, client.Reason{})).Then(t)
	bo.isOut()
	list := when(s.ListAuditGrants(ctx, nil)).Then(t)
	if list.JSON200.Total != 1 || strings.Contains(string(list.Body), "bo@auditors.example") {
		t.Errorf("after the erasure: %s", list.Body)
	}
}
