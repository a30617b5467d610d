package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// told is what the security log tells a caller: the kind, why, and how often.
func told(c *caller, query string) []string {
	c.t.Helper()
	all := []string{}
	for _, e := range into[openapi.SecurityLog](c.get("/v1/security-log?sort=at" + query).is(200)).Items {
		why, _, _ := strings.Cut(e.Why, " ")
		all = append(all, fmt.Sprintf("%s %s %d", e.Kind, why, e.Times))
	}
	slices.Sort(all) // the clock of the tests stands still
	return all
}

// Administrators see what concerns their account, the operator all of it.
func TestSecurityLogOfSignIns(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	uid, email := s.activated("Northwind")
	strange, other := s.activated("Southwind")
	wrong := func(email string) answer {
		return s.as("").post("/v1/sessions", fmt.Sprintf(`{"email":%q,"password":"wrong horse battery"}`, email))
	}
	for range 2 {
		wrong(email).is(401)
		wrong("nobody@x.example").is(401)
	}
	ada := s.enter(email)
	stranger := s.enter(other)
	for range 5 {
		wrong("nobody@x.example")
	}
	expect(t, "own", told(ada, "&kind=sign_in_failed&kind=signed_in&kind=locked_out"), []string{"sign_in_failed sign_in_failed 2", "signed_in password 1"})
	expect(t, "the stranger's", told(stranger, "&kind=signed_in&kind=sign_in_failed"), []string{"signed_in password 1"})
	expect(t, "the operator's", len(told(s.caller, "&kind=sign_in_failed")), 2)
	expect(t, "nobody's", told(s.caller, "&kind=locked_out"), []string{"locked_out password 2"})
	stranger.get("/v1/security-log?account="+uid.String()).refusedWith(404, "not_found")
	expect(t, "one account", told(s.caller, "&kind=signed_in&account="+strange.String()), []string{"signed_in password 1"})
	expect(t, "later", told(s.caller, "&from="+s.clock.Now().Add(time.Hour).Format(time.RFC3339)), []string{})
	expect(t, "earlier", told(s.caller, "&to="+s.clock.Now().Format(time.RFC3339)), []string{})
	s.get("/v1/security-log?from=yesterday").is(400)
	s.get("/v1/security-log?kind=gossip").is(400)
	s.get("/v1/security-log?sort=kind").is(400)
}

// Whose address was locked is found out once a window.
func TestSecurityLogOfLockOuts(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, email := s.activated("Northwind")
	for range 8 {
		s.as("").post("/v1/sessions", fmt.Sprintf(`{"email":%q,"password":"wrong horse battery"}`, email))
	}
	s.clock.Advance(16 * time.Minute)
	expect(t, "told", told(s.enter(email), "&kind=locked_out"), []string{"locked_out password 1"})
}

