package api_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
)

// Members of a pending account come in, and the first administrator of them who
// accepts activates it. The one it was created with joins later all the same.
func TestMembersOfAPendingAccount(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	who := somebody()
	uid := when(s.CreateAccount(ctx, nil, client.NewAccount{Name: "Northwind", Type: client.Reseller, Administrator: who})).Then(t).JSON201.Uid
	invite := func(c client.NewUser) string {
		return s.app.Tokens.UserInvitation(when(s.InviteUser(ctx, uid, nil, c)).Then(t).JSON201.Uid, 1)
	}
	status := func() client.AccountStatus { return when(s.GetAccount(ctx, uid, nil)).Then(t).JSON200.Status }
	s.accept(invite(client.NewUser{Email: "clerk@x.example", Profiles: &[]string{"full"}}))
	clerk := s.enter("clerk@x.example")
	when(clerk.GetMe(ctx, nil)).Then(t)
	expect(t, "with a member only", status(), client.AccountStatusPending)

	s.accept(invite(client.NewUser{Email: "boss@x.example", Administrator: new(true)}))
	expect(t, "with an administrator", status(), client.AccountStatusActive)
	s.enter("boss@x.example")

	first := s.app.Tokens.Invitation(uid, 1)
	expect(t, "the first invitation", when(s.as("").GetActivation(ctx, first)).Then(t).JSON200.Status, client.AccountStatusPending)
	s.accept(first)
	expect(t, "administrators", len(when(s.GetAccount(ctx, uid, nil)).Then(t).JSON200.Administrators), 2)
	me := when(s.enter(who.Email).GetMe(ctx, nil)).Then(t).JSON200
	expect(t, "administrator", me.Administrator, true)
}

// What an account asks of its users holds at once, at the sign-in and for
// sessions that exist already.
func TestSecurityOptionsHoldAtOnce(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	uid, email := s.activated("Northwind")
	ada := s.enter(email)
	secure := func(c client.SecurityEdit) { t.Helper(); when(s.SecureAccount(ctx, uid, nil, c)).Then(t) }
	signIn := client.SignIn{Email: email, Password: password}

	secure(client.SecurityEdit{AddressRanges: &[]string{"203.0.113.0/24"}})
	when(s.as("").SignIn(ctx, signIn)).Refused(t, 403, "address_not_admitted")
	when(s.as("").SignIn(ctx, client.SignIn{Email: email, Password: "wrong horse battery"})).Refused(t, 401, "sign_in_failed")
	when(ada.GetMe(ctx, nil)).Refused(t, 403, "address_not_admitted")
	secure(client.SecurityEdit{AddressRanges: &[]string{}})
	when(ada.GetMe(ctx, nil)).Then(t)

	s.clock.Advance(10 * time.Minute)
	secure(client.SecurityEdit{SessionMinutes: new(10)})
	ada.isOut()
	secure(client.SecurityEdit{SessionMinutes: new(60), IdleMinutes: new(10)})
	bo := s.enter(email)
	for range 3 { // used again and again it goes on
		s.clock.Advance(9 * time.Minute)
		when(bo.GetMe(ctx, nil)).Then(t)
	}
	s.clock.Advance(10 * time.Minute)
	bo.isOut()
	expect(t, "sessions that last", when(s.enter(email).ListSessions(ctx, nil)).Then(t).JSON200.Total, 1)
	when(s.SecureAccount(ctx, uid, nil, client.SecurityEdit{IdleMinutes: new(1)})).Refused(t, 422, "/idleMinutes session_idle_time_invalid")
	when(s.SecureAccount(ctx, uid, nil, client.SecurityEdit{IssuerOnly: new(true)})).Refused(t, 422, "/issuerOnly issuer_missing")
	when(s.SecureAccount(ctx, uuid.New(), nil, client.SecurityEdit{IdleMinutes: new(10)})).Refused(t, 404, "not_found")
}

// The tokens of an account can be listed and revoked, and end with it at once,
// also when it is opened again.
func TestTokensOfAnAccount(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	uid, boss := s.reseller("Northwind")
	clerk := s.signIn(uid, "renewals")
	when(clerk.ListAccountTokens(ctx, uid, nil)).Refused(t, 403, "missing_right")
	all := when(boss.ListAccountTokens(ctx, uid, nil)).Then(t).JSON200
	expect(t, "tokens", all.Total, 2)
	for _, one := range all.Items {
		if !one.Administrator {
			expect(t, "profile", *one.Profile, "renewals")
			when(boss.RevokeAccountToken(ctx, uid, one.Id, nil)).Then(t)
			when(s.RevokeAccountToken(ctx, uid, one.Id, nil)).Refused(t, 404, "not_found")
		}
	}
	clerk.isOut()
	when(s.CloseAccount(ctx, uid, nil, client.Closing{})).Then(t)
	boss.isOut()
}

