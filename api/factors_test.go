package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	virtual "github.com/descope/virtualwebauthn"
	"github.com/google/uuid"
	"github.com/pquerna/otp/totp"

	"github.com/fleetledger/fleetledger/adapters/passkeys/passkeystest"
	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

const (
	factorsAt    = "/v1/me/factors"
	secondStepAt = "/v1/sessions/second-step"
)

// party is what the service is to authenticators.
var party = virtual.RelyingParty{ID: "fleet.example", Name: "Fleetledger", Origin: apitest.PasskeyOrigin}

// code is that of an authenticator app now.
func (s *stack) code(secret string) string {
	s.t.Helper()
	code, err := totp.GenerateCode(secret, s.clock.Now())
	must(s.t, err)
	return code
}

// later lets the app show another code.
func (s *stack) later() { s.clock.Advance(30 * time.Second) }

// app sets up an authenticator app, and gives the factor's id and the secret.
func (s *stack) authenticatorApp(c *caller, name string) (id, secret string) {
	s.t.Helper()
	begun := into[openapi.FactorBegun](c.post(factorsAt, fmt.Sprintf(`{"kind":"totp","name":%q}`, name)).is(201))
	c.post(factorsAt+"/"+begun.Id.String()+":confirm", fmt.Sprintf(`{"code":%q}`, s.code(*begun.Secret))).is(200)
	return begun.Id.String(), *begun.Secret
}

// challenge signs in with the password, which is not enough.
func (s *stack) challenge(email string) openapi.SecondStep {
	s.t.Helper()
	return into[openapi.SecondStep](s.as("").post("/v1/sessions", fmt.Sprintf(`{"email":%q,"password":%q}`, email, password)).is(202))
}

func (s *stack) answerWith(challenge, member, value string) answer {
	s.t.Helper()
	return s.as("").post(secondStepAt, fmt.Sprintf(`{"challenge":%q,%q:%q}`, challenge, member, value))
}

// in is the caller of an answered challenge.
func (s *stack) in(a answer) *caller {
	s.t.Helper()
	return s.as(into[openapi.SignedIn](a.is(201)).Token)
}

// stick is an authenticator with one passkey.
type stick struct {
	t             *testing.T
	authenticator virtual.Authenticator
	credential    virtual.Credential
}

func newStick(t *testing.T, user string) *stick {
	handle := uuid.MustParse(user)
	return &stick{t, virtual.NewAuthenticatorWithOptions(virtual.AuthenticatorOptions{UserHandle: handle[:]}), passkeystest.Credential()}
}

// register adds the passkey to the factors of the caller.
func (k *stick) register(c *caller, name string) string {
	k.t.Helper()
	begun := into[openapi.FactorBegun](c.post(factorsAt, fmt.Sprintf(`{"kind":"passkey","name":%q}`, name)).is(201))
	c.post(factorsAt+"/"+begun.Id.String()+":confirm", k.made(party, begun.Passkey)).is(200)
	return begun.Id.String()
}

func (k *stick) made(of virtual.RelyingParty, options *map[string]any) string {
	k.t.Helper()
	data, err := json.Marshal(options)
	must(k.t, err)
	parsed, err := virtual.ParseAttestationOptions(string(data))
	must(k.t, err)
	return `{"passkey":` + virtual.CreateAttestationResponse(of, k.authenticator, k.credential, *parsed) + `}`
}

func (k *stick) signs(of virtual.RelyingParty, step openapi.SecondStep) string {
	k.t.Helper()
	data, err := json.Marshal(step.Passkey)
	must(k.t, err)
	parsed, err := virtual.ParseAssertionOptions(string(data))
	must(k.t, err)
	k.credential.Counter++
	return fmt.Sprintf(`{"challenge":%q,"passkey":%s}`, step.Challenge, virtual.CreateAssertionResponse(of, k.authenticator, k.credential, *parsed))
}

func (s *stack) idOf(c *caller) string {
	s.t.Helper()
	return when(c.GetMe(s.t.Context(), nil)).Then(s.t).JSON200.Id
}

