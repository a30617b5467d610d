package api_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/fleetledger/fleetledger/api/openapi"
)

// A session that was left open is asked for the password before it makes what outlives
// it; then the same request goes well, under the same key.
func TestAFreshSignInIsAskedFor(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	account, email := s.activated("Northwind")
	ada := s.enter(email)
	s.clock.Advance(10 * time.Minute)
	expires := s.clock.Now().AddDate(0, 0, 30).Format(time.RFC3339)
	body, key := `{"label":"ci","profile":"full","expiresAt":"`+expires+`"}`, "Idempotency-Key: fresh"
	edit := "/v1/accounts/" + account.String() + "/security"
	told := into[openapi.Problem](ada.send(http.MethodPost, "/v1/tokens", body, key).refusedWith(403, "fresh_sign_in_required"))
	expect(t, "what helps", (*(*told.Errors)[0].Remedies)[0].Code, "sign_in_again")
	ada.send(http.MethodPatch, edit, `{"idleMinutes":60}`, key).refusedWith(403, "fresh_sign_in_required")

	const at = "/v1/me:signInAgain"
	ada.post(at, `{"password":"not that one"}`).refusedWith(422, "/password password_wrong")
	ada.post(at, `{}`).refusedWith(422, "/password password_missing")
	ada.post(at, `{"code":"123456"}`).is(400)
	ada.post(at, `{"challenge":"x"}`).is(400)
	ada.post(at, `{"challenge":"x","code":"123456"}`).refusedWith(401, "challenge_unknown")
	again := into[openapi.SignedInAgain](ada.post(at, `{"password":"`+password+`"}`).is(200))
	expect(t, "fresh until", again.FreshUntil.UTC(), s.clock.Now().Add(10*time.Minute).UTC())
	made := into[openapi.CreatedToken](ada.send(http.MethodPost, "/v1/tokens", body, key).is(201))
	ada.send(http.MethodPatch, edit, `{"idleMinutes":60}`, key).is(200)

	// A token is no session.
	s.clock.Advance(time.Hour / 2)
	ci := s.as(made.Token)
	ci.send(http.MethodPatch, edit, `{"idleMinutes":30}`).is(200)
	ci.post(at, `{"password":"`+password+`"}`).refusedWith(403, "session_required")
}

// Somebody with a second factor gives it too; a passkey will do alone.
func TestAFreshSignInWithFactors(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, email := s.activated("Northwind")
	ada := s.enter(email)
	_, secret := s.authenticatorApp(ada, "phone")
	const at = "/v1/me:signInAgain"
	ada.post(at, `{}`).refusedWith(422, "/password password_missing")
	key := newStick(t, s.idOf(ada))
	key.register(ada, "Stick")
	fresh := func(want int) {
		t.Helper()
		ada.send(http.MethodPost, factorsAt+"/recovery-codes", "").is(want)
	}
	s.clock.Advance(10 * time.Minute)
	fresh(403)
	step := into[openapi.SecondStep](ada.post(at, `{"password":"`+password+`"}`).is(202))
	fresh(403)
	ada.post(at, `{"challenge":"`+step.Challenge+`","code":"000000"}`).refusedWith(401, "second_factor_wrong")
	ada.post(at, `{"challenge":"`+step.Challenge+`","code":"`+s.code(secret)+`"}`).is(200)
	fresh(201)

	s.clock.Advance(10 * time.Minute)
	alone := into[openapi.SecondStep](ada.post(at, `{}`).is(202))
	expect(t, "a passkey and nothing else", []bool{alone.Totp, alone.RecoveryCode, alone.Passkey != nil}, []bool{false, false, true})
	ada.post(at, `{"challenge":"`+alone.Challenge+`","code":"`+s.code(secret)+`"}`).refusedWith(401, "second_factor_wrong")
	s.as("").post("/v1/sessions/second-step", `{"challenge":"`+alone.Challenge+`","code":"`+s.code(secret)+`"}`).refusedWith(401, "challenge_unknown")
	fresh(403)
	ada.post(at, key.signs(party, alone)).is(200)
	fresh(201)
}
