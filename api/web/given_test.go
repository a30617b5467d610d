package web_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/adapters/passkeys"
	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/api/web"
	"github.com/fleetledger/fleetledger/app"
)

// password is everybody's.
const password = "correct horse battery"

// desk is a running service with its pages, and a reseller with a customer.
type desk struct {
	*apitest.Service
	url                string // by the name localhost, which passkeys belong to
	reseller, customer uuid.UUID
}

// givenDesk starts a service; Summit Wireless is a reseller, Prairie Fire its customer,
// and the administrators of both have accepted their invitations.
func givenDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { d.Handler.ServeHTTP(w, r) }))
	d.url = strings.Replace("http://"+server.Listener.Addr().String(), "127.0.0.1", "localhost", 1)
	d.Service = apitest.Start(t, apitest.With(func(made *app.Dependencies, o *api.Options) {
		var err error
		made.People.Passkeys, err = passkeys.New(d.url, "Fleetledger")
		must(t, err)
		o.Pages = func(h http.Handler, room api.Room) (http.Handler, error) {
			return web.New(web.Options{API: h, Room: room, PublicURL: d.url, Clock: o.Clock, Logger: slog.New(slog.DiscardHandler), Passkeys: true})
		}
	}))
	server.Start()
	t.Cleanup(server.Close)

	operator := d.Client(apitest.OperatorToken)
	account, err := operator.CreateAccount(t.Context(), nil, client.CreateAccountJSONRequestBody{
		Name: "Summit Wireless", Type: openapi.Reseller, Administrator: openapi.Administrator{Email: "sam@summit.example"},
	})
	must(t, err)
	d.reseller = account.JSON201.Uid
	d.activated(t, d.reseller, "Sam Summit")
	customer, err := d.Client(d.Token(d.reseller, "")).CreateCustomer(t.Context(), nil, client.CreateCustomerJSONRequestBody{
		Name: "Prairie Fire", Administrator: openapi.Administrator{Email: "pat@prairie.example"},
	})
	must(t, err)
	d.customer = customer.JSON201.Uid
	d.activated(t, d.customer, "Pat Prairie")
	d.caughtUp(t)
	return d
}

// activated accepts the first invitation to an account.
func (d *desk) activated(t *testing.T, account uuid.UUID, name string) {
	t.Helper()
	_, err := d.Client("").ActivateAccount(t.Context(), d.App.Tokens.Invitation(account, 1), client.ActivateAccountJSONRequestBody{Name: &name, Password: password})
	must(t, err)
}

// registered registers a device into the reseller's account and gives its uid.
func (d *desk) registered(t *testing.T, serial, imei, name string) string {
	t.Helper()
	done, err := d.Client(d.Token(d.reseller, "")).RegisterDevices(t.Context(), nil, client.RegisterDevicesJSONRequestBody{
		Items: []openapi.Registration{{SerialNumber: serial, Imei: &imei, Name: &name}},
	})
	must(t, err)
	if r := done.JSON200.Results[0]; r.Outcome != "created" {
		t.Fatalf("not registered: %+v", r)
	}
	d.caughtUp(t)
	return *done.JSON200.Results[0].Uid
}

// caughtUp waits until everybody can read what somebody has written: what an account
// holds is told of the newest state.
func (d *desk) caughtUp(t *testing.T) {
	t.Helper()
	dryRun := true
	_, _ = d.Client(apitest.OperatorToken).CloseAccount(t.Context(), d.reseller, &client.CloseAccountParams{DryRun: &dryRun}, client.CloseAccountJSONRequestBody{})
}

// reader is somebody with a browser that knows no scripts.
type reader struct {
	t    *testing.T
	desk *desk
	http *http.Client
}

