package web_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fleetledger/fleetledger/api/apitest"
)

// Numbers of devices, as their labels have them.
const (
	serial, imei           = "LD72997819284879", "004491972154667"
	otherSerial, otherIMEI = "LD28125826989206", "004482694334810"
)

// The whole way: the operator creates a reseller, which gives a device to a customer,
// which orders a renewal that the operator applies.
func TestFromResellerToRenewedDevice(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	operator := d.operator(t)
	operator.opens("/").leadsTo("/accounts")
	operator.opensUntil("/accounts", "Prairie Fire").shows(http.StatusOK, "Summit Wireless")

	sam := d.signedIn(t, "sam@summit.example")
	sam.opensUntil("/", "Pat Prairie").shows(http.StatusOK, "Prairie Fire", "Total")
	sam.fills("/register", "/register", "serialNumber", serial, "factor", imei, "name", "engine-1", "do", "check").
		shows(http.StatusOK, "Checked, nothing is registered yet", "Can be registered")
	sam.fills("/register", "/register", "serialNumber", serial, "factor", imei, "name", "engine-1", "do", "register").
		shows(http.StatusOK, "engine-1", "Registered")
	plan := sam.fills("/transfer?device="+serial, "/transfer", "from", "Summit Wireless", "to", "prairie fire", "devices", serial).leadsTo("/transfer/*")
	sam.opens(plan).shows(http.StatusOK, "Will move", "Transfer 1 device to Prairie Fire")
	transfer := sam.fills(plan, plan, "reason", "Trial won").leadsTo("/transfers/*")
	sam.opens(transfer).shows(http.StatusOK, "1 device moved to Prairie Fire")

	pat := d.signedIn(t, "pat@prairie.example")
	pat.opens("/").leadsTo("/devices")
	pat.opensUntil("/devices", "engine-1")
	pat.opens("/renew?device="+serial+"&term=P3Y").shows(http.StatusOK, "Order 1 renewal")
	order := pat.fills("/renew?device="+serial, "/renew", "device", serial, "term", "P1Y", "orderNumber", "PO-1").leadsTo("/orders/*")
	pat.opens(order).shows(http.StatusOK, "Order PO-1", "Waiting", "Withdraw the order")

	operator.opensUntil("/orders", "PO-1").shows(http.StatusOK, "Prairie Fire")
	operator.fills(order, order, "do", "apply").leadsTo(order + "?done=saved")
	pat.opensUntil("/devices/"+serial, "2028-03-15").shows(http.StatusOK, "Renewed", "PO-1")
	sam.opensUntil("/devices/"+serial, "Trial won")
	sam.fills(transfer, transfer+"/reversals", "reason", "Too late").shows(http.StatusUnprocessableEntity, "Nothing was changed")
}

// Posting a form twice does the thing once.
func TestAFormSentTwice(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	sam := d.signedIn(t, "sam@summit.example")
	form := sam.form("/customers/new", "name", "Harbour Transit", "email", "jo@harbour.example", "offer", "complete")
	first := sam.sends("/customers/new", form, nil).leadsTo("/accounts/*")
	if again := sam.sends("/customers/new", form, nil).leadsTo("/accounts/*"); again != first {
		t.Errorf("two accounts: %s and %s", first, again)
	}
	// Filled in anew it is another one, whose name is taken.
	sam.fills("/customers/new", "/customers/new", "name", "harbour  transit", "email", "al@harbour.example").
		shows(http.StatusConflict, "Error: New customer", "name_taken", `value="al@harbour.example"`)
}

