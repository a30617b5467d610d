package api_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
)

func TestPeopleEditThemselvesOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	uid, email := s.activated("Northwind")
	ada, nobody := s.enter(email), s.as("")
	id := uuid.MustParse(into[openapi.Me](ada.get("/v1/me").is(200)).Id)
	edit := func(c *caller, body string, headers ...string) answer {
		return c.send("PATCH", "/v1/me", body, headers...)
	}
	edit(nobody, `{"name":"Eve"}`).refusedWith(401, "unauthenticated")
	edit(s.signIn(uid, ""), `{"name":"Eve"}`).refusedWith(403, "session_required")
	edit(s.caller, `{"name":"Eve"}`).refusedWith(403, "session_required")
	edit(ada, `{}`).refusedWith(400, "field_missing")
	edit(ada, `{"phone":"1"}`).is(400)
	edit(ada, `{"name":"","email":"nobody"}`).refusedWith(422, "/name name_invalid", "/email email_invalid")
	body := `{"name":"Ada L.","email":"ada@y.example"}`
	done := edit(ada, body, "Idempotency-Key: edit-1").is(200)
	again := edit(ada, body, "Idempotency-Key: edit-1").is(200)
	expect(t, "repeated", again.header.Get("Idempotent-Replayed"), "true")
	expect(t, "answer", string(again.body), string(done.body))
	me := into[openapi.Me](ada.get("/v1/me").is(200))
	expect(t, "name", me.Person.Name, "Ada L.")
	expect(t, "email", me.Person.Email, email)
	expires := s.clock.Now().Add(24 * time.Hour)
	expect(t, "pending", *me.PendingEmail, openapi.PendingEmail{Email: "ada@y.example", Expires: expires})

	link := "/v1/email-confirmations/" + s.app.Tokens.EmailChange(id, 1)
	expect(t, "state", into[openapi.EmailConfirmation](nobody.get(link).is(200)), openapi.EmailConfirmation{
		Email: "ada@y.example", State: "pending", Expires: expires,
	})
	nobody.get("/v1/email-confirmations/guess").refusedWith(404, "not_found")
	nobody.post("/v1/email-confirmations/guess", "").refusedWith(404, "not_found")
	confirmed := nobody.post(link, "").is(200)
	nobody.post(link, "").refusedWith(404, "not_found")
	at := "?minPosition=" + confirmed.header.Get("X-Position")
	users := into[openapi.UserList](ada.get("/v1/accounts/" + uid.String() + "/users" + at).is(200))
	expect(t, "user", users.Items[0].Email, "ada@y.example")
	account := into[openapi.Account](ada.get("/v1/accounts/" + uid.String() + at).is(200))
	expect(t, "administrator", account.Administrators[0].Email, "ada@y.example")
	if me := into[openapi.Me](ada.get("/v1/me").is(200)); me.PendingEmail != nil || me.Person.Email != "ada@y.example" {
		t.Errorf("me: %+v", me)
	}
	s.enter("ada@y.example")
	nobody.post("/v1/sessions", `{"email":"`+email+`","password":"`+password+`"}`).refusedWith(401, "sign_in_failed")
	edit(ada, `{"email":"`+email+`"}`).is(200) // nobody's by now
	_, otherEmail := s.activated("Southwind")
	edit(ada, `{"email":"`+otherEmail+`"}`).refusedWith(409, "/email email_taken")
}