// Closing tells what an account holds, and is taken back by the operator. A name
// that went to another in the meantime is refused.
func TestAnAccountIsClosedAndReopened(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	_, resells := s.reseller("Northwind")
	uid := s.customerOf(resells, "Alder")
	expect(t, "device", resells.registers(newDevice(1, uid)), []string{"created"})
	refused := when(s.CloseAccount(ctx, uid, nil, client.Closing{})).Refused(t, 409, "/confirm confirm_required")
	facts := *(*refused.Errors)[0].Facts
	expect(t, "holds", []string{facts["devices"], facts["activeDevices"], facts["partnerships"]}, []string{"1", "1", "1"})
	when(s.CloseAccount(ctx, uid, nil, client.Closing{Confirm: new(true)})).Then(t)
	other := s.customerOf(resells, "alder") // its name is free: it was never activated
	when(resells.ReopenAccount(ctx, uid, nil, client.Reopening{})).Refused(t, 403, "forbidden")
	when(s.ReopenAccount(ctx, uid, nil, client.Reopening{})).Refused(t, 409, "/name name_taken")
	when(s.ReopenAccount(ctx, uid, nil, client.Reopening{Name: new("Alder 2")})).Then(t)
	shown := when(s.GetAccount(ctx, uid, nil)).Then(t).JSON200
	expect(t, "reopened", []any{shown.Name, shown.Status}, []any{"Alder 2", client.AccountStatusPending})
	when(s.ReopenAccount(ctx, uuid.New(), nil, client.Reopening{})).Refused(t, 404, "not_found")
	s.accept(s.app.Tokens.Invitation(other, 1))
	when(resells.WithdrawPendingAccount(ctx, other, nil, client.Closing{})).Refused(t, 422, "already_active")
}

// The reseller corrects the address of a pending account's administrator, or
// withdraws the account.
func TestAPendingAccountIsCorrectedAndWithdrawn(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	_, resells := s.reseller("Northwind")
	wanted := customerNamed("Alder")
	uid := when(resells.CreateCustomer(ctx, nil, wanted)).Then(t).JSON201.Uid
	correct := client.EmailCorrection{Email: "right@x.example"}
	when(resells.CorrectAdministratorEmail(ctx, uid, nil, client.EmailCorrection{Email: "nonsense"})).Refused(t, 422, "/email email_invalid")
	when(resells.CorrectAdministratorEmail(ctx, uid, nil, client.EmailCorrection{Email: "right@x"})).Refused(t, 422, "/email email_invalid")
	when(resells.CorrectAdministratorEmail(ctx, uid, nil, correct)).Then(t)
	when(resells.CorrectAdministratorEmail(ctx, uid, nil, correct)).Then(t)
	taken := s.customerOf(resells, "Beacon")
	when(resells.CorrectAdministratorEmail(ctx, taken, nil, correct)).Refused(t, 409, "/email email_taken")
	when(s.as("").GetActivation(ctx, s.app.Tokens.Invitation(uid, 1))).Refused(t, 404, "not_found")
	shown := when(s.as("").GetActivation(ctx, s.app.Tokens.Invitation(uid, 2))).Then(t).JSON200
	expect(t, "invited", shown.Person.Email, "right@x.example")
	when(s.signIn(uid, "").CorrectAdministratorEmail(ctx, uid, nil, correct)).Refused(t, 403, "missing_right")

	when(resells.WithdrawPendingAccount(ctx, uid, nil, client.Closing{})).Then(t)
	when(s.as("").GetActivation(ctx, s.app.Tokens.Invitation(uid, 2))).Then(t)
	s.customerOf(resells, "Alder")
}

// A reseller's account has all services, and may send texts; SIMs it has none.
func TestAResellerHasAllServices(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	fewer := client.NewAccount{Name: "Southwind", Type: client.Reseller, Administrator: somebody(), Offers: &[]client.Offer{"basic"}}
	when(s.CreateAccount(ctx, nil, fewer)).Refused(t, 422, "/offers reseller_has_all_offers")
	uid, boss := s.reseller("Northwind")
	when(s.EditAccount(ctx, uid, nil, client.AccountEdit{Offers: &[]client.Offer{"basic"}})).Refused(t, 422, "/offers reseller_has_all_offers")
	external := func(kind string) answer {
		return boss.post("/v1/accounts/"+uid.String()+"/external-accounts", `{"kind":"`+kind+`","label":"`+kind+`","endpoint":"https://x.example","secret":"hunter22"}`)
	}
	external("sms").is(201)
	external("subscription_management").refusedWith(422, "/kind external_account_not_allowed")
}
