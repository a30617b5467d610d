package api_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
)

func TestChangingAPasswordOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	uid, email := s.activated("Northwind")
	ada, other := s.enter(email), s.enter(email)
	const change = "/v1/me:changePassword"
	body := func(current, next string) string { return fmt.Sprintf(`{"current":%q,"password":%q}`, current, next) }
	s.as("").post(change, body(password, "a whole new staple")).refusedWith(401, "unauthenticated")
	s.signIn(uid, "").post(change, body(password, "a whole new staple")).refusedWith(403, "session_required")
	ada.post(change, body("wrong horse battery", "a whole new staple")).refusedWith(422, "/current password_wrong")
	ada.post(change, body(password, email)).refusedWith(422, "/password password_guessable")
	ada.post(change, `{"current":"x"}`).is(400)
	done := ada.post(change, body(password, "a whole new staple"), "Idempotency-Key: change-1").is(200)
	again := ada.post(change, body(password, "a whole new staple"), "Idempotency-Key: change-1").is(200)
	expect(t, "repeated", string(again.body), string(done.body))
	ada.post(change, body(password, "yet another staple"), "Idempotency-Key: change-1").refusedWith(422, "idempotency_key_reused")
	if done.header.Get("X-Position") == "" {
		t.Error("no position")
	}
	ada.get("/v1/me").is(200)
	other.get("/v1/me").refusedWith(401, "unauthenticated")
	s.as("").post("/v1/sessions", fmt.Sprintf(`{"email":%q,"password":%q}`, email, password)).refusedWith(401, "sign_in_failed")
	s.as("").post("/v1/sessions", fmt.Sprintf(`{"email":%q,"password":"a whole new staple"}`, email)).is(201)
	me := into[openapi.Me](ada.get("/v1/me").is(200))
	row := into[openapi.User](ada.get("/v1/accounts/" + uid + "/users/" + me.Id + "?minPosition=" + done.header.Get("X-Position")).is(200))
	expect(t, "revision", row.Revision, into[openapi.Written](done).Revision)
}

func TestAForgottenPasswordOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, email := s.activated("Northwind")
	ada, nobody := s.enter(email), s.as("")
	id := uuid.MustParse(into[openapi.Me](ada.get("/v1/me").is(200)).Id)
	ask := func(email string) answer {
		return nobody.post("/v1/password-resets", fmt.Sprintf(`{"email":%q}`, email), "X-Request-Id: same")
	}
	known, unknown := ask(email).is(202), ask("nobody@x.example").is(202)
	for _, a := range []answer{known, unknown} {
		a.header.Del("Traceparent")
		a.header.Del("Date")
	}
	expect(t, "headers", unknown.header, known.header)
	if len(known.body)+len(unknown.body) > 0 {
		t.Errorf("bodies: %q %q", known.body, unknown.body)
	}
	at := "/v1/password-resets/" + s.app.PasswordResetToken(id, 1)
	deadline, look := time.After(time.Minute), time.NewTicker(10*time.Millisecond)
	defer look.Stop()
	for nobody.raw(http.MethodGet, at, "").Code == 404 { // the job runs soon
		select {
		case <-look.C:
		case <-deadline:
			t.Fatal("the request leads to nothing")
		}
	}
	shown := into[openapi.PasswordReset](nobody.get(at).is(200))
	expect(t, "shown", shown, openapi.PasswordReset{Expires: s.clock.Now().Add(time.Hour), PasswordMinimum: 12})
	nobody.get("/v1/password-resets/guess").refusedWith(404, "not_found")
	nobody.post("/v1/password-resets/guess", `{"password":"a whole new staple"}`).refusedWith(404, "not_found")
	nobody.post(at, `{"password":"short"}`).refusedWith(422, "/password password_too_short")
	ada.get("/v1/me").is(200)
	done := nobody.post(at, `{"password":"a whole new staple"}`).is(200)
	expect(t, "user", into[openapi.Written](done).Uid, id)
	ada.get("/v1/me").refusedWith(401, "unauthenticated")
	nobody.post(at, `{"password":"yet another staple"}`).refusedWith(404, "not_found")
	nobody.get(at).refusedWith(404, "not_found")
	s.as("").post("/v1/sessions", fmt.Sprintf(`{"email":%q,"password":"a whole new staple"}`, email)).is(201)
	for range 4 {
		ask(email).is(202)
	}
	for range 4 {
		ask("nobody@x.example").is(202)
	}
	ask(email).refusedWith(429, "too_many_requests")
	ask("nobody@x.example").refusedWith(429, "too_many_requests")
}