// What callers may not is noted with what they lack; so are tokens, and the events that
// are about security.
func TestSecurityLogOfAnAccount(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	uid, email := s.activated("Northwind")
	ada := s.enter(email)
	me := uuid.MustParse(s.idOf(ada))
	reader := s.signIn(uid, "read-only")
	for range 3 {
		reader.get("/v1/security-log").refusedWith(403, "missing_right")
	}
	made := when(ada.CreateToken(ctx, nil, client.NewToken{
		Label: "script", Rights: &[]string{"devices.read"}, ExpiresAt: s.clock.Now().Add(time.Hour),
	})).Then(t).JSON201
	when(ada.RevokeToken(ctx, made.Id, nil)).Then(t)
	when(ada.ChangePassword(ctx, nil, client.PasswordChange{Current: password, Password: newPassword})).Then(t)
	when(ada.SecureAccount(ctx, uid, nil, client.SecurityEdit{PasswordLength: new(20)})).Then(t)
	when(ada.DefineProfile(ctx, uid, nil, client.NewProfile{Name: "Readers", Rights: []string{"devices.read"}})).Then(t)
	s.until(func() bool { return len(told(ada, "&kind=rights_given")) == 1 })
	expect(t, "told", told(ada, "&kind=refused&kind=token_made&kind=token_ended&kind=password_changed&kind=security_options_changed&kind=rights_given"),
		[]string{
			"password_changed PasswordChanged 1", "refused users.manage 3", "rights_given ProfileDefined 1",
			"security_options_changed PasswordLengthSet 1", "token_ended personal 1", "token_made personal 1",
		})
	one := into[openapi.SecurityLog](ada.get("/v1/security-log?kind=password_changed&user=" + me.String()).is(200))
	expect(t, "of a user", one.Total, 1)
	expect(t, "by", one.Items[0].Actor.Id, me.String())
	all := string(s.get("/v1/security-log").is(200).body)
	for _, secret := range []string{email, made.Token, password, newPassword} {
		if strings.Contains(all, secret) {
			t.Errorf("the log tells %s", secret)
		}
	}

	page := into[openapi.SecurityLog](ada.get("/v1/security-log?limit=2").is(200))
	next := into[openapi.SecurityLog](ada.get("/v1/security-log?limit=2&cursor=" + *page.NextCursor).is(200))
	if len(page.Items) != 2 || len(next.Items) != 2 || page.Items[1].Id == next.Items[0].Id {
		t.Errorf("pages: %+v, %+v", page, next)
	}
	ada.get("/v1/security-log?sort=at&cursor=x").refusedWith(400, "cursor_invalid")
}

// Whatever ends what lets a user in is told, whoever did it.
func TestSecurityLogOfWhatEnds(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	uid, email := s.activated("Northwind")
	ada := s.enter(email)
	me := uuid.MustParse(s.idOf(ada))
	own := func() uuid.UUID { return when(s.enter(email).ListSessions(ctx, nil)).Then(t).JSON200.Items[0].Id }
	made := when(ada.CreateToken(ctx, nil, client.NewToken{
		Label: "script", Rights: &[]string{"devices.read"}, ExpiresAt: s.clock.Now().Add(time.Hour),
	})).Then(t).JSON201
	when(ada.EndSession(ctx, own().String(), nil)).Then(t)
	when(s.EndSessionOfUser(ctx, uid, me, own(), nil)).Then(t)
	when(s.RevokeTokenOfUser(ctx, uid, me, made.Id, nil)).Then(t)
	when(s.RevokeTokensOfUser(ctx, uid, me, nil)).Then(t)
	when(s.EndSessionsOfUser(ctx, uid, me, nil)).Then(t)
	expect(t, "told", told(s.enter(email), "&kind=sessions_ended&kind=token_ended"), []string{
		"sessions_ended all 1", "sessions_ended session 1", "sessions_ended session 1", "token_ended all 1", "token_ended personal 1",
	})
}

// Each token that ends with a password or a deactivation is told, and who did that.
func TestSecurityLogOfTokensThatEndBesides(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	uid, email := s.activated("Northwind")
	me := uuid.MustParse(s.idOf(s.enter(email)))
	token := func(c *caller) string {
		made := when(c.CreateToken(ctx, nil, client.NewToken{
			Label: "script", Rights: &[]string{"devices.read"}, ExpiresAt: s.clock.Now().AddDate(0, 1, 0),
		})).Then(t).JSON201
		return "personal " + made.Id.String()
	}
	ended := func() map[string]string {
		by := map[string]string{}
		for _, e := range into[openapi.SecurityLog](s.get("/v1/security-log?kind=token_ended&account=" + uid.String() + "&user=" + me.String()).is(200)).Items {
			by[e.Why] = e.Actor.Kind + " " + e.Actor.Id
		}
		return by
	}
	ada := s.enter(email)
	first, second := token(ada), token(ada)
	when(ada.ChangePassword(ctx, nil, client.PasswordChange{Current: password, Password: newPassword})).Then(t)
	want := map[string]string{first: "user " + me.String(), second: "user " + me.String()}
	expect(t, "after a change", ended(), want)
}
