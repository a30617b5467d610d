package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/identity/issuer/issuertest"
)

var (
	activationLink = regexp.MustCompile(`/v1/activations/[A-Za-z0-9_-]+`)
	resetLink      = regexp.MustCompile(`/v1/password-resets/[A-Za-z0-9_-]+`)
)

// mailed waits for the mail of an invitation and gives the path of its link.
func (s *service) mailed(to string) string {
	s.t.Helper()
	return s.mailedLink(to, activationLink)
}

func (s *service) mailedLink(to string, form *regexp.Regexp) string {
	s.t.Helper()
	link := ""
	require.Eventually(s.t, func() bool {
		mails, err := filepath.Glob(filepath.Join(s.dir, "outbox", "*.eml"))
		require.NoError(s.t, err)
		for _, mail := range mails {
			text, err := os.ReadFile(mail)
			require.NoError(s.t, err)
			if plain := strings.ReplaceAll(string(text), "=\r\n", ""); strings.Contains(plain, "<"+to+">") && form.MatchString(plain) {
				link = form.FindString(plain)
			}
		}
		return link != ""
	}, time.Minute, 20*time.Millisecond)
	return link
}

func (s *service) signIn(email, password string) string {
	s.t.Helper()
	var in struct{ Token string }
	s.do(http.StatusCreated, http.MethodPost, "/v1/sessions", "", map[string]string{"email": email, "password": password}).read(s.t, &in)
	return in.Token
}

// From the mail in the outbox to an administrator who signs in, and from there
// to a user who was invited; also after a restart. No secret is in the log.
func TestPeopleFromMailToSession(t *testing.T) {
	t.Parallel()
	const password = "correct horse battery"
	s := serve(t, t.TempDir(), "--log-level", "debug")
	uid, _ := s.reseller("Summit Wireless")
	accept := map[string]string{"name": "Ada", "password": password}
	s.do(http.StatusOK, http.MethodPost, s.mailed("admin@summit-wireless.example"), "", accept)
	ada := s.signIn("admin@summit-wireless.example", password)
	s.do(http.StatusCreated, http.MethodPost, "/v1/accounts/"+uid+"/users", ada,
		map[string]any{"email": "bo@summit-wireless.example", "profiles": []string{"renewals"}})
	s.do(http.StatusOK, http.MethodPost, s.mailed("bo@summit-wireless.example"), "", accept)
	bo := s.signIn("bo@summit-wireless.example", password)
	s.do(http.StatusForbidden, http.MethodGet, "/v1/accounts/"+uid+"/users", bo, nil)

	// Who has forgotten the password chooses another one by mail, and changes it again.
	const chosen, changed = "a whole new staple", "yet another staple"
	s.do(http.StatusAccepted, http.MethodPost, "/v1/password-resets", "", map[string]string{"email": "ada@summit-wireless.example"})
	s.do(http.StatusAccepted, http.MethodPost, "/v1/password-resets", "", map[string]string{"email": "Admin@Summit-Wireless.example"})
	link := s.mailedLink("admin@summit-wireless.example", resetLink)
	s.do(http.StatusOK, http.MethodPost, link, "", map[string]string{"password": chosen})
	s.do(http.StatusUnauthorized, http.MethodGet, "/v1/me", ada, nil)
	ada = s.signIn("admin@summit-wireless.example", chosen)
	s.do(http.StatusOK, http.MethodPost, "/v1/me:changePassword", ada, map[string]string{"current": chosen, "password": changed})
	s.stop()
	for _, secret := range []string{password, chosen, changed, link, ada, bo, "argon2id"} {
		require.NotContains(t, s.log.String(), secret)
	}

	again := serve(t, s.dir)
	again.do(http.StatusOK, http.MethodGet, "/v1/me", bo, nil)
	again.do(http.StatusOK, http.MethodGet, "/v1/me", ada, nil)
	again.signIn("admin@summit-wireless.example", changed)
	again.stop()
}

// An issuer that is down keeps nobody else out, and is there when it is back.
func TestServeBesideAnIssuer(t *testing.T) {
	t.Parallel()
	p := issuertest.New(t, "https://fleet.example/v1/sessions/oidc/callback")
	p.Down(true)
	s := serve(t, t.TempDir(), "--log-level", "debug", "--public-url", "https://fleet.example/",
		"--oidc-issuer", p.URL, "--oidc-client-id", issuertest.ClientID, "--oidc-client-secret", issuertest.ClientSecret)
	down := s.do(http.StatusServiceUnavailable, http.MethodGet, "/v1/sessions/oidc", "", nil)
	require.Contains(t, string(down.body), "issuer_unavailable")
	s.do(http.StatusOK, http.MethodGet, "/readyz", "", nil)
	p.Down(false)
	var to *http.Response
	require.Eventually(t, func() bool {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/v1/sessions/oidc", nil)
		require.NoError(t, err)
		to, err = http.DefaultTransport.RoundTrip(request)
		require.NoError(t, err)
		require.NoError(t, to.Body.Close())
		return to.StatusCode == http.StatusFound
	}, time.Minute, 50*time.Millisecond)
	location, err := url.Parse(to.Header.Get("Location"))
	require.NoError(t, err)
	require.Equal(t, "https://fleet.example/v1/sessions/oidc/callback", location.Query().Get("redirect_uri"))
	require.Equal(t, "openid email", location.Query().Get("scope"))
	require.Contains(t, to.Header.Get("Set-Cookie"), "Secure")
	s.do(http.StatusUnauthorized, http.MethodGet, "/v1/sessions/oidc/callback?code=the-code&state=the-state", "", nil)
	s.stop()
	for _, secret := range []string{issuertest.ClientSecret, "the-code", "the-state"} {
		require.NotContains(t, s.log.String(), secret)
	}
}
