package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/app/eventlog"
)

func TestServeFromNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := serveFromNothing(t, dir)
	info, err := os.Stat(filepath.Join(dir, "operator-token"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.Contains(t, s.lines, "operator token in "+filepath.Join(dir, "operator-token"))
	s.ready()

	const serial = "LD72997819284879"
	ctx := t.Context()
	_, token := s.reseller("Summit Wireless")
	desk := s.client(token)
	file := "\ufeffGATEWAY[IMEI];target_company;GATEWAY[SERIAL NUMBER]\r\n004491972154667;" +
		s.customer(desk, "Prairie Fire", "complete").String() + "; ld72997819284879\r\n"
	registered := when(desk.RegisterDevicesWithBody(ctx, nil, "text/csv", strings.NewReader(file))).Then(t)
	require.NotEmpty(t, registered.Header.Get("X-Position"))
	when(s.operator.RenewDevices(ctx, nil, client.RenewalRequest{
		Devices: []string{serial}, Term: new("P1Y"), OrderNumber: new("PO-1"),
	})).Then(t)
	desk.After(s.operator.Position())
	customers := when(desk.ListCustomers(ctx, nil)).Then(t).JSON200.Items
	require.Len(t, customers, 1)
	require.Equal(t, "Prairie Fire", customers[0].Name)
	require.Equal(t, []int{1, 1, 1}, []int{customers[0].TotalSystems, customers[0].ActiveSystems, customers[0].RenewalSystems})
	mails, err := filepath.Glob(filepath.Join(dir, "outbox", "*.eml"))
	require.NoError(t, err)
	require.Len(t, mails, 2)
	for _, mail := range mails {
		text, err := os.ReadFile(mail)
		require.NoError(t, err)
		require.Contains(t, string(text), s.url+"/activate/", "the link leads to this service")
	}

	second, err := program(t.Context(), "serve", "--addr", "127.0.0.1:0", "--data-dir", dir).CombinedOutput()
	require.Error(t, err, "a second service on the same folder")
	require.Contains(t, string(second), fmt.Sprintf("in use by process %d", s.cmd.Process.Pid))

	replay, err := program(t.Context(), "replay", "device", serial, "--data-dir", dir).Output()
	require.NoError(t, err)
	require.Contains(t, string(replay), "ServiceRenewed")
	status, err := program(t.Context(), "projections", "status", "--data-dir", dir).Output()
	require.NoError(t, err)
	require.Contains(t, string(status), "fleet")
	rebuilt, err := program(t.Context(), "projections", "rebuild", "--data-dir", dir).CombinedOutput()
	require.NoError(t, err, "%s", rebuilt)
	when(desk.GetDevice(ctx, serial, nil)).Then(t)
	back, err := program(t.Context(), "projections", "rollback", "fleet", "--data-dir", dir).CombinedOutput()
	require.NoError(t, err, "%s", back)
	require.Contains(t, string(back), "fleet: done")
	when(desk.GetDevice(ctx, serial, nil)).Then(t)
	for name, says := range map[string]string{"nothing": "there is no such projection", "mailer": "there is no such projection"} {
		refused, err := program(t.Context(), "projections", "rollback", name, "--data-dir", dir).CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(refused), says)
	}
	for _, one := range when(s.operator.ListProjections(ctx, nil)).Then(t).JSON200.Items {
		require.Equal(t, one.Name == "fleet" || one.Name == "transparency" || one.Name == "feed", one.SizeBytes > 0, one.Name)
		require.Nil(t, one.LastError, one.Name)
	}
	s.stop()

	again := serve(t, dir)
	require.Equal(t, s.token, again.token)
	when(again.client(token).GetDevice(ctx, serial, nil)).Then(t)
	again.stop()
}

