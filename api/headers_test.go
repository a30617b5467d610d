package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/query"
)

// Every answer of every route has the headers that keep it safe, to whoever asks: to
// nobody, to somebody, and of errors.
func TestEveryAnswerIsGuarded(t *testing.T) {
	t.Parallel()
	document, err := openapi3.NewLoader().LoadFromData(openapi.Description)
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(t, options(&fake{err: query.ErrNotFound}))
	const some = "018f3c5e-0000-7000-8000-000000000001"
	routes := 0
	for path, item := range document.Paths.Map() {
		for method, op := range item.Operations() {
			target := path
			for _, p := range append(op.Parameters, item.Parameters...) {
				if p.Value.In == "path" {
					target = strings.ReplaceAll(target, "{"+p.Value.Name+"}", some)
				}
			}
			for _, token := range []string{"", resellerToken, "no-such-token"} {
				answer := c.as(token).raw(method, target, "{}", "Content-Type: application/json")
				guarded(t, method+" "+path, answer.Header(), false)
				routes++
			}
		}
	}
	if routes < 300 {
		t.Errorf("looked at %d answers only", routes)
	}
	for _, target := range []string{"/v1/nothing", "/v1", "/v1/accounts/%00", "/v1/%FF"} {
		guarded(t, target, c.raw(http.MethodGet, target, "").Header(), false)
	}
	guarded(t, "a method that does not work", c.raw(http.MethodPut, "/healthz", "").Header(), false)
}

func guarded(t *testing.T, what string, h http.Header, encrypted bool) {
	t.Helper()
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %s is %q", what, name, got)
		}
	}
	if cache := h.Get("Cache-Control"); cache != "no-store" && cache != "private, no-cache" {
		t.Errorf("%s: may be kept: %q", what, cache)
	}
	if policy := h.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("%s: policy %q", what, policy)
	}
	if got := h.Get("Strict-Transport-Security") != ""; got != encrypted {
		t.Errorf("%s: HTTPS for good is %v", what, got)
	}
	if h.Get("Access-Control-Allow-Origin") != "" || h.Get("Server") != "" || h.Get("X-Powered-By") != "" {
		t.Errorf("%s: says too much: %v", what, h)
	}
}

// The measurements are the operator's, of whoever has their token and, by default, of this
// machine; what something in front hands on comes from elsewhere.
func TestWhoSeesMeasurements(t *testing.T) {
	t.Parallel()
	const secret, home, away = "a-token-for-prometheus", "127.0.0.1:5000", "192.0.2.7:5000"
	status := func(access api.MetricsAccess, remote, token string, headers ...string) int {
		t.Helper()
		o := options(&fake{})
		o.MetricsAccess = access
		s, err := api.NewServer(o)
		if err != nil {
			t.Fatal(err)
		}
		return from(t, s, remote, token, "/metrics", headers...).Code
	}
	byToken, elsewhere := api.MetricsAccess{Token: secret}, api.MetricsAccess{Elsewhere: true}
	for name, got := range map[string][2]int{
		"this machine":              {status(api.MetricsAccess{}, home, ""), 200},
		"IPv6":                      {status(api.MetricsAccess{}, "[::1]:5000", ""), 200},
		"a stranger":                {status(api.MetricsAccess{}, away, ""), 401},
		"a tenant":                  {status(api.MetricsAccess{}, away, resellerToken), 401},
		"a proxy on this machine":   {status(api.MetricsAccess{}, home, "", "X-Forwarded-For: 192.0.2.7"), 401},
		"another one":               {status(api.MetricsAccess{}, home, "", "Via: 1.1 front"), 401},
		"the operator":              {status(api.MetricsAccess{}, away, operatorToken), 200},
		"the token":                 {status(byToken, away, secret), 200},
		"another token":             {status(byToken, home, secret+"x"), 401},
		"no token":                  {status(byToken, home, ""), 401},
		"the operator, by a token":  {status(byToken, away, operatorToken), 200},
		"elsewhere":                 {status(elsewhere, home, ""), 401},
		"the operator, elsewhere":   {status(elsewhere, away, operatorToken), 200},
		"no token is not any token": {status(api.MetricsAccess{}, away, "x"), 401},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %d, want %d", name, got[0], got[1])
		}
	}
	o := options(&fake{})
	o.MetricsAccess = byToken
	s, err := api.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]int{"": 401, secret: 200, operatorToken: 401} {
		if got := from(t, s.Metrics(), away, token, "/metrics"); got.Code != want || got.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%q: %d %v", token, got.Code, got.Header())
		}
	}
	if got := from(t, s.Metrics(), away, secret, "/v1/accounts").Code; got != 404 {
		t.Errorf("the measurements' address has more: %d", got)
	}
}

// What is wrong is everybody's, why is the operator's.
func TestWhyNotReady(t *testing.T) {
	t.Parallel()
	o := options(&fake{})
	o.Service = unfit{}
	s, err := api.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]string{"": "fleet is stopped", resellerToken: "fleet is stopped", operatorToken: "fleet is stopped: INSERT INTO fleet.devices"} {
		got := from(t, s, "127.0.0.1:5000", token, "/readyz")
		if got.Code != http.StatusServiceUnavailable || !strings.Contains(got.Body.String(), want) || (token != operatorToken) == strings.Contains(got.Body.String(), "INSERT") {
			t.Errorf("%q: %d %s", token, got.Code, got.Body)
		}
	}
}

// from asks for something from an address.
func from(t *testing.T, h http.Handler, remote, token, target string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, http.NoBody)
	r.RemoteAddr = remote
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	return answer
}

// unfit is a service whose read model does not follow.
type unfit struct{ service }

func (unfit) Ready(context.Context) []api.Check {
	return []api.Check{{Name: "projections", Detail: "fleet is stopped", Why: "fleet is stopped: INSERT INTO fleet.devices"}}
}
