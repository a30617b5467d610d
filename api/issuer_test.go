package api_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/adapters/identity/issuer"
	"github.com/fleetledger/fleetledger/adapters/identity/issuer/issuertest"
	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/people"
)

// issuerStack is the service on a real socket, beside a real issuer, and a
// browser that walks between the two.
type issuerStack struct {
	*stack
	url    string
	issuer *issuertest.Provider
}

func newIssuerStack(t *testing.T) *issuerStack {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	s := &issuerStack{url: "http://" + server.Listener.Addr().String()}
	s.issuer = issuertest.New(t, s.url+"/v1/sessions/oidc/callback")
	s.stack = newStack(t, apitest.With(func(d *app.Dependencies, o *api.Options) {
		d.People.Issuer, d.People.IssuerTime = issuer.New(s.issuer.Options()), 10*time.Minute
		o.PublicURL = s.url
	}))
	server.Config.Handler = s.handler
	server.Start()
	t.Cleanup(server.Close)
	return s
}

// browser has cookies and follows redirects, up to the return to the service
// when it is held there.
type browser struct {
	s    *issuerStack
	http *http.Client
	held bool
	last *url.URL
}

func (s *issuerStack) browser() *browser {
	s.t.Helper()
	jar, err := cookiejar.New(nil) // every host here is one of its own
	must(s.t, err)
	b := &browser{s: s, http: &http.Client{Jar: jar}}
	b.http.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		b.last = r.URL
		if b.held && strings.HasPrefix(r.URL.String(), s.url) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return b
}

// get goes to an address; the answer is that of the last redirect.
func (b *browser) get(address string) answer {
	b.s.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, nil)
	must(b.s.t, err)
	got, err := b.http.Do(r)
	must(b.s.t, err)
	defer func() { _ = got.Body.Close() }()
	body, err := io.ReadAll(got.Body)
	must(b.s.t, err)
	a := answer{b.s.t, got.StatusCode, got.Header, body}
	if at := got.Request.URL; "http://"+at.Host == b.s.url {
		apitest.Described(b.s.t, http.MethodGet, at.Path, a.status, a.header, a.body)
	}
	return a
}

func (b *browser) signIn() answer {
	b.s.t.Helper()
	return b.get(b.s.url + "/v1/sessions/oidc")
}

// back signs in at the issuer and gives the address it sends the browser back
// to, which the browser has not gone to.
func (b *browser) back() *url.URL {
	b.s.t.Helper()
	b.held = true
	defer func() { b.held = false }()
	b.signIn().is(http.StatusFound)
	return b.last
}

func with(u *url.URL, parameter, value string) string {
	changed := *u
	q := changed.Query()
	q.Set(parameter, value)
	changed.RawQuery = q.Encode()
	return changed.String()
}

func TestSigningInAtTheIssuer(t *testing.T) {
	t.Parallel()
	s := newIssuerStack(t)
	uid, email := s.activated("Northwind")
	ada := issuertest.Person{Subject: "ada", Email: strings.ToUpper(email), Verified: true}
	s.issuer.SignsIn(ada)
	b := s.browser()
	in := b.signIn().is(200)
	if in.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", in.header)
	}
	session := s.as(into[openapi.SignedIn](in).Token)
	me := into[openapi.Me](session.get("/v1/me").is(200))
	if me.Person == nil || me.Person.Email != email || *me.Account != uid || !me.Administrator {
		t.Errorf("me: %+v", me)
	}
	if into[openapi.SignedIn](in).ExpiresAt != s.clock.Now().Add(12*time.Hour) {
		t.Errorf("expires %v", in.json())
	}
	here, _ := url.Parse(s.url + "/v1/sessions/oidc")
	if left := b.http.Jar.Cookies(here); len(left) > 0 {
		t.Errorf("the attempt is over, and cookies are left: %v", left)
	}

	// The address is theirs whose it was at first, wherever it goes at the issuer.
	ada.Email, ada.Verified = "ada@elsewhere.example", false
	s.issuer.SignsIn(ada)
	again := s.as(into[openapi.SignedIn](s.browser().signIn().is(200)).Token)
	expect(t, "user", into[openapi.Me](again.get("/v1/me").is(200)).Id, me.Id)
	s.issuer.SignsIn(issuertest.Person{Subject: "heir", Email: email, Verified: true})
	s.browser().signIn().refusedWith(401, "sign_in_failed")

	// Keys are rotated, and some issuers tell the address in the ID token.
	s.issuer.Rotate(t)
	s.issuer.EmailInside()
	s.issuer.SignsIn(ada)
	s.browser().signIn().is(200)
	s.issuer.SignsIn(issuertest.Person{Subject: "heir", Email: email, Verified: true})
	s.browser().signIn().refusedWith(401, "sign_in_failed")
}