// Forms that the reader's session did not make change nothing.
func TestForgedForms(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	sam, pat := d.signedIn(t, "sam@summit.example"), d.signedIn(t, "pat@prairie.example")
	for name, sent := range map[string]seen{
		"no token":          sam.posts("/customers/new", "name", "Forged", "email", "x@forged.example"),
		"another's token":   sam.sends("/customers/new", pat.form("/security", "name", "Forged", "email", "x@forged.example"), nil),
		"from another site": sam.sends("/customers/new", sam.form("/customers/new", "name", "Forged", "email", "x@forged.example"), http.Header{"Sec-Fetch-Site": {"cross-site"}}),
		"another origin":    sam.sends("/customers/new", sam.form("/customers/new", "name", "Forged", "email", "x@forged.example"), http.Header{"Origin": {"https://evil.example"}}),
	} {
		if sent.status != http.StatusForbidden {
			t.Errorf("%s: %d", name, sent.status)
		}
	}
	sam.opens("/").shows(http.StatusOK).lacks("Forged")
}

// Whoever is not signed in is led to where one signs in, and back.
func TestSigningIn(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	nobody := d.reader(t)
	nobody.opens("/devices?state=active").leadsTo("/sign-in?next=%2Fdevices%3Fstate%3Dactive")
	nobody.posts("/sign-in", "email", "sam@summit.example", "password", "wrong", "next", "/devices").
		shows(http.StatusUnauthorized, "E-mail and password do not fit", `value="sam@summit.example"`).lacks("wrong")
	nobody.posts("/sign-in", "operatorToken", "a guess").shows(http.StatusUnauthorized, "not the operator")
	for _, next := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "javascript:alert(1)"} {
		d.reader(t).posts("/sign-in", "email", "sam@summit.example", "password", password, "next", next).leadsTo("/")
	}
	nobody.posts("/sign-in", "email", "sam@summit.example", "password", password, "next", "/devices?state=active").leadsTo("/devices?state=active")
	nobody.fills("/devices", "/sign-out").leadsTo("/sign-in?passed=out")
	nobody.opens("/devices").leadsTo("/sign-in*")
}

// The session of the operator is the operator's, and ends like any other.
func TestTheOperatorsSession(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	operator := d.operator(t)
	operator.opens("/security").shows(http.StatusOK, "this one").lacks("Present password")
	operator.fills("/security", "/security", "do", "endAll").leadsTo("/sign-in?passed=out")
	operator.opens("/accounts").leadsTo("/sign-in*")
}

// What others have is answered like what is not there.
func TestOtherTenantsPages(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	d.registered(t, serial, imei, "engine-1")
	pat := d.signedIn(t, "pat@prairie.example")
	for _, path := range []string{
		"/devices/" + serial, "/accounts/" + d.reseller.String(), "/administration?account=" + d.reseller.String(), "/devices/nothing",
		"/transfers/11111111-1111-4111-8111-111111111111", "/operations/11111111-1111-4111-8111-111111111111", "/nothing",
	} {
		pat.opens(path).shows(http.StatusNotFound, "Nothing here").lacks("Summit", "engine-1")
	}
	for _, path := range []string{"/accounts/new", "/grants", "/audits", "/projections"} {
		pat.opens(path).shows(http.StatusNotFound)
	}
}

// Names are text, whatever is in them.
func TestMarkupInNames(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	const evil = `<img src=x onerror=alert(1)>"'&`
	uid := d.registered(t, serial, imei, evil)
	sam := d.signedIn(t, "sam@summit.example")
	sam.opensUntil("/devices", "&lt;img src=x")
	for _, path := range []string{"/devices", "/devices/" + uid, "/transfer?device=" + uid, "/renew?device=" + uid, "/devices?search=%3Cimg"} {
		sam.opens(path).shows(http.StatusOK).lacks("<img src=x")
	}
}

// Every page has the headers that keep it safe; assets are kept for good.
func TestHeaders(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	page := d.reader(t).opens("/sign-in")
	for name, want := range map[string]string{
		"Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
	} {
		if got := page.header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	policy := page.header.Get("Content-Security-Policy")
	if strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("policy %q", policy)
	}
	page.lacks("<style", "style=", "onclick")
	_, rest, _ := strings.Cut(page.body, `rel="stylesheet" href="`)
	style, _, _ := strings.Cut(rest, `"`)
	asset := d.reader(t).opens(style).shows(http.StatusOK)
	if got := asset.header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
		t.Errorf("the style sheet is not kept: %q", got)
	}
	d.reader(t).opens("/assets/desk.css").shows(http.StatusNotFound)
	if got := d.reader(t).opens("/activate/no-such-token").header.Get("Referrer-Policy"); got != "no-referrer" {
		t.Errorf("a page with a token sends its address on: %q", got)
	}
}