func TestAnAuthenticatorApp(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, email := s.activated("Northwind")
	ada, other := s.enter(email), s.enter(email)
	body := `{"kind":"totp","name":"Phone"}`
	begun := into[openapi.FactorBegun](ada.post(factorsAt, body, "Idempotency-Key: one").is(201))
	again := into[openapi.FactorBegun](ada.post(factorsAt, body, "Idempotency-Key: one").is(201))
	expect(t, "repeated", again, begun)
	ada.post(factorsAt, `{"kind":"totp","name":"Tablet"}`, "Idempotency-Key: one").refusedWith(422, "idempotency_key_reused")
	if !strings.HasPrefix(*begun.Uri, "otpauth://totp/Fleetledger:") || !strings.Contains(*begun.Uri, "secret="+*begun.Secret) {
		t.Errorf("for apps: %s", *begun.Uri)
	}
	// Begun is not in force.
	expect(t, "before", len(into[openapi.FactorList](ada.get(factorsAt).is(200)).Items), 0)
	s.enter(email)
	confirm := factorsAt + "/" + begun.Id.String() + ":confirm"
	ada.post(confirm, `{"code":"000000"}`).refusedWith(422, "/code second_factor_wrong")
	s.enter(email).post(confirm, `{"passkey":{}}`).refusedWith(422, "/code second_factor_wrong")
	ada.post(confirm, `{}`).is(400)
	ada.post(confirm, `{"code":"000000","passkey":{}}`).is(400)
	now := s.code(*begun.Secret)
	first := ada.post(confirm, fmt.Sprintf(`{"code":%q}`, now)).is(200)
	repeated := ada.post(confirm, `{"code":"000000"}`).is(200)
	expect(t, "confirmed again", string(repeated.body), string(first.body))
	other.isOut()
	list := into[openapi.FactorList](ada.get(factorsAt).is(200))
	expect(t, "listed", fmt.Sprint(list.Total, list.Items[0].Name, list.Items[0].Kind, list.Items[0].UsedAt == nil, list.RecoveryCodesLeft, list.Required),
		"1Phonetotptrue 0 false")
	if strings.Contains(string(ada.get(factorsAt).is(200).body), *begun.Secret) {
		t.Error("the list has the secret")
	}

	// From now on the password is not enough, and the code that confirmed it is used.
	step := s.challenge(email)
	expect(t, "asked for", fmt.Sprint(step.Totp, step.RecoveryCode, step.Passkey == nil), "true false true")
	s.answerWith(step.Challenge, "code", now).refusedWith(401, "second_factor_wrong")
	s.answerWith(step.Challenge, "recoveryCode", "AAAA-AAAA-AAAA-AAAA").refusedWith(401, "second_factor_wrong")
	s.later()
	s.in(s.answerWith(step.Challenge, "code", s.code(*begun.Secret))).get("/v1/me").is(200)
	// Neither the challenge nor the code is good again.
	s.answerWith(step.Challenge, "code", s.code(*begun.Secret)).refusedWith(401, "challenge_unknown")
	s.answerWith(s.challenge(email).Challenge, "code", s.code(*begun.Secret)).refusedWith(401, "second_factor_wrong")
	s.later()
	late := s.challenge(email)
	s.clock.Advance(5 * time.Minute)
	s.answerWith(late.Challenge, "code", s.code(*begun.Secret)).refusedWith(401, "challenge_unknown")
	for _, name := range []string{"Tablet", "Watch"} {
		s.later()
		s.authenticatorApp(ada, name)
	}
	ada.speaks(factorsAt, "name")
}

// Two at once with one code, or with one challenge: one session.
func TestASecondStepIsOneSession(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, email := s.activated("Northwind")
	ada := s.enter(email)
	_, secret := s.authenticatorApp(ada, "phone")
	codes := into[openapi.RecoveryCodes](ada.post(factorsAt+"/recovery-codes", "").is(201)).Codes
	s.later()
	entered := func(send func(i int) answer) int {
		var wg sync.WaitGroup
		statuses := make([]int, 4)
		for i := range statuses {
			wg.Go(func() { statuses[i] = send(i).status })
		}
		wg.Wait()
		in := 0
		for _, status := range statuses {
			if status == 201 {
				in++
			}
		}
		return in
	}
	steps := []openapi.SecondStep{s.challenge(email), s.challenge(email), s.challenge(email), s.challenge(email)}
	code := s.code(secret)
	expect(t, "one code, many challenges", entered(func(i int) answer { return s.answerWith(steps[i].Challenge, "code", code) }), 1)
	step := s.challenge(email)
	expect(t, "one challenge, many codes", entered(func(i int) answer { return s.answerWith(step.Challenge, "recoveryCode", codes[i]) }), 1)
	steps = []openapi.SecondStep{s.challenge(email), s.challenge(email), s.challenge(email), s.challenge(email)}
	expect(t, "one recovery code, many challenges", entered(func(i int) answer { return s.answerWith(steps[i].Challenge, "recoveryCode", codes[9]) }), 1)
}

