package issuer_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/identity/issuer"
	"github.com/fleetledger/fleetledger/adapters/identity/issuer/issuertest"
	"github.com/fleetledger/fleetledger/app/ports"
)

var attempt = ports.IssuerAttempt{
	RedirectURI: "http://localhost:9999/back", State: "state", Nonce: "nonce", Verifier: strings.Repeat("verifier", 6),
}

// signIn walks to the provider and back, as a browser does, and gives the code.
func signIn(t *testing.T, i *issuer.Issuer, a ports.IssuerAttempt) string {
	t.Helper()
	to, err := i.SignInURL(t.Context(), a)
	require.NoError(t, err)
	var back *url.URL
	browser := http.Client{CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), a.RedirectURI) {
			back = r.URL
			return http.ErrUseLastResponse
		}
		return nil
	}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, to, nil)
	require.NoError(t, err)
	got, err := browser.Do(r)
	require.NoError(t, err)
	require.NoError(t, got.Body.Close())
	require.NotNil(t, back, got.Status)
	require.Equal(t, a.State, back.Query().Get("state"))
	return back.Query().Get("code")
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	p := issuertest.New(t, attempt.RedirectURI)
	i := issuer.New(p.Options())
	for _, ada := range []issuertest.Person{
		{Subject: "ada", Email: "ada@x.example", Verified: true},
		{Subject: "ada", Email: "ada@y.example"},
		{Subject: "nameless", Verified: true},
	} {
		p.SignsIn(ada)
		code := signIn(t, i, attempt)
		got, err := i.Identify(t.Context(), code, attempt)
		require.NoError(t, err)
		require.Equal(t, ports.Identity{Issuer: p.URL, Subject: ada.Subject, Email: ada.Email, EmailVerified: ada.Verified}, got)
		_, err = i.Identify(t.Context(), code, attempt)
		require.ErrorIs(t, err, ports.ErrNotIdentified, "a code is good once")
	}
	p.EmailInside()
	p.SignsIn(issuertest.Person{Subject: "ada", Email: "ada@x.example", Verified: true})
	got, err := i.Identify(t.Context(), signIn(t, i, attempt), attempt)
	require.NoError(t, err)
	require.True(t, got.EmailVerified)
	require.Equal(t, "ada@x.example", got.Email)
	require.Equal(t, 1, p.Discoveries())
}

// A code is of no use to whoever lacks the attempt it was made for.
func TestCodesBelongToAttempts(t *testing.T) {
	t.Parallel()
	p := issuertest.New(t, attempt.RedirectURI)
	i := issuer.New(p.Options())
	p.SignsIn(issuertest.Person{Subject: "ada"})
	for what, change := range map[string]func(*ports.IssuerAttempt){
		"another verifier": func(a *ports.IssuerAttempt) { a.Verifier = strings.Repeat("guess", 10) },
		"another nonce":    func(a *ports.IssuerAttempt) { a.Nonce = "guess" },
		"another way back": func(a *ports.IssuerAttempt) { a.RedirectURI += "/other" },
	} {
		changed := attempt
		change(&changed)
		_, err := i.Identify(t.Context(), signIn(t, i, attempt), changed)
		require.ErrorIs(t, err, ports.ErrNotIdentified, what)
	}
}

// However many wait for a provider that is down, it is asked once, and again
// when something went wrong with it later.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	p := issuertest.New(t, attempt.RedirectURI)
	p.SignsIn(issuertest.Person{Subject: "ada"})
	p.Down(true)
	o := p.Options()
	o.Pause = 0 // the default
	i := issuer.New(o)
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			_, err := i.SignInURL(t.Context(), attempt)
			assert.ErrorIs(t, err, ports.ErrIssuerUnavailable)
		})
	}
	all.Wait()
	require.LessOrEqual(t, p.Discoveries(), 2, "the HTTP client may repeat what was cut off")

	i = issuer.New(p.Options())
	_, err := i.SignInURL(t.Context(), attempt)
	require.ErrorIs(t, err, ports.ErrIssuerUnavailable)
	p.Down(false)
	code := signIn(t, i, attempt)
	before := p.Discoveries()
	p.Down(true)
	_, err = i.Identify(t.Context(), code, attempt)
	require.ErrorIs(t, err, ports.ErrIssuerUnavailable)
	p.Down(false)
	_, err = i.Identify(t.Context(), code, attempt)
	require.NoError(t, err)
	require.Equal(t, before+1, p.Discoveries())
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = i.Identify(gone, code, attempt)
	require.ErrorIs(t, err, ports.ErrIssuerUnavailable)
}

// What is wrong with the provider is not held against the person.
func TestWrongProviders(t *testing.T) {
	t.Parallel()
	p := issuertest.New(t, attempt.RedirectURI)
	p.SignsIn(issuertest.Person{Subject: "ada"})
	wrong := p.Options()
	wrong.ClientSecret = "guess"
	i := issuer.New(wrong)
	_, err := i.Identify(t.Context(), signIn(t, i, attempt), attempt)
	require.ErrorIs(t, err, ports.ErrIssuerUnavailable)
	require.NotContains(t, err.Error(), "guess")

	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	wrong.Issuer = other.URL
	_, err = issuer.New(wrong).SignInURL(t.Context(), attempt)
	require.ErrorIs(t, err, ports.ErrIssuerUnavailable)
	wrong.Issuer = p.URL + "/"
	_, err = issuer.New(wrong).SignInURL(t.Context(), attempt)
	require.ErrorIs(t, err, ports.ErrIssuerUnavailable, "an issuer is called exactly what it calls itself")
}