// reader opens a browser.
func (d *desk) reader(t *testing.T) *reader {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	return &reader{t, d, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// signedIn opens a browser and signs in.
func (d *desk) signedIn(t *testing.T, email string) *reader {
	t.Helper()
	r := d.reader(t)
	r.posts("/sign-in", "email", email, "password", password).leadsTo("/")
	return r
}

// operator opens a browser and signs in as the operator.
func (d *desk) operator(t *testing.T) *reader {
	t.Helper()
	r := d.reader(t)
	r.posts("/sign-in", "operatorToken", apitest.OperatorToken).leadsTo("/")
	return r
}

// session is the token of the reader's session.
func (r *reader) session() string {
	at, err := url.Parse(r.desk.url)
	must(r.t, err)
	for _, c := range r.http.Jar.Cookies(at) {
		return c.Value
	}
	return ""
}

// seen is what a reader was answered.
type seen struct {
	t      *testing.T
	status int
	header http.Header
	body   string
}

func (r *reader) do(request *http.Request) seen {
	r.t.Helper()
	answer, err := r.http.Do(request)
	must(r.t, err)
	body, err := io.ReadAll(answer.Body)
	must(r.t, err)
	must(r.t, answer.Body.Close())
	return seen{r.t, answer.StatusCode, answer.Header, string(body)}
}

// opens asks for a page.
func (r *reader) opens(path string) seen {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.desk.url+path, http.NoBody)
	must(r.t, err)
	return r.do(request)
}

// posts sends a form without the page that it is on.
func (r *reader) posts(path string, pairs ...string) seen {
	r.t.Helper()
	return r.sends(path, values(pairs), nil)
}

func (r *reader) sends(path string, form url.Values, header http.Header) seen {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.desk.url+path, strings.NewReader(form.Encode()))
	must(r.t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for name, all := range header {
		request.Header[name] = all
	}
	return r.do(request)
}

var hidden = regexp.MustCompile(`<input type="hidden" name="(form|key|revision)" value="([^"]*)"`)

// fills opens a page and sends a form of it with what the page's forms carry.
func (r *reader) fills(page, path string, pairs ...string) seen {
	r.t.Helper()
	return r.sends(path, r.form(page, pairs...), nil)
}

// form is a form of a page, filled in.
func (r *reader) form(page string, pairs ...string) url.Values {
	r.t.Helper()
	shown := r.opens(page)
	shown.shows(http.StatusOK)
	form := values(pairs)
	for _, m := range hidden.FindAllStringSubmatch(shown.body, -1) {
		if !form.Has(m[1]) {
			form.Set(m[1], strings.ReplaceAll(m[2], "&#34;", `"`))
		}
	}
	return form
}

func values(pairs []string) url.Values {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return form
}

// opensUntil opens a page until it shows a text: somebody else has just written what it
// shows, and nobody waits for what others write.
func (r *reader) opensUntil(path, text string) seen {
	r.t.Helper()
	for {
		shown := r.opens(path)
		if strings.Contains(shown.body, text) || r.t.Context().Err() != nil {
			return shown.shows(http.StatusOK, text)
		}
		if deadline, ok := r.t.Deadline(); ok && time.Until(deadline) < time.Minute {
			return shown.shows(http.StatusOK, text)
		}
	}
}

// shows checks the status of a page and what is on it.
func (s seen) shows(status int, texts ...string) seen {
	s.t.Helper()
	if s.status != status {
		s.t.Fatalf("status %d, want %d: %s", s.status, status, s.body)
	}
	for _, text := range texts {
		if !strings.Contains(s.body, text) {
			s.t.Errorf("%q is not on the page: %s", text, s.body)
		}
	}
	return s
}

// lacks checks what is not on a page.
func (s seen) lacks(texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		if strings.Contains(s.body, text) {
			s.t.Errorf("%q is on the page: %s", text, s.body)
		}
	}
}

// leadsTo checks that a form was carried out and where it leads; a * at the end
// stands for anything. It gives the path.
func (s seen) leadsTo(path string) string {
	s.t.Helper()
	at := s.header.Get("Location")
	start, open := strings.CutSuffix(path, "*")
	if s.status != http.StatusSeeOther || at != path && (!open || !strings.HasPrefix(at, start)) {
		s.t.Fatalf("status %d, leads to %q, want %q: %s", s.status, at, path, s.body)
	}
	return at
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