// The JSON interface is what it was, beside the pages.
func TestBesideTheInterface(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	nobody := d.reader(t)
	if s := nobody.opens("/v1/nothing"); s.status != http.StatusNotFound || s.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %s", s.status, s.header.Get("Content-Type"))
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.url+"/v1/activations/some-token", http.NoBody)
	must(t, err)
	request.Header.Set("Accept", "text/html,application/xhtml+xml")
	nobody.do(request).leadsTo("/activate/some-token")
}

// The past is the same page on another day, and changes nothing.
func TestAnotherDay(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	uid := d.registered(t, serial, imei, "engine-1")
	d.Clock.Advance(40 * 24 * time.Hour)
	sam := d.signedIn(t, "sam@summit.example")
	sam.opensUntil("/devices", "engine-1")
	sam.opens("/devices?asOf=2026-03-16").shows(http.StatusOK, "As recorded on 2026-03-16, 39 days ago", "engine-1", "Back to today", "5 years later").lacks(">Renew<", `name="device"`)
	sam.opens("/devices?asOf=2026-03-14").shows(http.StatusOK, "As recorded on 2026-03-14").lacks("engine-1")
	sam.opens("/devices/"+uid+"?first=2026-03-15&day=3").shows(http.StatusOK, "As recorded on 2026-03-18", "3 days earlier")
	sam.opens("/devices?asOf=nonsense").shows(http.StatusOK, "engine-1")
}

// The record of an event leads to the proof that it is in the log, for whoever sees it.
func TestProofOfAnEvent(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	uid := d.registered(t, serial, imei, "engine-1")
	sam := d.signedIn(t, "sam@summit.example")
	page := sam.opensUntil("/devices/"+uid, "Proof that it is in the log")
	proof := regexp.MustCompile(`/events/[0-9a-f-]{36}/proof`).FindString(page.body)
	file := sam.opensUntil(proof, "c2sp.org/tlog-proof@v1")
	if !strings.Contains(file.header.Get("Content-Disposition"), ".tlog-proof") {
		t.Errorf("%v", file.header)
	}
	sam.opens("/events/nonsense/proof").shows(http.StatusNotFound)
	sam.opens("/events/" + d.reseller.String() + "/proof").shows(http.StatusNotFound)
	d.reader(t).opens(proof).leadsTo("/sign-in*")
}

// The cookie of a session goes over TLS only, but on the machine itself.
func TestTheSessionsCookie(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	for host, want := range map[string]string{
		"127.0.0.1:8080": "fleetledger_session", "localhost": "fleetledger_session", "[::1]:8080": "fleetledger_session",
		"192.0.2.7:8080": "__Host-fleetledger_session", "fleet.example": "__Host-fleetledger_session",
	} {
		request := httptest.NewRequest(http.MethodPost, "http://"+host+"/sign-in", strings.NewReader(values([]string{"operatorToken", apitest.OperatorToken}).Encode()))
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		d.Handler.ServeHTTP(w, request)
		cookies := w.Result().Cookies()
		if len(cookies) != 1 || cookies[0].Name != want || cookies[0].Secure != strings.HasPrefix(want, "__Host-") ||
			!cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteLaxMode {
			t.Errorf("%s: %+v", host, cookies)
		}
	}
}

// A file that is too large says so, and changes nothing.
func TestAFileThatIsTooLarge(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	sam := d.signedIn(t, "sam@summit.example")
	form := sam.form("/register", "do", "register", "csv", strings.Repeat("x", 18<<20))
	sam.sends("/register/file", form, nil).shows(http.StatusRequestEntityTooLarge, "Too large")
}