func TestRecoveryCodes(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	uid, email := s.activated("Northwind")
	ada := s.enter(email)
	at := factorsAt + "/recovery-codes"
	s.signIn(uid, "").post(at, "").refusedWith(403, "session_required")
	ada.post(at, "").refusedWith(422, "second_factor_missing")
	s.authenticatorApp(ada, "phone")
	codes := into[openapi.RecoveryCodes](ada.post(at, "", "Idempotency-Key: one").is(201)).Codes
	expect(t, "repeated", into[openapi.RecoveryCodes](ada.post(at, "", "Idempotency-Key: one").is(201)).Codes, codes)
	expect(t, "how many", len(codes), 10)
	left := func() int { return into[openapi.FactorList](ada.get(factorsAt).is(200)).RecoveryCodesLeft }
	typed := strings.ToLower(strings.ReplaceAll(codes[0], "-", " "))
	lost := s.in(s.answerWith(s.challenge(email).Challenge, "recoveryCode", typed))
	lost.get("/v1/me").is(200)
	expect(t, "left", left(), 9)
	s.answerWith(s.challenge(email).Challenge, "recoveryCode", codes[0]).refusedWith(401, "second_factor_wrong")
	s.answerWith(s.challenge(email).Challenge, "code", codes[1]).refusedWith(401, "second_factor_wrong")
	// Another set ends the one before, and the sessions that began with that.
	anew := into[openapi.RecoveryCodes](ada.post(at, "").is(201)).Codes
	lost.isOut()
	s.answerWith(s.challenge(email).Challenge, "recoveryCode", codes[2]).refusedWith(401, "second_factor_wrong")
	ada.post(at, "", "Idempotency-Key: one").refusedWith(422, "idempotency_key_reused")
	s.clock.Advance(15 * time.Minute)
	ada = s.in(s.answerWith(s.challenge(email).Challenge, "recoveryCode", anew[3]))
	ada.get("/v1/me").is(200)

	var kept string
	must(t, s.service.Pool.QueryRow(t.Context(), `SELECT string_agg(f::text, '') || (SELECT coalesce(string_agg(c::text, ''), '') FROM ops.challenges c) FROM ops.factors f`).Scan(&kept))
	for _, code := range anew {
		if strings.Contains(kept, code) {
			t.Error("the code is kept")
		}
	}
	expect(t, "sets", s.count(`SELECT count(*) FROM ops.factors WHERE kind = 'recovery_codes'`), 1)
	// They end with the last factor.
	ada.send(http.MethodDelete, factorsAt+"/"+into[openapi.FactorList](ada.get(factorsAt).is(200)).Items[0].Id.String(), "").is(200)
	expect(t, "secrets", s.count(`SELECT count(*) FROM ops.factors`), 0)
	s.enter(email)
}

func (s *stack) count(sql string) (n int) {
	s.t.Helper()
	must(s.t, s.service.Pool.QueryRow(s.t.Context(), sql).Scan(&n))
	return n
}

// Guesses are counted: for a challenge, and for the user, whose password somebody knows.
func TestGuessingASecondFactor(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, email := s.activated("Northwind")
	_, secret := s.authenticatorApp(s.enter(email), "phone")
	s.later()
	step := s.challenge(email)
	for range 5 {
		s.answerWith(step.Challenge, "code", "000000").refusedWith(401, "second_factor_wrong")
	}
	s.answerWith(step.Challenge, "code", s.code(secret)).refusedWith(401, "challenge_unknown")
	for range 2 {
		refused := s.answerWith(s.challenge(email).Challenge, "code", s.code(secret)).refusedWith(429, "too_many_requests")
		if refused.header.Get("Retry-After") == "" {
			t.Error("for how long?")
		}
	}
	// Challenges are counted as attempts to sign in are.
	for range 20 {
		s.as("").post("/v1/sessions", fmt.Sprintf(`{"email":%q,"password":%q}`, email, password))
	}
	s.as("").post("/v1/sessions", fmt.Sprintf(`{"email":%q,"password":%q}`, email, password)).refusedWith(429, "too_many_requests")
	s.clock.Advance(15 * time.Minute)
	s.in(s.answerWith(s.challenge(email).Challenge, "code", s.code(secret)))
}

