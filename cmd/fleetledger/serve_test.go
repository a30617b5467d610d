package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

func TestServeFromNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := serve(t, dir)
	info, err := os.Stat(filepath.Join(dir, "operator-token"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.Contains(t, s.lines, "operator token in "+filepath.Join(dir, "operator-token"))
	s.do(http.StatusOK, http.MethodGet, "/readyz", "", nil)

	_, desk := s.reseller("Summit Wireless")
	customer := s.customer(desk, "Prairie Fire", "complete")
	registered := s.do(http.StatusOK, http.MethodPost, "/v1/device-registrations", desk,
		"\ufeffGATEWAY[IMEI];target_company;GATEWAY[SERIAL NUMBER]\r\n004491972154667;"+customer+"; ld72997819284879\r\n",
		"Content-Type", "text/csv")
	renewed := s.do(http.StatusOK, http.MethodPost, "/v1/renewals", s.operator,
		map[string]any{"devices": []string{"LD72997819284879"}, "term": "P1Y", "orderNumber": "PO-1"})
	require.NotEmpty(t, registered.header.Get("X-Position"))
	var customers struct {
		Items []struct {
			Name                                        string
			TotalSystems, ActiveSystems, RenewalSystems int
		}
	}
	s.do(http.StatusOK, http.MethodGet, "/v1/customers?minPosition="+renewed.header.Get("X-Position"), desk, nil).read(t, &customers)
	require.Len(t, customers.Items, 1)
	require.Equal(t, "Prairie Fire", customers.Items[0].Name)
	require.Equal(t, []int{1, 1, 1}, []int{customers.Items[0].TotalSystems, customers.Items[0].ActiveSystems, customers.Items[0].RenewalSystems})
	mails, err := filepath.Glob(filepath.Join(dir, "outbox", "*.eml"))
	require.NoError(t, err)
	require.Len(t, mails, 2)
	for _, mail := range mails {
		text, err := os.ReadFile(mail)
		require.NoError(t, err)
		require.Contains(t, string(text), s.url+"/v1/activations/", "the link leads to this service")
	}

	second, err := program(t.Context(), "serve", "--addr", "127.0.0.1:0", "--data-dir", dir).CombinedOutput()
	require.Error(t, err, "a second service on the same folder")
	require.Contains(t, string(second), fmt.Sprintf("in use by process %d", s.cmd.Process.Pid))

	replay, err := program(t.Context(), "replay", "device", "LD72997819284879", "--data-dir", dir).Output()
	require.NoError(t, err)
	require.Contains(t, string(replay), "ServiceRenewed")
	status, err := program(t.Context(), "projections", "status", "--data-dir", dir).Output()
	require.NoError(t, err)
	require.Contains(t, string(status), "fleet")
	rebuilt, err := program(t.Context(), "projections", "rebuild", "--data-dir", dir).CombinedOutput()
	require.NoError(t, err, "%s", rebuilt)
	s.do(http.StatusOK, http.MethodGet, "/v1/devices/LD72997819284879", desk, nil)
	s.stop()

	again := serve(t, dir)
	require.Equal(t, s.operator, again.operator)
	again.do(http.StatusOK, http.MethodGet, "/v1/devices/LD72997819284879", desk, nil)
	again.stop()
}

// Whatever was acknowledged before a kill is there after it, and repeating what
// was not acknowledged completes it.
func TestKillLosesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := serve(t, dir)
	_, desk := s.reseller("Summit Wireless")
	customer := s.customer(desk, "Prairie Fire", "complete")

	const callers, enough = 8, 40
	var mu sync.Mutex
	acknowledged, asked := map[string]bool{}, map[string]bool{}
	reached := make(chan struct{})
	var working sync.WaitGroup
	for caller := range callers {
		working.Go(func() {
			for i := 0; ; i++ {
				n := caller*10_000 + i
				serial := fmt.Sprintf("LD%014d", n)
				mu.Lock()
				asked[serial] = true
				mu.Unlock()
				a, err := s.try(http.MethodPost, "/v1/device-registrations", desk, map[string]any{
					"items": []map[string]string{{"serialNumber": serial, "imei": testIMEI(n), "account": customer}}})
				if err != nil {
					return
				}
				if a.status != http.StatusOK || !strings.Contains(string(a.body), `"outcome":"created"`) {
					t.Errorf("before the kill: %d %s", a.status, a.body)
					return
				}
				mu.Lock()
				if acknowledged[serial] = true; len(acknowledged) == enough {
					close(reached)
				}
				mu.Unlock()
			}
		})
	}
	<-reached
	s.kill()
	working.Wait()

	s = serve(t, dir)
	var last eventlog.Position
	for serial := range asked {
		var n int
		_, err := fmt.Sscanf(serial, "LD%d", &n)
		require.NoError(t, err)
		a := s.do(http.StatusOK, http.MethodPost, "/v1/device-registrations", desk, map[string]any{
			"items": []map[string]string{{"serialNumber": serial, "imei": testIMEI(n), "account": customer}}})
		if acknowledged[serial] {
			require.Contains(t, string(a.body), `"outcome":"unchanged"`, serial)
		}
		if position, err := eventlog.ParsePosition(a.header.Get("X-Position")); err == nil && last.Before(position) {
			last = position
		}
	}
	path := "/v1/devices?limit=1&account=" + customer + "&minPosition=" + last.String()
	var devices struct{ Total int }
	s.do(http.StatusOK, http.MethodGet, path, s.operator, nil).read(t, &devices)
	require.Equal(t, len(asked), devices.Total)
}

