package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// activated opens and activates a reseller's account; email is its administrator's.
func (s *stack) activated(name string) (uid uuid.UUID, email string) {
	s.t.Helper()
	who := somebody()
	who.Name = new("Ada")
	uid = when(s.CreateAccount(s.t.Context(), nil, client.NewAccount{Name: name, Type: client.Reseller, Administrator: who})).Then(s.t).JSON201.Uid
	s.accept(s.app.Tokens.Invitation(uid, 1))
	return uid, who.Email
}

// accept has somebody accept an invitation.
func (s *stack) accept(token string) {
	s.t.Helper()
	nobody := s.as("")
	when(nobody.ActivateAccount(s.t.Context(), token, client.ActivationRequest{Password: password})).Then(s.t)
	s.After(nobody.Position())
}

// enter signs in over HTTP.
func (s *stack) enter(email string) *caller {
	s.t.Helper()
	nobody := s.as("")
	in := when(nobody.SignIn(s.t.Context(), client.SignIn{Email: email, Password: password})).Then(s.t).JSON201
	s.After(nobody.Position())
	c := s.as(in.Token)
	c.After(s.Position())
	return c
}

// isOut expects that a caller is no longer let in.
func (c *caller) isOut() {
	c.t.Helper()
	when(c.GetMe(c.t.Context(), nil)).Refused(c.t, 401, "unauthenticated")
}

func TestFromInvitationToSignedInUser(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	uid, email := s.activated("Northwind")
	when(s.as("").ActivateAccount(ctx, s.app.Tokens.Invitation(uid, 1), client.ActivationRequest{Password: "short"})).
		Refused(t, 422, "/password password_too_short")
	ada := s.enter(email)
	me := when(ada.GetMe(ctx, nil)).Then(t).JSON200
	if me.Kind != "user" || !me.Administrator || me.Person == nil || me.Person.Email != email || *me.Account != uid {
		t.Errorf("me: %+v", me)
	}
	when(ada.InviteUser(ctx, uid, nil, client.NewUser{Email: "bo@x.example"})).Refused(t, 422, "profile_missing")
	renews := &[]string{"renewals"}
	invited := when(ada.InviteUser(ctx, uid, nil, client.NewUser{Email: "bo@x.example", Name: new("Bo"), Profiles: renews})).Then(t)
	bo := invited.JSON201.Uid
	when(ada.InviteUser(ctx, uid, nil, client.NewUser{Email: "BO@x.example", Profiles: renews})).Refused(t, 409, "/email email_taken")
	expect(t, "location", invited.Header.Get("Location"), "/v1/accounts/"+uid.String()+"/users/"+bo.String())
	pending := when(ada.GetUser(ctx, uid, bo, nil)).Then(t).JSON200
	if pending.Status != "pending" || pending.InvitationExpires == nil || pending.Profiles[0].Id != "renewals" || pending.Administrator {
		t.Errorf("pending: %+v", pending)
	}

	token := s.app.Tokens.UserInvitation(bo, 1)
	expect(t, "invited", when(s.as("").GetActivation(ctx, token)).Then(t).JSON200.Person.Email, "bo@x.example")
	s.accept(token)
	used := when(s.as("").GetActivation(ctx, token)).Then(t).JSON200
	expect(t, "used", used.Person, client.Person{Id: bo})
	ada.After(s.Position())
	list := when(ada.ListUsers(ctx, uid, &client.ListUsersParams{Sort: new("-createdAt"), Status: &[]client.UserStatus{client.UserStatusActive}})).Then(t).JSON200
	expect(t, "users", list.Total, 2)
	for _, u := range list.Items {
		if u.Administrator != (u.Email == email) {
			t.Errorf("administrator: %+v", u)
		}
	}
	when(ada.GetUser(ctx, uid, uuid.New(), nil)).Refused(t, 404, "not_found")
	// The account's tokens have no sessions of their own.
	when(s.signIn(uid, "").ListSessions(ctx, nil)).Refused(t, 403, "session_required")
}