func TestAPasskeyAsTheSecondFactor(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, email := s.activated("Northwind")
	_, otherEmail := s.activated("Southwind")
	ada, eve := s.enter(email), s.enter(otherEmail)
	key, others := newStick(t, s.idOf(ada)), newStick(t, s.idOf(eve))
	elsewhere := virtual.RelyingParty{ID: party.ID, Origin: "https://fleet.example.evil"}

	begun := into[openapi.FactorBegun](ada.post(factorsAt, `{"kind":"passkey","name":"Stick"}`).is(201))
	confirm := factorsAt + "/" + begun.Id.String() + ":confirm"
	eve.post(confirm, key.made(party, begun.Passkey)).refusedWith(404, "not_found")
	ada.post(confirm, key.made(elsewhere, begun.Passkey)).refusedWith(422, "/passkey second_factor_wrong")
	ada.post(confirm, key.made(party, begun.Passkey)).refusedWith(404, "not_found") // it was asked once
	key.register(ada, "Stick")
	others.register(eve, "Stick")
	// Whoever has a passkey, it is registered once.
	taken := into[openapi.FactorBegun](eve.post(factorsAt, `{"kind":"passkey","name":"Same"}`).is(201))
	eve.post(factorsAt+"/"+taken.Id.String()+":confirm", key.made(party, taken.Passkey)).refusedWith(409, "/passkey passkey_taken")

	s.in(s.as("").post(secondStepAt, key.signs(party, s.challenge(email)))).get("/v1/me").is(200)
	refused := func(body, code string) { t.Helper(); s.as("").post(secondStepAt, body).refusedWith(401, code) }
	step := s.challenge(email)
	refused(key.signs(elsewhere, step), "second_factor_wrong")
	refused(key.signs(party, step), "challenge_unknown") // a wrong answer ends it
	refused(others.signs(party, s.challenge(email)), "second_factor_wrong")
	one, two := s.challenge(email), s.challenge(email)
	signed := key.signs(party, one)
	refused(strings.Replace(signed, one.Challenge, two.Challenge, 1), "second_factor_wrong") // signed for another
	s.in(s.as("").post(secondStepAt, signed))
	refused(signed, "challenge_unknown") // replayed
	s.clock.Advance(15 * time.Minute)
	copied := *key
	key.signs(party, s.challenge(email))
	s.in(s.as("").post(secondStepAt, key.signs(party, s.challenge(email))))
	refused(copied.signs(party, s.challenge(email)), "second_factor_wrong") // a copy, whose count is behind
}

func TestAPasskeyInsteadOfThePassword(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	uid, email := s.activated("Northwind")
	ada := s.enter(email)
	key := newStick(t, s.idOf(ada))
	key.register(ada, "Stick")
	begin := func() openapi.SecondStep {
		return into[openapi.SecondStep](s.as("").post("/v1/sessions/passkey", "").is(202))
	}
	answer := func(body string) answer { return s.as("").post(secondStepAt, body) }
	when(s.SecureAccount(t.Context(), uid, nil, client.SecurityEdit{SecondFactor: new(true)})).Then(t)
	s.in(answer(key.signs(party, begin()))).get("/v1/accounts").is(200) // both at once

	step := begin()
	signed := key.signs(party, step)
	s.in(answer(signed))
	answer(signed).refusedWith(401, "challenge_unknown")
	s.answerWith(begin().Challenge, "code", "123456").refusedWith(401, "challenge_unknown")
	unverified := *key
	unverified.authenticator.Options.UserNotVerified = true
	answer(unverified.signs(party, begin())).refusedWith(401, "sign_in_failed")
	nobody := newStick(t, uuid.NewString())
	answer(nobody.signs(party, begin())).refusedWith(401, "sign_in_failed")
	stranger := newStick(t, s.idOf(ada))
	answer(stranger.signs(party, begin())).refusedWith(401, "sign_in_failed")
	answer(fmt.Sprintf(`{"challenge":%q,"passkey":{}}`, begin().Challenge)).refusedWith(401, "sign_in_failed")
	// What was asked for a password is no sign-in without one, and the other way round.
	answer(key.signs(party, s.challenge(email))).is(201)
	when(s.SecureAccount(t.Context(), uid, nil, client.SecurityEdit{AddressRanges: &[]string{"203.0.113.0/24"}})).Then(t)
	answer(key.signs(party, begin())).refusedWith(403, "address_not_admitted")
	s.as("").post("/v1/sessions", fmt.Sprintf(`{"email":%q,"password":%q}`, email, password)).refusedWith(403, "address_not_admitted")
	when(s.SecureAccount(t.Context(), uid, nil, client.SecurityEdit{AddressRanges: &[]string{}})).Then(t)
	removed := into[openapi.FactorList](ada.get(factorsAt).is(200)).Items[0].Id.String()
	when(s.SecureAccount(t.Context(), uid, nil, client.SecurityEdit{SecondFactor: new(false)})).Then(t)
	ada.send(http.MethodDelete, factorsAt+"/"+removed, "").is(200)
	answer(key.signs(party, begin())).refusedWith(401, "sign_in_failed")
}

