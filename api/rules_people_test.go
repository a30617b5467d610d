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
	when(s.CloseAccount(ctx, uid, nil, client.Reason{})).Then(t)
	boss.isOut()
}