func TestWrongConfigurationIsNamed(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"FLEETLEDGER_ADDR":                 {"serve", "--addr", "nowhere"},
		"FLEETLEDGER_DATABASE_URL":         {"serve", "--database-url", "mysql://root:secret@db"},
		"FLEETLEDGER_EVENTSTORE_URL":       {"serve", "--eventstore-url", "http://db"},
		"FLEETLEDGER_NODE_ADDR":            {"serve", "--node-addr", "2113"},
		"FLEETLEDGER_ANALYST_ADDR":         {"serve", "--analyst-addr", "0.0.0.0:5433"},
		"FLEETLEDGER_LOG":                  {"serve", "--log", "xml"},
		"FLEETLEDGER_LOG_LEVEL":            {"serve", "--log-level", "loud"},
		"FLEETLEDGER_PLACES":               {"serve", "--places", "0"},
		"FLEETLEDGER_DUE_EVERY":            {"serve", "--due-every", "0s"},
		"FLEETLEDGER_WINDOWS":              {"serve", "--windows", "30,20,10"},
		"FLEETLEDGER_PARTNERSHIP_WARNINGS": {"serve", "--partnership-warnings", "31,0"},
		"FLEETLEDGER_RENEWAL_TERMS":        {"serve", "--renewal-terms", "P1Y,yearly"},
		"FLEETLEDGER_INCLUDED_TRANSFER":    {"serve", "--included-transfer", "half"},
		"FLEETLEDGER_PERSON_KEY":           {"serve", "--person-key", "c2VjcmV0"},
		"FLEETLEDGER_SMTP_URL":             {"serve", "--smtp-url", "smtp://u:secret@"},
		"FLEETLEDGER_MAIL_FROM":            {"serve", "--smtp-url", "smtp://localhost"},
		"FLEETLEDGER_MAIL_GIVE_UP":         {"serve", "--mail-give-up", "1s"},
		"FLEETLEDGER_TIDY_EVERY":           {"serve", "--tidy-every", "0s"},
		"FLEETLEDGER_OPERATOR_TOKEN":       {"serve", "--operator-token", "short"},
		"FLEETLEDGER_SESSION_LIFETIME":     {"serve", "--session-lifetime", "10s"},
		"FLEETLEDGER_PASSWORD_MINIMUM":     {"serve", "--password-minimum", "4"},
		"FLEETLEDGER_SIGN_IN_WINDOW":       {"serve", "--sign-in-window", "0s"},
		"FLEETLEDGER_SIGN_INS_BY_EMAIL":    {"serve", "--sign-ins-by-email", "0"},

		"FLEETLEDGER_PASSWORD_RESET_TIME": {"serve", "--password-reset-time", "1s"},

		"FLEETLEDGER_OIDC_ISSUER: goes":  {"serve", "--oidc-client-id", "fleet"},
		"FLEETLEDGER_OIDC_ISSUER: must":  {"serve", "--oidc-issuer", "http://sso.example", "--oidc-client-id", "a", "--oidc-client-secret", "secret"},
		"FLEETLEDGER_OIDC_ISSUER: is":    {"serve", "--oidc-issuer", "sso.example", "--oidc-client-id", "a", "--oidc-client-secret", "secret"},
		"FLEETLEDGER_OIDC_CLIENT_ID":     {"serve", "--oidc-issuer", "https://sso.example", "--oidc-client-secret", "secret"},
		"FLEETLEDGER_OIDC_CLIENT_SECRET": {"serve", "--oidc-issuer", "http://localhost:1", "--oidc-client-id", "fleet"},
		"FLEETLEDGER_OIDC_TIME":          {"serve", "--oidc-time", "1s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := program(t.Context(), append(args, "--data-dir", t.TempDir())...)
			out, err := cmd.CombinedOutput()
			require.Error(t, err)
			require.Equal(t, 2, cmd.ProcessState.ExitCode())
			require.Contains(t, string(out), name)
			require.Equal(t, 1, strings.Count(string(out), "\n"), "%s", out)
			require.NotContains(t, string(out), "secret")
		})
	}
}
