package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
)

const password = "correct horse battery"

// activated opens and activates a reseller's account; email is its administrator's.
func (s *stack) activated(name string) (uid, email string) {
	s.t.Helper()
	email = "admin@" + uuid.NewString() + ".example"
	got := s.post("/v1/accounts", fmt.Sprintf(`{"name":%q,"type":"reseller","administrator":{"email":%q,"name":"Ada"}}`, name, email)).is(201)
	uid = into[openapi.CreatedAccount](got).Uid.String()
	s.accept(s.app.InvitationToken(uuid.MustParse(uid), 1))
	return uid, email
}

func (s *stack) accept(token string) answer {
	s.t.Helper()
	return s.as("").post("/v1/activations/"+token, `{"password":"`+password+`"}`).is(200)
}

// enter signs in over HTTP.
func (s *stack) enter(email string) *caller {
	s.t.Helper()
	got := s.as("").post("/v1/sessions", fmt.Sprintf(`{"email":%q,"password":%q}`, email, password)).is(201)
	return s.as(into[openapi.SignedIn](got).Token)
}

func TestFromInvitationToSignedInUser(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	uid, email := s.activated("Northwind")
	s.as("").post("/v1/activations/"+s.app.InvitationToken(uuid.MustParse(uid), 1), `{"password":"short"}`).
		refusedWith(422, "/password password_too_short")
	ada := s.enter(email)
	me := into[openapi.Me](ada.get("/v1/me").is(200))
	if me.Kind != "user" || !me.Administrator || me.Person == nil || me.Person.Email != email || me.Account.String() != uid {
		t.Errorf("me: %+v", me)
	}
	users := "/v1/accounts/" + uid + "/users"
	ada.post(users, `{"email":"bo@x.example"}`).refusedWith(422, "profile_missing")
	got := ada.post(users, `{"email":"bo@x.example","name":"Bo","profiles":["renewals"]}`).is(201)
	bo := into[openapi.Written](got).Uid
	ada.post(users, `{"email":"BO@x.example","profiles":["renewals"]}`).refusedWith(409, "/email email_taken")

	at := users + "/" + bo.String()
	if got.header.Get("Location") != at {
		t.Errorf("location %s", got.header.Get("Location"))
	}
	pending := into[openapi.User](ada.get(at + "?minPosition=" + got.header.Get("X-Position")).is(200))
	if pending.Status != "pending" || pending.InvitationExpires == nil || pending.Profiles[0].Id != "renewals" || pending.Administrator {
		t.Errorf("pending: %+v", pending)
	}
	token := s.app.UserInvitationToken(bo, 1)
	shown := into[openapi.Activation](s.as("").get("/v1/activations/" + token).is(200))
	expect(t, "invited", shown.Person.Email, "bo@x.example")
	joined := s.accept(token)
	list := into[openapi.UserList](ada.get(users + "?sort=-createdAt&status=active&minPosition=" + joined.header.Get("X-Position")).is(200))
	if list.Total != 2 {
		t.Errorf("users: %+v", list)
	}
	for _, u := range list.Items {
		if u.Administrator != (u.Email == email) {
			t.Errorf("administrator: %+v", u)
		}
	}
	clerk := s.enter("bo@x.example")
	clerk.get(users).refusedWith(403, "missing_right")
	clerk.post(at+":deactivate", "").refusedWith(403, "missing_right")
	ada.get("/v1/accounts/"+uid+"/users/"+uuid.NewString()).refusedWith(404, "not_found")

	edited := ada.send(http.MethodPatch, at, `{"administrator":true}`).is(200)
	account := into[openapi.Account](clerk.get("/v1/accounts/" + uid + "?minPosition=" + edited.header.Get("X-Position")).is(200))
	if len(account.Administrators) != 2 {
		t.Errorf("administrators: %+v", account.Administrators)
	}
	first := users + "/" + me.Id
	clerk.post(first+":deactivate", `{"reason":"left"}`).is(200)
	ada.get("/v1/me").refusedWith(401, "unauthenticated")
	clerk.send(http.MethodPatch, at, `{"administrator":false}`).refusedWith(422, "/administrator last_administrator")
	back := clerk.post(first+":reactivate", "").is(200)
	if u := into[openapi.User](clerk.get(first + "?minPosition=" + back.header.Get("X-Position")).is(200)); u.Status != "active" || u.Administrator {
		t.Errorf("back: %+v", u)
	}
	// The account's tokens have no sessions of their own.
	s.signIn(uid, "").get("/v1/sessions").refusedWith(403, "session_required")
}

func TestInvitationsOfUsersOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	uid, email := s.activated("Northwind")
	ada := s.enter(email)
	users := "/v1/accounts/" + uid + "/users"
	bo := into[openapi.Written](ada.post(users, `{"email":"bo@x.example","administrator":true}`).is(201)).Uid
	at := users + "/" + bo.String()
	ada.post(at+":resend", "", `If-Match: "7"`).refusedWith(412, "revision_mismatch")
	ada.post(at+":resend", "", `If-Match: "0"`).is(200)
	s.as("").get("/v1/activations/"+s.app.UserInvitationToken(bo, 1)).refusedWith(404, "not_found")
	revoked := ada.post(at+":revoke", `{"reason":"mistake"}`).is(200)
	s.as("").get("/v1/activations/"+s.app.UserInvitationToken(bo, 2)).refusedWith(404, "not_found")
	ada.post(at+":resend", "").refusedWith(422, "invitation_revoked")
	seen := "minPosition=" + revoked.header.Get("X-Position")
	if list := into[openapi.UserList](ada.get(users + "?" + seen).is(200)); list.Total != 1 {
		t.Errorf("without revoked ones: %+v", list)
	}
	if list := into[openapi.UserList](ada.get(users + "?status=revoked&" + seen).is(200)); list.Total != 1 {
		t.Errorf("revoked ones: %+v", list)
	}
	stranger, _ := s.activated("Stranger")
	for _, foreign := range []*caller{s.signIn(stranger, ""), s.signIn(stranger, "full")} {
		foreign.get(users).refusedWith(404, "not_found")
		foreign.post(users, `{"email":"new@x.example","profiles":["full"]}`).refusedWith(404, "not_found")
		foreign.send(http.MethodPatch, at, `{"administrator":true}`).refusedWith(404, "not_found")
	}
}

func TestSigningInOverHTTP(t *testing.T) {
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
	ada := s.enter(email)
	second := s.enter(email)
	sessions := into[openapi.SessionList](ada.get("/v1/sessions").is(200))
	if sessions.Total != 2 {
		t.Errorf("sessions: %+v", sessions)
	}
	for _, one := range sessions.Items {
		if !one.Current {
			ada.send(http.MethodDelete, "/v1/sessions/"+one.Id.String(), "").is(204)
		}
	}
	second.get("/v1/me").refusedWith(401, "unauthenticated")
	ada.send(http.MethodDelete, "/v1/sessions/"+uuid.NewString(), "").refusedWith(404, "not_found")
	ada.send(http.MethodDelete, "/v1/sessions/guess", "").is(400)
	ada.send(http.MethodDelete, "/v1/sessions/current", "").is(204)
	ada.get("/v1/me").refusedWith(401, "unauthenticated")
	third := s.enter(email)
	third.send(http.MethodDelete, "/v1/sessions", "").is(204)
	third.get("/v1/me").refusedWith(401, "unauthenticated")
	s.as("fles_guess").get("/v1/me").refusedWith(401, "unauthenticated")
}

// The Customers page shows when somebody of the customer's signed in last.
func TestLastLoginOnTheCustomersPage(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, email := s.activated("Northwind")
	reseller := s.enter(email)
	s.customerOf(reseller, "Alder")
	other, position := s.customerOf(reseller, "Beacon")
	row := func() openapi.Customer {
		return into[openapi.CustomerList](reseller.get("/v1/customers?sort=-lastLogin&minPosition=" + position).is(200)).Items[0]
	}
	if first := row(); first.LastLogin != nil {
		t.Errorf("before anybody signed in: %+v", first)
	}
	administrator := into[openapi.Account](reseller.get("/v1/accounts/" + other + "?minPosition=" + position).is(200)).Administrators[0]
	s.accept(s.app.InvitationToken(uuid.MustParse(other), 1))
	s.clock.Advance(time.Hour)
	s.enter(administrator.Email)
	if first := row(); first.LastLogin == nil || !first.LastLogin.Equal(s.clock.Now()) || first.Uid.String() != other {
		t.Errorf("after %s signed in: %+v", other, first)
	}
}

func TestPersonalTokensOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, email := s.activated("Northwind")
	ada := s.enter(email)
	expires := s.clock.Now().AddDate(0, 1, 0).Format(time.RFC3339)
	body := fmt.Sprintf(`{"label":"ci","rights":["devices.read"],"expiresAt":%q}`, expires)
	made := ada.post("/v1/tokens", body, "Idempotency-Key: token-1").is(201)
	again := ada.post("/v1/tokens", body, "Idempotency-Key: token-1").is(201)
	expect(t, "repeated", string(again.body), string(made.body))
	ada.post("/v1/tokens", strings.Replace(body, "ci", "cd", 1), "Idempotency-Key: token-1").refusedWith(422, "idempotency_key_reused")
	token := into[openapi.CreatedToken](made)
	ci := s.as(token.Token)
	me := into[openapi.Me](ci.get("/v1/me").is(200))
	if me.Kind != "user" || me.Administrator || len(me.Rights) != 1 {
		t.Errorf("me: %+v", me)
	}
	ci.get("/v1/devices").is(200)
	ci.get("/v1/accounts").refusedWith(403, "missing_right")
	ci.post("/v1/tokens", body).refusedWith(403, "session_required")
	ci.get("/v1/sessions").refusedWith(403, "session_required")
	ada.post("/v1/tokens", `{"label":"x","rights":["allocations.grant"],"expiresAt":"`+expires+`"}`).refusedWith(422, "/rights right_not_held")
	list := ada.get("/v1/tokens").is(200)
	if into[openapi.TokenList](list).Total != 1 || strings.Contains(string(list.body), token.Token) {
		t.Errorf("tokens: %s", list.body)
	}
	ada.send(http.MethodDelete, "/v1/tokens/"+token.Id.String(), "").is(204)
	ci.get("/v1/devices").refusedWith(401, "unauthenticated")
	ada.send(http.MethodDelete, "/v1/tokens/"+token.Id.String(), "").refusedWith(404, "not_found")
}