// Whoever does not fit, the answer is the same; and the address in the account's
// security options holds as for all others.
func TestWhoTheIssuerDoesNotOpenTo(t *testing.T) {
	t.Parallel()
	s := newIssuerStack(t)
	uid, email := s.activated("Northwind")
	ada := s.enter(email)
	users := "/v1/accounts/" + uid.String() + "/users"
	pending := into[openapi.Written](ada.post(users, `{"email":"pending@x.example","administrator":true}`).is(201)).Uid
	ada.post(users, `{"email":"gone@x.example","administrator":true}`).is(201)
	refusals := map[string]bool{}
	refuse := func(p issuertest.Person) {
		t.Helper()
		s.issuer.SignsIn(p)
		got := s.browser().signIn().refusedWith(401, "sign_in_failed")
		problem := into[openapi.Problem](got)
		problem.RequestId = ""
		refusals[fmt.Sprintf("%+v", problem)] = true
	}
	refuse(issuertest.Person{Subject: "1", Email: email})
	refuse(issuertest.Person{Subject: "2", Email: "nobody@x.example", Verified: true})
	refuse(issuertest.Person{Subject: "3", Email: "pending@x.example", Verified: true})
	refuse(issuertest.Person{Subject: "4", Email: "not an address", Verified: true})
	refuse(issuertest.Person{Subject: "5", Verified: true})
	bo := issuertest.Person{Subject: "6", Email: "pending@x.example", Verified: true}
	s.accept(s.app.Tokens.UserInvitation(pending, 1))
	s.issuer.SignsIn(bo)
	token := into[openapi.SignedIn](s.browser().signIn().is(200)).Token
	at := users + "/" + pending.String()
	ada.post(at+":deactivate", "").is(200)
	s.as(token).get("/v1/me").refusedWith(401, "unauthenticated")
	refuse(bo)
	ada.post(at+":reactivate", "").is(200)
	// Who was let in again comes as for the first time, with another identity too.
	bo.Subject = "7"
	s.issuer.SignsIn(bo)
	token = into[openapi.SignedIn](s.browser().signIn().is(200)).Token
	bo.Subject = "6"
	refuse(bo)
	if len(refusals) != 1 {
		t.Errorf("answers that differ: %v", refusals)
	}

	secured := s.send(http.MethodPatch, "/v1/accounts/"+uid.String()+"/security", `{"addressRanges":["198.51.100.0/24"]}`).is(200)
	s.get("/v1/accounts/" + uid.String() + "?minPosition=" + secured.header.Get("X-Position")).is(200)
	s.as(token).get("/v1/me").refusedWith(403, "address_not_admitted")
	bo.Subject = "7"
	s.issuer.SignsIn(bo)
	s.browser().signIn().refusedWith(403, "address_not_admitted")
}

// Where an account lets people in at the issuer only, no password does, and no
// session that one began.
func TestOnlyThroughTheIssuer(t *testing.T) {
	t.Parallel()
	s := newIssuerStack(t)
	uid, email := s.activated("Northwind")
	byPassword := s.enter(email)
	s.issuer.SignsIn(issuertest.Person{Subject: "ada", Email: email, Verified: true})
	token := into[openapi.SignedIn](s.browser().signIn().is(200)).Token
	s.send(http.MethodPatch, "/v1/accounts/"+uid.String()+"/security", `{"issuerOnly":true}`).is(200)
	byPassword.isOut()
	s.as(token).get("/v1/me").is(200)
	s.post("/v1/sessions", fmt.Sprintf(`{"email":%q,"password":%q}`, email, password)).refusedWith(403, "issuer_required")
	s.browser().signIn().is(200)
}

