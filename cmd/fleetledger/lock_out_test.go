package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/api/client"
)

// Who is known at an address is known to the next process, too.
func TestStrangersLockNobodyOut(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start := func() *service {
		return begin(t, dir, program(context.Background(), "serve", "--addr", "127.0.0.1:0", "--data-dir", dir,
			"--trusted-proxies", trustedPeer, "--sign-ins-by-email", "3", "--sign-ins-by-address", "7"))
	}
	s := start()
	const password = "a horse of another colour"
	account := when(s.operator.CreateAccount(t.Context(), nil, client.NewAccount{
		Name: "North Radio", Type: client.Reseller, Administrator: administratorOf("North Radio"),
	})).Then(t).JSON201.Uid
	const email = "admin@north-radio.example"
	post := func(address, path, body string) int {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+path, strings.NewReader(body))
		require.NoError(t, err)
		request.Header.Set("Content-Type", "application/json")
		answer, err := proxied{trustedPeer, http.Header{"X-Forwarded-For": {address}}}.RoundTrip(request)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return answer.StatusCode
	}
	token := s.mailed(email, activationLink)
	require.Less(t, post("192.0.2.1", "/v1/activations/"+token, fmt.Sprintf(`{"name":"Ada","password":%q}`, password)), 300)
	signIn := func(address, email, password string) int {
		return post(address, "/v1/sessions", fmt.Sprintf(`{"email":%q,"password":%q}`, email, password))
	}
	require.Equal(t, http.StatusCreated, signIn("192.0.2.1", email, password))

	for i := range 7 {
		require.Equal(t, http.StatusUnauthorized, signIn("203.0.113.5", fmt.Sprintf("n%d@x.example", i), "wrong horse battery"))
	}
	for range 5 {
		require.Equal(t, http.StatusTooManyRequests, signIn("203.0.113.5", email, "wrong horse battery"))
	}
	require.Equal(t, http.StatusCreated, signIn("192.0.2.9", email, password), "a blocked address counts for nobody else")

	for range 3 {
		require.Equal(t, http.StatusUnauthorized, signIn("198.51.100.1", email, "wrong horse battery"))
	}
	s.kill()
	s = start()
	require.Equal(t, http.StatusTooManyRequests, signIn("198.51.100.2", email, password))
	require.Equal(t, http.StatusCreated, signIn("192.0.2.1", email, password), "from where it has signed in")
	forgot := func(address string) int {
		return post(address, "/v1/password-resets", fmt.Sprintf(`{"email":%q}`, email))
	}
	for range 3 {
		require.Less(t, forgot("198.51.100.1"), 300)
	}
	require.Equal(t, http.StatusTooManyRequests, forgot("198.51.100.2"))
	require.Less(t, forgot("192.0.2.1"), 300)

	// Address ranges are about the client, too, not about the proxy.
	when(s.operator.SecureAccount(t.Context(), account, nil, client.SecurityEdit{AddressRanges: &[]string{"192.0.2.0/29"}})).Then(t)
	require.Equal(t, http.StatusCreated, signIn("192.0.2.1", email, password))
	require.Equal(t, http.StatusForbidden, signIn("192.0.2.9", email, password))
}