// Where the account requires a factor, a session without one may only set one up: at
// once, and whatever it asks.
func TestARequiredSecondFactor(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	uid, email := s.activated("Northwind")
	ada := s.enter(email)
	token := into[openapi.CreatedToken](ada.post("/v1/tokens", `{"label":"x","profile":"read-only","expiresAt":"2026-05-01T00:00:00Z"}`).is(201)).Token
	edit := fmt.Sprintf("/v1/accounts/%s/security", uid)
	done := ada.send(http.MethodPatch, edit, `{"secondFactor":true}`, "Idempotency-Key: one").is(200)
	shown := &client.GetSecurityParams{MinPosition: new(done.header.Get("X-Position"))}
	expect(t, "shown", when(s.GetSecurity(ctx, uid, shown)).Then(t).JSON200.SecondFactor, true)
	document, err := apitest.Description()
	must(t, err)
	let := map[string]bool{}
	for path, item := range document.Paths.Map() {
		for method, op := range item.Operations() {
			if op.Security != nil || op.OperationID == "metrics" { // which is no person's
				continue
			}
			if op.Extensions["x-without-factor"] == true {
				let[op.OperationID] = true
				continue
			}
			at := strings.NewReplacer("{uid}", uid.String(), "{", "", "}", "").Replace(path)
			got := ada.raw(method, at, `{}`, "Content-Type: application/json")
			if method != http.MethodHead && (got.Code != 403 || !strings.Contains(got.Body.String(), "second_factor_required")) {
				t.Errorf("%s %s: %d %s", method, at, got.Code, got.Body)
			}
		}
	}
	expect(t, "let through", let, map[string]bool{
		"getMe": true, "listFactors": true, "addFactor": true, "confirmFactor": true, "endSession": true, "endSessions": true,
		"signInAgain": true,
	})
	ada.send(http.MethodPatch, edit, `{"secondFactor":true}`, "Idempotency-Key: one").refusedWith(403, "second_factor_required") // no repeat either
	me := when(ada.GetMe(ctx, nil)).Then(t).JSON200
	expect(t, "me", fmt.Sprint(*me.SecondFactorMissing, me.Administrator, me.Rights), "true false []")
	s.as(token).get("/v1/me").is(200) // programs go on

	// A new session is no better, and ends once another has set the factor up.
	other := s.enter(email)
	other.get("/v1/devices").refusedWith(403, "second_factor_required")
	id, secret := s.authenticatorApp(ada, "phone")
	ada.get("/v1/devices").is(200)
	other.isOut()
	ada.send(http.MethodDelete, factorsAt+"/"+id, "").refusedWith(422, "last_second_factor")
	key := newStick(t, me.Id)
	second := key.register(ada, "Stick")
	ada.send(http.MethodDelete, factorsAt+"/"+second, "").is(200)
	ada.send(http.MethodDelete, factorsAt+"/"+second, "").refusedWith(404, "not_found")
	s.later()
	s.in(s.answerWith(s.challenge(email).Challenge, "code", s.code(secret))).get("/v1/devices").is(200)
}

