package api_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

const password, newPassword = "correct horse battery", "a whole new staple"

func TestChangingAPasswordOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	uid, email := s.activated("Northwind")
	ada, other := s.enter(email), s.enter(email)
	change := func(c *caller, current, next string, key ...string) apitest.Outcome[*client.ChangePasswordResponse] {
		params := &client.ChangePasswordParams{}
		for _, k := range key {
			params.IdempotencyKey = &k
		}
		return when(c.ChangePassword(ctx, params, client.PasswordChange{Current: current, Password: next}))
	}
	change(s.as(""), password, newPassword).Refused(t, 401, "unauthenticated")
	change(s.signIn(uid, ""), password, newPassword).Refused(t, 403, "session_required")
	change(ada, "wrong horse battery", newPassword).Refused(t, 422, "/current password_wrong")
	change(ada, password, email).Refused(t, 422, "/password password_guessable")
	ada.post("/v1/me:changePassword", `{"current":"x"}`).is(400)
	done := change(ada, password, newPassword, "change-1").Then(t).JSON200
	expect(t, "repeated", change(ada, password, newPassword, "change-1").Then(t).JSON200, done)
	change(ada, password, "yet another staple", "change-1").Refused(t, 422, "idempotency_key_reused")
	if ada.Position() == "" {
		t.Error("no position")
	}
	me := when(ada.GetMe(ctx, nil)).Then(t).JSON200
	other.isOut()
	when(s.as("").SignIn(ctx, client.SignIn{Email: email, Password: password})).Refused(t, 401, "sign_in_failed")
	when(s.as("").SignIn(ctx, client.SignIn{Email: email, Password: newPassword})).Then(t)
	row := when(ada.GetUser(ctx, uid, uuid.MustParse(me.Id), nil)).Then(t).JSON200
	expect(t, "revision", row.Revision, done.Revision)
}

func TestAForgottenPasswordOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	_, email := s.activated("Northwind")
	ada, nobody := s.enter(email), s.as("")
	id := uuid.MustParse(when(ada.GetMe(ctx, nil)).Then(t).JSON200.Id)
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
	token := s.app.Tokens.PasswordReset(id, 1)
	deadline, look := time.After(time.Minute), time.NewTicker(10*time.Millisecond)
	defer look.Stop()
	for _, err := nobody.GetPasswordReset(ctx, token); err != nil; _, err = nobody.GetPasswordReset(ctx, token) { // the job runs soon
		select {
		case <-look.C:
		case <-deadline:
			t.Fatal("the request leads to nothing")
		}
	}
	shown := when(nobody.GetPasswordReset(ctx, token)).Then(t).JSON200
	expect(t, "shown", *shown, openapi.PasswordReset{Expires: s.clock.Now().Add(time.Hour), PasswordMinimum: 12})
	reset := func(token, password string) apitest.Outcome[*client.ResetPasswordResponse] {
		return when(nobody.ResetPassword(ctx, token, client.NewPassword{Password: password}))
	}
	when(nobody.GetPasswordReset(ctx, "guess")).Refused(t, 404, "not_found")
	reset("guess", newPassword).Refused(t, 404, "not_found")
	reset(token, "short").Refused(t, 422, "/password password_too_short")
	when(ada.GetMe(ctx, nil)).Then(t)
	expect(t, "user", reset(token, newPassword).Then(t).JSON200.Uid, id)
	ada.isOut()
	reset(token, "yet another staple").Refused(t, 404, "not_found")
	when(nobody.GetPasswordReset(ctx, token)).Refused(t, 404, "not_found")
	when(nobody.SignIn(ctx, client.SignIn{Email: email, Password: newPassword})).Then(t)
	for range 4 {
		ask(email).is(202)
	}
	for range 4 {
		ask("nobody@x.example").is(202)
	}
	ask(email).refusedWith(429, "too_many_requests")
	ask("nobody@x.example").refusedWith(429, "too_many_requests")
}