// An account keeps an administrator, whoever leaves.
func TestAdministratorsComeAndGo(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	uid, email := s.activated("Northwind")
	ada := s.enter(email)
	first := uuid.MustParse(when(ada.GetMe(ctx, nil)).Then(t).JSON200.Id)
	bo := when(ada.InviteUser(ctx, uid, nil, client.NewUser{Email: "bo@x.example", Profiles: &[]string{"renewals"}})).Then(t).JSON201.Uid
	s.accept(s.app.Tokens.UserInvitation(bo, 1))
	clerk := s.enter("bo@x.example")
	when(clerk.ListUsers(ctx, uid, nil)).Refused(t, 403, "missing_right")
	when(clerk.DeactivateUser(ctx, uid, bo, nil, client.Reason{})).Refused(t, 403, "missing_right")

	when(ada.EditUser(ctx, uid, bo, nil, client.UserEdit{Administrator: new(true)})).Then(t)
	clerk.After(ada.Position())
	expect(t, "administrators", len(when(clerk.GetAccount(ctx, uid, nil)).Then(t).JSON200.Administrators), 2)
	when(clerk.DeactivateUser(ctx, uid, first, nil, client.Reason{Reason: new("left")})).Then(t)
	ada.isOut()
	when(clerk.EditUser(ctx, uid, bo, nil, client.UserEdit{Administrator: new(false)})).Refused(t, 422, "/administrator last_administrator")
	when(clerk.ReactivateUser(ctx, uid, first, nil, client.Reason{})).Then(t)
	if u := when(clerk.GetUser(ctx, uid, first, nil)).Then(t).JSON200; u.Status != "active" || u.Administrator {
		t.Errorf("back: %+v", u)
	}
}

func TestInvitationsOfUsersOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	uid, email := s.activated("Northwind")
	ada, nobody := s.enter(email), s.as("")
	bo := when(ada.InviteUser(ctx, uid, nil, client.NewUser{Email: "bo@x.example", Administrator: new(true)})).Then(t).JSON201.Uid
	resend := func(tag string) apitest.Outcome[*client.ResendUserInvitationResponse] {
		return when(ada.ResendUserInvitation(ctx, uid, bo, &client.ResendUserInvitationParams{IfMatch: &tag}, client.Reason{}))
	}
	resend(`"7"`).Refused(t, 412, "revision_mismatch")
	resend(`"0"`).Then(t)
	when(nobody.GetActivation(ctx, s.app.Tokens.UserInvitation(bo, 1))).Refused(t, 404, "not_found")
	when(ada.RevokeUserInvitation(ctx, uid, bo, nil, client.Reason{Reason: new("mistake")})).Then(t)
	when(nobody.GetActivation(ctx, s.app.Tokens.UserInvitation(bo, 2))).Refused(t, 404, "not_found")
	resend("*").Refused(t, 422, "invitation_revoked")
	expect(t, "without revoked ones", when(ada.ListUsers(ctx, uid, nil)).Then(t).JSON200.Total, 1)
	expect(t, "revoked ones", when(ada.ListUsers(ctx, uid, &client.ListUsersParams{Status: &[]client.UserStatus{client.UserStatusRevoked}})).Then(t).JSON200.Total, 1)
	stranger, _ := s.activated("Stranger")
	for _, foreign := range []*caller{s.signIn(stranger, ""), s.signIn(stranger, "full")} {
		when(foreign.ListUsers(ctx, uid, nil)).Refused(t, 404, "not_found")
		when(foreign.InviteUser(ctx, uid, nil, client.NewUser{Email: "new@x.example", Profiles: &[]string{"full"}})).Refused(t, 404, "not_found")
		when(foreign.EditUser(ctx, uid, bo, nil, client.UserEdit{Administrator: new(true)})).Refused(t, 404, "not_found")
	}
}

// Nobody learns from the answers, or from how soon they run out, who is known.
func TestGuessingAPassword(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, email := s.activated("Northwind")
	nobody := s.as("")
	wrong := func(email string) answer {
		return nobody.post("/v1/sessions", fmt.Sprintf(`{"email":%q,"password":"wrong horse battery"}`, email), "X-Request-Id: same")
	}
	known, unknown := wrong(email).refusedWith(401, "sign_in_failed"), wrong("nobody@x.example").refusedWith(401, "sign_in_failed")
	expect(t, "answers", string(unknown.body), string(known.body))
	for range 4 {
		wrong(email).is(401)
		wrong("nobody@x.example").is(401)
	}
	known, unknown = wrong(email).refusedWith(429, "too_many_requests"), wrong("nobody@x.example").refusedWith(429, "too_many_requests")
	expect(t, "answers", string(unknown.body), string(known.body))
	expect(t, "waiting", []string{known.header.Get("Retry-After"), unknown.header.Get("Retry-After")}, []string{"900", "900"})
	s.clock.Advance(15 * time.Minute)
	s.enter(email)
}

func TestSessionsOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	_, email := s.activated("Northwind")
	ada := s.enter(email)
	second := s.enter(email)
	sessions := when(ada.ListSessions(ctx, nil)).Then(t).JSON200
	expect(t, "sessions", sessions.Total, 2)
	for _, one := range sessions.Items {
		if !one.Current {
			when(ada.EndSession(ctx, one.Id.String(), nil)).Then(t)
		}
	}
	second.isOut()
	when(ada.EndSession(ctx, uuid.NewString(), nil)).Refused(t, 404, "not_found")
	when(ada.EndSession(ctx, "guess", nil)).RefusedAs(t, 400)
	when(ada.EndSession(ctx, "current", nil)).Then(t)
	ada.isOut()
	third := s.enter(email)
	fourth := s.enter(email)
	third.get("/v1/me", "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0").is(200)
	listed := into[openapi.SessionList](third.get("/v1/sessions").is(200)).Items
	for _, one := range listed {
		if one.Current {
			expect(t, "used with", *one.Client, "Firefox on Linux")
			expect(t, "used from", one.Address != nil, true)
		}
	}
	third.send(http.MethodDelete, "/v1/sessions?others=true", "").is(204)
	fourth.isOut()
	third.get("/v1/me").is(200)
	when(third.EndSessions(ctx, nil)).Then(t)
	third.isOut()
	s.as("fles_guess").isOut()
}

// The Customers page shows when somebody of the customer's signed in last.
func TestLastLoginOnTheCustomersPage(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	_, email := s.activated("Northwind")
	reseller := s.enter(email)
	s.customerOf(reseller, "Alder")
	other := s.customerOf(reseller, "Beacon")
	row := func() client.Customer {
		return when(reseller.ListCustomers(ctx, &client.ListCustomersParams{Sort: new("-lastLogin")})).Then(t).JSON200.Items[0]
	}
	if first := row(); first.LastLogin != nil {
		t.Errorf("before anybody signed in: %+v", first)
	}
	administrator := when(reseller.GetAccount(ctx, other, nil)).Then(t).JSON200.Administrators[0]
	s.accept(s.app.Tokens.Invitation(other, 1))
	s.clock.Advance(time.Hour)
	s.enter(administrator.Email)
	reseller.After(s.Position())
	if first := row(); first.LastLogin == nil || !first.LastLogin.Equal(s.clock.Now()) || first.Uid != other {
		t.Errorf("after %s signed in: %+v", other, first)
	}
}

func TestPersonalTokensOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	_, email := s.activated("Northwind")
	ada := s.enter(email)
	once := &client.CreateTokenParams{IdempotencyKey: new("token-1")}
	wanted := client.NewToken{Label: "ci", Rights: &[]string{"devices.read"}, ExpiresAt: s.clock.Now().AddDate(0, 1, 0)}
	made := when(ada.CreateToken(ctx, once, wanted)).Then(t)
	expect(t, "repeated", when(ada.CreateToken(ctx, once, wanted)).Then(t).JSON201, made.JSON201)
	other := wanted
	other.Label = "cd"
	when(ada.CreateToken(ctx, once, other)).Refused(t, 422, "idempotency_key_reused")

	token := made.JSON201
	ci := s.as(token.Token)
	me := when(ci.GetMe(ctx, nil)).Then(t).JSON200
	if me.Kind != "user" || me.Administrator || len(me.Rights) != 1 {
		t.Errorf("me: %+v", me)
	}
	when(ci.ListDevices(ctx, nil)).Then(t)
	when(ci.ListAccounts(ctx, nil)).Refused(t, 403, "missing_right")
	when(ci.CreateToken(ctx, nil, wanted)).Refused(t, 403, "session_required")
	when(ci.ListSessions(ctx, nil)).Refused(t, 403, "session_required")
	other.Rights = &[]string{"allocations.grant"}
	when(ada.CreateToken(ctx, nil, other)).Refused(t, 422, "/rights right_not_held")
	list := when(ada.ListTokens(ctx, nil)).Then(t)
	if list.JSON200.Total != 1 || strings.Contains(string(list.Body), token.Token) {
		t.Errorf("tokens: %s", list.Body)
	}
	when(ada.RevokeToken(ctx, token.Id, nil)).Then(t)
	when(ci.ListDevices(ctx, nil)).Refused(t, 401, "unauthenticated")
	when(ada.RevokeToken(ctx, token.Id, nil)).Refused(t, 404, "not_found")
}