// A factor that was lost is taken away by an administrator, or the operator.
func TestResettingFactors(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	uid, email := s.activated("Northwind")
	ada := s.enter(email)
	bob := when(ada.InviteUser(ctx, uid, nil, client.NewUser{Email: "bob@x.example", Administrator: new(true)})).Then(t).JSON201.Uid
	s.accept(s.app.Tokens.UserInvitation(bob, 1))
	ben := s.enter("bob@x.example")
	s.authenticatorApp(ben, "phone")
	at := fmt.Sprintf("/v1/accounts/%s/users", uid)
	held := func(query string) *[]openapi.UserFactor {
		return into[openapi.User](ada.get(at + "/" + bob.String() + query).is(200)).SecondFactors
	}
	expect(t, "held", *held(""), []openapi.UserFactor{{Kind: openapi.Totp, Since: s.clock.Now()}})
	expect(t, "listed", len(into[openapi.UserList](ada.get(at+"?search=bob").is(200)).Items), 1)
	expect(t, "listed", *into[openapi.UserList](ada.get(at + "?search=bob").is(200)).Items[0].SecondFactors, *held(""))
	reset := fmt.Sprintf("/v1/accounts/%s/users/%s:resetFactors", uid, bob)
	ben.post(reset, "").refusedWith(422, "own_second_factors")
	step := s.challenge("bob@x.example")
	ada.post(reset+"?dryRun=true", "").is(200)
	ben.get("/v1/me").is(200)
	first := ada.post(reset, `{"reason":"lost phone"}`).is(200)
	expect(t, "again", string(ada.post(reset, "").is(200).body), string(first.body))
	ben.isOut()
	s.answerWith(step.Challenge, "code", "000000").refusedWith(401, "second_factor_wrong")
	expect(t, "secrets", s.count(`SELECT count(*) FROM ops.factors`), 0)
	expect(t, "held", *held(""), []openapi.UserFactor{})
	s.enter("bob@x.example")
	s.clock.Advance(24 * time.Hour)
	past := into[openapi.User](s.get(at + "/" + bob.String() + "?asOf=2026-03-15").is(200))
	expect(t, "of a past day", past.SecondFactors == nil, true)
}

// A password that was reset by mail, and one that was changed, do not go around the factor.
func TestAPasswordDoesNotGoAroundTheFactor(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	_, email := s.activated("Northwind")
	ada := s.enter(email)
	_, secret := s.authenticatorApp(ada, "phone")
	s.later()
	step := s.challenge(email)
	id := uuid.MustParse(s.idOf(ada))
	must(t, s.app.People.SendPasswordReset(ctx, id, uuid.New(), ""))
	when(s.as("").ResetPassword(ctx, s.app.Tokens.PasswordReset(id, 1), client.NewPassword{Password: newPassword})).Then(t)
	s.answerWith(step.Challenge, "code", s.code(secret)).refusedWith(401, "challenge_unknown") // begun with the old one
	ada.isOut()
	in := s.as("").post("/v1/sessions", fmt.Sprintf(`{"email":%q,"password":%q}`, email, newPassword)).is(202)
	s.in(s.answerWith(into[openapi.SecondStep](in).Challenge, "code", s.code(secret)))
}

func TestFactorsThatCannotBeAdded(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	uid, email := s.activated("Northwind")
	ada := s.enter(email)
	for _, who := range []*caller{s.caller, s.signIn(uid, "")} {
		who.get(factorsAt).refusedWith(403, "session_required")
		who.post(factorsAt, `{"kind":"totp","name":"x"}`).refusedWith(403, "session_required")
	}
	ada.post(factorsAt, `{"kind":"totp","name":" "}`).refusedWith(422, "factor_name_invalid")
	ada.post(factorsAt, `{"kind":"sms","name":"x"}`).is(400)
	ada.post(factorsAt+"/"+uuid.NewString()+":confirm", `{"code":"123456"}`).refusedWith(404, "not_found")
	late := into[openapi.FactorBegun](ada.post(factorsAt, `{"kind":"totp","name":"x"}`).is(201))
	s.clock.Advance(15 * time.Minute)
	ada.post("/v1/me:signInAgain", fmt.Sprintf(`{"password":%q}`, password)).is(200)
	ada.post(factorsAt+"/"+late.Id.String()+":confirm", fmt.Sprintf(`{"code":%q}`, s.code(*late.Secret))).refusedWith(404, "not_found")
	tried := into[openapi.FactorBegun](ada.post(factorsAt, `{"kind":"totp","name":"x"}`).is(201))
	for range 5 {
		ada.post(factorsAt+"/"+tried.Id.String()+":confirm", `{"code":"000000"}`).refusedWith(422, "/code second_factor_wrong")
	}
	ada.post(factorsAt+"/"+tried.Id.String()+":confirm", fmt.Sprintf(`{"code":%q}`, s.code(*tried.Secret))).refusedWith(404, "not_found")
}
