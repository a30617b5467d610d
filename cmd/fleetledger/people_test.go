package main

import (
	"mime"
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
	"github.com/fleetledger/fleetledger/api/client"
)

var (
	activationLink = regexp.MustCompile(`/activate/([A-Za-z0-9_-]+)`)
	confirmLink    = regexp.MustCompile(`/confirm-email/([A-Za-z0-9_-]+)`)
	resetLink      = regexp.MustCompile(`/reset-password/([A-Za-z0-9_-]+)`)
)

// mailed waits for a mail with a link of this form and gives the link's token.
func (s *service) mailed(to string, form *regexp.Regexp) string {
	s.t.Helper()
	token := ""
	require.Eventually(s.t, func() bool {
		mails, err := filepath.Glob(filepath.Join(s.dir, "outbox", "*.eml"))
		require.NoError(s.t, err)
		for _, mail := range mails {
			text, err := os.ReadFile(mail)
			require.NoError(s.t, err)
			if plain := plainMail(string(text)); strings.Contains(plain, "<"+to+">") && form.MatchString(plain) {
				token = form.FindStringSubmatch(plain)[1]
			}
		}
		return token != ""
	}, time.Minute, 20*time.Millisecond)
	return token
}

// plainMail is a mail with the words of its headers and the lines of its text as they
// are read.
func plainMail(text string) string {
	head, body, _ := strings.Cut(text, "\r\n\r\n")
	body = strings.ReplaceAll(body, "=\r\n", "")
	head = strings.ReplaceAll(strings.ReplaceAll(head, "\r\n ", " "), "  ", " ") // folded
	if decoded, err := new(mime.WordDecoder).DecodeHeader(head); err == nil {
		head = decoded
	}
	return head + "\r\n\r\n" + body
}

func (s *service) signIn(email, password string) string {
	s.t.Helper()
	return when(s.client("").SignIn(s.t.Context(), client.SignIn{Email: email, Password: password})).Then(s.t).JSON201.Token
}

// From the mail in the outbox to an administrator who signs in, and from there
// to a user who was invited; also after a restart. No secret is in the log.
func TestPeopleFromMailToSession(t *testing.T) {
	t.Parallel()
	const password = "correct horse battery"
	const admin, invited = "admin@summit-wireless.example", "bo@summit-wireless.example"
	s, ctx := serve(t, t.TempDir(), "--log-level", "debug"), t.Context()
	uid, _ := s.reseller("Summit Wireless")
	visitor, accept := s.client(""), client.ActivationRequest{Name: new("Ada"), Password: password}
	when(visitor.ActivateAccount(ctx, s.mailed(admin, activationLink), accept)).Then(t)
	ada := s.signIn(admin, password)
	when(s.client(ada).InviteUser(ctx, uid, nil, client.NewUser{Email: invited, Profiles: &[]string{"renewals"}})).Then(t)
	when(visitor.ActivateAccount(ctx, s.mailed(invited, activationLink), accept)).Then(t)
	bo := s.signIn(invited, password)
	when(s.client(bo).ListUsers(ctx, uid, nil)).RefusedAs(t, http.StatusForbidden)

	// An administrator without the password chooses another one by mail, and changes it again.
	const chosen, changed = "a whole new staple", "yet another staple"
	when(visitor.RequestPasswordReset(ctx, client.PasswordResetRequest{Email: "ada@summit-wireless.example"})).Then(t)
	when(visitor.RequestPasswordReset(ctx, client.PasswordResetRequest{Email: "Admin@Summit-Wireless.example"})).Then(t)
	reset := s.mailed(admin, resetLink)
	when(visitor.ResetPassword(ctx, reset, client.NewPassword{Password: chosen})).Then(t)
	when(s.client(ada).GetMe(ctx, nil)).RefusedAs(t, http.StatusUnauthorized)
	ada = s.signIn(admin, chosen)
	when(s.client(ada).ChangePassword(ctx, nil, client.PasswordChange{Current: chosen, Password: changed})).Then(t)

	// And takes another address, which is confirmed by mail.
	const moved = "ada@summit.example"
	when(s.client(ada).EditMe(ctx, nil, client.MeEdit{Name: new("Ada L."), Email: new(moved)})).Then(t)
	confirmation := s.mailed(moved, confirmLink)
	when(visitor.ConfirmEmail(ctx, confirmation, nil)).Then(t)
	when(visitor.SignIn(ctx, client.SignIn{Email: admin, Password: changed})).RefusedAs(t, http.StatusUnauthorized)
	s.signIn(moved, changed)
	s.stop()
	for _, secret := range []string{password, chosen, changed, reset, confirmation, ada, bo, "argon2id"} {
		require.NotContains(t, s.log.String(), secret)
	}

	again := serve(t, s.dir)
	when(again.client(bo).GetMe(ctx, nil)).Then(t)
	when(again.client(ada).GetMe(ctx, nil)).Then(t)
	again.signIn(moved, changed)
	again.stop()
}

// An issuer that is down keeps nobody else out, and is there when it is back.
func TestServeBesideAnIssuer(t *testing.T) {
	t.Parallel()
	p := issuertest.New(t, "https://fleet.example/v1/sessions/oidc/callback")
	p.Down(true)
	s := serve(t, t.TempDir(), "--log-level", "debug", "--public-url", "https://fleet.example/",
		"--oidc-issuer", p.URL, "--oidc-client-id", issuertest.ClientID, "--oidc-client-secret", issuertest.ClientSecret)
	visitor := s.client("")
	when(visitor.StartAtIssuer(t.Context())).Refused(t, http.StatusServiceUnavailable, "issuer_unavailable")
	s.ready()
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
	when(visitor.SignInAtIssuer(t.Context(), &client.SignInAtIssuerParams{Code: new("the-code"), State: new("the-state")})).
		RefusedAs(t, http.StatusUnauthorized)
	s.stop()
	for _, secret := range []string{issuertest.ClientSecret, "the-code", "the-state"} {
		require.NotContains(t, s.log.String(), secret)
	}
}