// Whatever was acknowledged before a kill is there after it, and repeating what
// was not acknowledged completes it.
func TestKillLosesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := serve(t, dir)
	_, token := s.reseller("Summit Wireless")
	desk := s.client(token)
	customer := s.customer(desk, "Prairie Fire", "complete").String()
	register := func(c *client.Client, serial string, n int) (*client.RegisterDevicesResponse, error) {
		return c.RegisterDevices(t.Context(), nil, client.RegistrationRequest{Items: []client.Registration{
			{SerialNumber: serial, Imei: new(testIMEI(n)), Account: &customer},
		}})
	}

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
				a, err := register(desk, serial, n)
				if problem, ok := errors.AsType[*client.Problem](err); ok {
					t.Errorf("before the kill: %v", problem)
				}
				if err != nil {
					return
				}
				if a.JSON200.Results[0].Outcome != client.OutcomeCreated {
					t.Errorf("before the kill: %s", a.Body)
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
		a := when(register(s.client(token), serial, n)).Then(t)
		if acknowledged[serial] {
			require.Equal(t, client.OutcomeUnchanged, a.JSON200.Results[0].Outcome, serial)
		}
		if position, err := eventlog.ParsePosition(withoutEpoch(a.Header.Get("X-Position"))); err == nil && last.Before(position) {
			last = position
		}
	}
	s.operator.After(last.String())
	account := uuid.MustParse(customer)
	devices := when(s.operator.ListDevices(t.Context(), &client.ListDevicesParams{Limit: new(1), Account: &[]uuid.UUID{account}})).Then(t).JSON200
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
		"FLEETLEDGER_RENEWAL_ORDERS":       {"serve", "--renewal-orders", "never"},
		"FLEETLEDGER_RENEWAL_TERMS":        {"serve", "--renewal-terms", "P1Y,yearly"},
		"FLEETLEDGER_INCLUDED_TRANSFER":    {"serve", "--included-transfer", "half"},
		"FLEETLEDGER_UNDO_HOURS":           {"serve", "--undo-hours", "0"},
		"FLEETLEDGER_RETIRED_RELEASE_DAYS": {"serve", "--retired-release-days", "0"},
		"FLEETLEDGER_PERSON_KEY":           {"serve", "--person-key", "c2VjcmV0"},
		"FLEETLEDGER_SMTP_URL":             {"serve", "--smtp-url", "smtp://u:secret@"},
		"FLEETLEDGER_MAIL_FROM":            {"serve", "--smtp-url", "smtp://localhost"},
		"FLEETLEDGER_MAIL_GIVE_UP":         {"serve", "--mail-give-up", "1s"},
		"FLEETLEDGER_TIDY_EVERY":           {"serve", "--tidy-every", "0s"},
		"FLEETLEDGER_OPERATOR_TOKEN":       {"serve", "--operator-token", "short"},
		"FLEETLEDGER_SESSION_LIFETIME":     {"serve", "--session-lifetime", "10s"},
		"FLEETLEDGER_SESSION_IDLE":         {"serve", "--session-idle", "10s"},
		"FLEETLEDGER_FRESH_SIGN_IN":        {"serve", "--fresh-sign-in", "10s"},
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

		"FLEETLEDGER_TRUSTED_PROXIES: \"front":     {"serve", "--trusted-proxies", "10.0.0.1,front.example"},
		"FLEETLEDGER_TRUSTED_PROXIES: \"10.0.0.0/": {"serve", "--trusted-proxies", "10.0.0.0/33"},
		"FLEETLEDGER_TRUSTED_PROXIES: \"0.0.0.0/0": {"serve", "--trusted-proxies", "10.0.0.1,0.0.0.0/0"},
		"FLEETLEDGER_TLS_KEY: is needed":           {"serve", "--tls-cert", "server.crt"},
		"FLEETLEDGER_TLS_CERT: is needed":          {"serve", "--tls-key", "server.key"},
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

// withoutEpoch takes the log's epoch off a position.
func withoutEpoch(position string) string {
	_, rest, _ := strings.Cut(position, "-")
	return rest
}
