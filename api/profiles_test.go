package api_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// workshop is a profile that a customer has defined beside the shipped ones.
type workshop struct {
	*stack
	admin, reseller      *caller
	account, resellerUID uuid.UUID
	id                   string
}

func newWorkshop(t *testing.T) *workshop {
	t.Helper()
	w := &workshop{stack: newStack(t)}
	var email string
	w.resellerUID, email = w.activated("Northwind")
	w.reseller = w.enter(email)
	w.account = w.customerOf(w.reseller, "Contoso")
	w.admin = w.signIn(w.account, "")
	defined := when(w.admin.DefineProfile(t.Context(), w.account, nil, client.NewProfile{
		Name: "Workshop", Rights: []string{"devices.read", "account.read", "devices.read"},
	})).Then(t)
	w.id = defined.JSON201.Uid.String()
	expect(t, "location", defined.Header.Get("Location"), "/v1/accounts/"+w.account.String()+"/profiles/"+w.id)
	return w
}

// edit edits a profile of the account.
func (w *workshop) edit(id, tag string, e client.ProfileEdit) apitest.Outcome[*client.EditProfileResponse] {
	params := &client.EditProfileParams{}
	if tag != "" {
		params.IfMatch = &tag
	}
	return when(w.admin.EditProfile(w.t.Context(), w.account, id, params, e))
}

func TestDefiningProfiles(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	ctx := t.Context()
	when(w.admin.DefineProfile(ctx, w.account, nil, client.NewProfile{Name: "READ only", Rights: []string{"users.manage", "king"}})).
		Refused(t, 422, "/rights right_unknown", "/rights right_not_assignable")
	when(w.admin.DefineProfile(ctx, w.account, nil, client.NewProfile{Name: "READ only", Rights: []string{"devices.read"}})).
		Refused(t, 409, "/name name_taken")
	list := when(w.admin.ListProfiles(ctx, w.account, nil)).Then(t).JSON200
	expect(t, "total", list.Total, 5)
	expect(t, "last", list.Items[4], openapi.Profile{Id: w.id, Name: "Workshop", Rights: []string{"account.read", "devices.read"}})
	expect(t, "first", list.Items[0].Shipped, true)
	when(w.admin.GetProfile(ctx, w.account, "king", nil)).Refused(t, 404, "not_found")
	expect(t, "a shipped one", when(w.admin.GetProfile(ctx, w.account, "full", nil)).Then(t).JSON200.Shipped, true)

	w.edit(w.id, "", client.ProfileEdit{}).Refused(t, 400, "out_of_range")
	w.edit(w.id, "", client.ProfileEdit{Reason: new("x")}).Refused(t, 400, "field_missing")
	w.edit("full", "", client.ProfileEdit{Name: new("Mine")}).Refused(t, 422, "profile_shipped")
	tag := when(w.admin.GetProfile(ctx, w.account, w.id, nil)).Then(t).Header.Get("ETag")
	w.edit(w.id, tag, client.ProfileEdit{Name: new("Depot")}).Then(t)
	w.edit(w.id, tag, client.ProfileEdit{Name: new("Shed")}).Refused(t, 412, "revision_mismatch")
}

// named expects how the lists, and what the reseller reaches, name the
// partner's profile.
func (w *workshop) named(ref openapi.ProfileRef, rights []string) {
	w.t.Helper()
	ctx := w.t.Context()
	w.reseller.After(w.admin.Position())
	expect(w.t, "customers", when(w.reseller.ListCustomers(ctx, nil)).Then(w.t).JSON200.Items[0].PartnerProfile, ref)
	reached := when(w.reseller.GetMe(ctx, nil)).Then(w.t).JSON200.Accounts[0]
	expect(w.t, "me", reached, openapi.ReachedAccount{Uid: w.account, Name: "Contoso", Profile: &ref, Rights: rights})
}

// Whoever has a profile has its rights, until it is removed.
func TestAProfileUntilItsEnd(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	ctx := t.Context()
	ref := openapi.ProfileRef{Id: w.id, Name: "Workshop"}
	when(w.admin.AssignPartnerProfile(ctx, w.account, w.resellerUID, nil, client.ProfileAssignment{Profile: &w.id})).Then(t)
	w.named(ref, []string{"account.read", "devices.read"})
	expect(t, "partners", when(w.reseller.ListPartners(ctx, w.resellerUID, nil)).Then(t).JSON200.Items[0].Profile, ref)
	expect(t, "partners of the customer", when(w.admin.ListPartners(ctx, w.account, nil)).Then(t).JSON200.Items[0].Profile, ref)
	expect(t, "scope", when(w.reseller.ListAccounts(ctx, nil)).Then(t).JSON200.Total, 2)

	token := w.signIn(w.account, w.id)
	token.After(w.admin.Position())
	when(token.GetAccount(ctx, w.account, nil)).Then(t)
	when(token.ListPartners(ctx, w.account, nil)).Refused(t, 403, "missing_right")
	user := when(w.admin.InviteUser(ctx, w.account, nil, client.NewUser{
		Email: "bo@contoso.example", Profiles: &[]string{w.id, "renewals"},
	})).Then(t).JSON201.Uid
	for _, r := range when(w.admin.GetUser(ctx, w.account, user, nil)).Then(t).JSON200.Profiles {
		if r != ref && r.Name != "Renewals" {
			t.Errorf("a user's profile: %+v", r)
		}
	}

	when(w.RemoveProfile(ctx, w.account, w.id, &client.RemoveProfileParams{Reason: new("no more")})).Then(t)
	w.admin.After(w.Position())
	token.After(w.Position())
	w.named(openapi.ProfileRef{Id: w.id, Name: "removed", Removed: new(true)}, []string{})
	when(w.reseller.GetAccount(ctx, w.account, nil)).Refused(t, 404, "not_found")
	expect(t, "scope", when(w.reseller.ListAccounts(ctx, nil)).Then(t).JSON200.Total, 1)
	when(token.GetMe(ctx, nil)).Then(t)
	when(token.GetAccount(ctx, w.account, nil)).Refused(t, 404, "not_found")
	expect(t, "profiles of the user", len(when(w.admin.GetUser(ctx, w.account, user, nil)).Then(t).JSON200.Profiles), 2)
	when(w.admin.GetProfile(ctx, w.account, w.id, nil)).Refused(t, 404, "not_found")
	when(w.admin.RemoveProfile(ctx, w.account, w.id, nil)).Refused(t, 404, "not_found")
	expect(t, "total", when(w.admin.ListProfiles(ctx, w.account, nil)).Then(t).JSON200.Total, 4)
}