// An answer of the issuer is good once, and in the browser it is for.
func TestReturnsThatDoNotFit(t *testing.T) {
	t.Parallel()
	s := newIssuerStack(t)
	_, email := s.activated("Northwind")
	s.issuer.SignsIn(issuertest.Person{Subject: "ada", Email: email, Verified: true})
	refused := func(what string, got answer) {
		t.Helper()
		t.Log(what)
		got.refusedWith(401, "sign_in_failed")
	}
	b, other := s.browser(), s.browser()
	back := b.back()
	refused("no cookie", other.get(back.String()))
	other.back()
	refused("the cookie of another attempt", other.get(back.String()))
	refused("another state", b.get(with(back, "state", "guess")))
	refused("no state", b.get(with(back, "state", "")))
	refused("no code", b.get(with(back, "code", "")))
	refused("another code", b.get(with(back, "code", "guess")))
	here, _ := url.Parse(s.url + "/v1/sessions/oidc")
	ticket := b.http.Jar.Cookies(here)[0]
	changed := *ticket
	changed.Path = "/v1/sessions/oidc"
	changed.Value = strings.Replace(ticket.Value, ticket.Value[:1], string(ticket.Value[0]^1), 1)
	b.http.Jar.SetCookies(here, []*http.Cookie{&changed})
	refused("a changed cookie", b.get(back.String()))
	changed.Value = ticket.Value
	b.http.Jar.SetCookies(here, []*http.Cookie{&changed})
	b.get(with(back, "session_state", "whatever the issuer adds")).is(200)
	b.http.Jar.SetCookies(here, []*http.Cookie{&changed})
	refused("the same again", b.get(back.String()))

	b = s.browser()
	back = b.back()
	s.clock.Advance(10 * time.Minute)
	refused("too late", b.get(back.String()))

	s.issuer.Nonce("of another attempt")
	refused("another nonce", s.browser().signIn())
	s.issuer.Nonce("")
	b = s.browser()
	back = b.back()
	s.issuer.Stale(true)
	refused("an expired code", b.get(back.String()))
	s.issuer.Stale(false)
	s.browser().signIn().is(200)

	// Attempts from an address count together with those by password.
	for range 100 {
		other.get(back.String())
	}
	other.get(back.String()).refusedWith(429, "too_many_requests")
}

func TestWhileTheIssuerIsDown(t *testing.T) {
	t.Parallel()
	s := newIssuerStack(t)
	_, email := s.activated("Northwind")
	s.issuer.SignsIn(issuertest.Person{Subject: "ada", Email: email, Verified: true})
	s.issuer.Down(true)
	down := s.browser().signIn().refusedWith(503, "issuer_unavailable")
	if down.header.Get("Retry-After") == "" || down.header.Get("Set-Cookie") != "" {
		t.Errorf("headers %v", down.header)
	}
	s.enter(email) // nobody else is kept out
	s.issuer.Down(false)
	s.browser().signIn().is(200)
	b := s.browser()
	back := b.back()
	s.issuer.Down(true)
	for range 25 { // not held against the address
		b.get(back.String()).refusedWith(503, "issuer_unavailable")
	}
	s.issuer.Down(false)
	b.get(back.String()).is(200)
	s.issuer.SignsIn(issuertest.Person{Subject: uuid.NewString(), Email: "nobody@x.example", Verified: true})
	s.browser().signIn().refusedWith(401, "sign_in_failed")
}

// leading is a service that sends everybody to an issuer.
type leading struct{ api.People }

func (leading) StartAtIssuer(_ context.Context, redirectURI string) (people.IssuerStart, error) {
	return people.IssuerStart{URL: "https://issuer.example/?to=" + redirectURI, Ticket: "ticket", Expires: now.Add(10 * time.Minute)}, nil
}

func TestTheCookieOfAnAttempt(t *testing.T) {
	t.Parallel()
	for url, cookie := range map[string]string{
		"https://fleet.example":   "fleetledger_oidc=ticket; Path=/v1/sessions/oidc; Max-Age=600; HttpOnly; Secure; SameSite=Lax",
		"https://x.example/fleet": "fleetledger_oidc=ticket; Path=/fleet/v1/sessions/oidc; Max-Age=600; HttpOnly; Secure; SameSite=Lax",
		"http://localhost:8080":   "fleetledger_oidc=ticket; Path=/v1/sessions/oidc; Max-Age=600; HttpOnly; SameSite=Lax",
	} {
		o := options(&fake{})
		o.App.People = leading{}
		o.PublicURL = url
		got := newClient(t, o).as("").get("/v1/sessions/oidc").is(302)
		expect(t, "cookie", got.header.Get("Set-Cookie"), cookie)
		expect(t, "location", got.header.Get("Location"), "https://issuer.example/?to="+url+"/v1/sessions/oidc/callback")
	}
}
