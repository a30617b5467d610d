package api_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

func TestAccountDetails(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	w := newTenants(t, s)
	customer, uid := w.clients["customer"], uuid.MustParse(w.accounts["customer"].uid)
	edit := func(c *caller, e client.AccountEdit) apitest.Outcome[*client.EditAccountResponse] {
		return when(c.EditAccount(ctx, uid, nil, e))
	}
	named := func(name string) client.AccountEdit { return client.AccountEdit{Name: &name} }
	billed := func(mode client.BillingMode, email string) *client.BillingEdit {
		return &client.BillingEdit{Mode: mode, Contact: &client.Administrator{Email: email}}
	}
	read := func() openapi.Account { return *when(customer.GetAccount(ctx, uid, nil)).Then(t).JSON200 }
	customer.After(w.position)
	before := when(customer.GetAccount(ctx, uid, nil)).Then(t)
	was, ifUnchanged := before.JSON200, &client.EditAccountParams{IfMatch: new(before.Header.Get("ETag"))}
	expect(t, "billing at first", was.Billing.Mode, client.Prepaid)

	// The name is reserved as at creation, and the old one is free again.
	edit(customer, named("  "+strings.ToUpper(w.name)+"-NAME-OF-SHOWN ")).Refused(t, 409, "/name name_taken")
	edit(customer, client.AccountEdit{Name: new(" "), Billing: billed(client.Prepaid, "?")}).
		Refused(t, 422, "/name name_invalid", "/billing/contact/email email_invalid")
	when(customer.EditAccount(ctx, uid, ifUnchanged, client.AccountEdit{
		Name: new("Alder II"), Billing: billed(client.Direct, "bills@alder.example"),
	})).Then(t)
	when(customer.EditAccount(ctx, uid, ifUnchanged, named("Alder III"))).Refused(t, 412, "revision_mismatch")
	changed := read()
	if changed.Name != "Alder II" || changed.Billing.Mode != "direct" || changed.Billing.Contact == nil || changed.Billing.Contact.Email != "bills@alder.example" {
		t.Errorf("%+v", changed)
	}
	reseller := w.clients["reseller"]
	when(reseller.CreateCustomer(ctx, nil, customerNamed("ALDER II"))).Refused(t, 409, "/name name_taken")
	when(reseller.CreateCustomer(ctx, nil, customerNamed(was.Name))).Then(t)
	edit(customer, named(was.Name)).Refused(t, 409, "/name name_taken")
	edit(customer, named("ALDER ii")).Then(t) // its own, in other case
	edit(customer, client.AccountEdit{Billing: billed(client.Prepaid, "b@x.example")}).Refused(t, 422, "/billing billing_contact_not_allowed")
	expect(t, "name", read().Name, "ALDER ii")
	edit(customer, client.AccountEdit{Reason: new("why not")}).Refused(t, 400, "field_missing")
	edit(s.caller, client.AccountEdit{Offers: &[]client.Offer{client.Premium}, Billing: &client.BillingEdit{Mode: client.Prepaid}}).Then(t)
	customer.After(s.Position())
	last := read()
	if len(last.Offers) != 1 || last.Billing.Mode != "prepaid" || last.Billing.Contact != nil {
		t.Errorf("%+v", last)
	}
}

func TestChannelContactsOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	uid, reseller := s.reseller("Northwind")
	first := when(s.AssignChannelContact(ctx, uid, nil, client.NewContact{Email: "Sam@vendor.example", Name: new("Sam")})).Then(t).JSON201
	again := when(s.AssignChannelContact(ctx, uid, nil, client.NewContact{Email: "sam@VENDOR.example"})).Then(t).JSON201
	expect(t, "the same contact", again, first)
	renamed := when(s.AssignChannelContact(ctx, uid, nil, client.NewContact{Email: "sam@vendor.example", Name: new("Samira")})).Then(t)
	expect(t, "renamed", []any{renamed.JSON201.Id, renamed.JSON201.Name}, []any{first.Id, "Samira"})
	first = renamed.JSON201
	expect(t, "at its location", into[client.Person](s.get(renamed.Header.Get("Location")+"?minPosition="+s.Position()).is(200)), *first)
	when(s.AssignChannelContact(ctx, uid, nil, client.NewContact{Email: "nobody"})).Refused(t, 422, "/email email_invalid")
	when(reseller.AssignChannelContact(ctx, uid, nil, client.NewContact{Email: "me@vendor.example"})).Refused(t, 403, "forbidden")
	reseller.After(s.Position())
	expect(t, "contacts", when(reseller.ListChannelContacts(ctx, uid, nil)).Then(t).JSON200.Items, []openapi.Person{*first})
	when(reseller.RemoveChannelContact(ctx, uid, first.Id, nil)).Refused(t, 403, "forbidden")
	when(s.RemoveChannelContact(ctx, uid, first.Id, nil)).Then(t)
	when(s.RemoveChannelContact(ctx, uid, first.Id, nil)).Refused(t, 404, "not_found")
	reseller.After(s.Position())
	expect(t, "contacts", when(reseller.ListChannelContacts(ctx, uid, nil)).Then(t).JSON200.Total, 0)
}

// Requests of these tests come from 192.0.2.1.
func TestAddressRangesAreEnforced(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	w := newTenants(t, s)
	customer, uid := w.clients["customer"], uuid.MustParse(w.accounts["customer"].uid)
	from := func(ranges ...string) client.SecurityEdit {
		return client.SecurityEdit{AddressRanges: new(append([]string{}, ranges...))}
	}
	customer.After(w.position)
	expect(t, "at first", *when(customer.GetSecurity(ctx, uid, nil)).Then(t).JSON200, openapi.Security{PasswordLength: 12, AddressRanges: []string{}})
	when(customer.SecureAccount(ctx, uid, nil, from("203.0.113.0/24"))).Refused(t, 422, "/addressRanges address_ranges_lock_out")
	wrong := from("everywhere")
	wrong.SessionMinutes, wrong.PasswordLength = new(1), new(5)
	when(customer.SecureAccount(ctx, uid, nil, wrong)).
		Refused(t, 422, "/sessionMinutes session_lifetime_invalid", "/passwordLength password_length_invalid", "/addressRanges address_range_invalid")
	set := from("192.0.2.0/25")
	set.SessionMinutes, set.PasswordLength = new(480), new(16)
	when(customer.SecureAccount(ctx, uid, nil, set)).Then(t)
	got := when(customer.GetSecurity(ctx, uid, nil)).Then(t).JSON200
	if *got.SessionMinutes != 480 || got.PasswordLength != 16 || got.AddressRanges[0] != "192.0.2.0/25" {
		t.Errorf("%+v", got)
	}

	when(s.SecureAccount(ctx, uid, nil, from("203.0.113.0/24"))).Then(t) // the operator may
	for _, kind := range []string{"customer", "customerReader"} {
		when(w.clients[kind].GetMe(ctx, nil)).Refused(t, 403, "address_not_admitted")
		when(w.clients[kind].RenewDevices(ctx, nil, client.RenewalRequest{Devices: []string{"x"}, Term: new("P1Y")})).Refused(t, 403, "address_not_admitted")
	}
	when(w.clients["reseller"].GetAccount(ctx, uid, nil)).Then(t) // not one of its users
	when(s.SecureAccount(ctx, uid, nil, from())).Then(t)
	when(customer.GetMe(ctx, nil)).Then(t)
}
