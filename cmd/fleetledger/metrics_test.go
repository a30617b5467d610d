package main

import (
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// The measurements have an address of their own, and are no longer at the service's.
func TestMeasurementsElsewhere(t *testing.T) {
	t.Parallel()
	const secret = "token of the measurements"
	s := serve(t, t.TempDir(), "--metrics-listen", "127.0.0.1:0", "--metrics-token", secret)
	get := func(url, token string) (int, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
		require.NoError(t, err)
		request.Header.Set("Authorization", "Bearer "+token)
		answer, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return answer.StatusCode, string(text)
	}
	at := s.printed("measurements at ")
	status, text := get(at, secret)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, text, "fleetledger_eventstore_clients")
	status, _ = get(at, "another one, of whoever it is")
	require.Equal(t, http.StatusUnauthorized, status)
	status, _ = get(s.url+"/metrics", "another one, of whoever it is")
	require.Equal(t, http.StatusUnauthorized, status)
	status, text = get(at[:len(at)-len("/metrics")]+"/v1/accounts", secret)
	require.Equal(t, http.StatusNotFound, status)
	require.NotContains(t, text, "items")

	require.Contains(t, fails(t, "serve", "--metrics-token", "short"), "FLEETLEDGER_METRICS_TOKEN: must have 16 characters")
	require.Contains(t, fails(t, "serve", "--metrics-listen", "9100"), "FLEETLEDGER_METRICS_LISTEN: \"9100\" is not HOST:PORT")
}
