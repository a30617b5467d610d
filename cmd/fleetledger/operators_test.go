package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/api/client"
)

// Operators who are added do what the operator does, under their own names, until they
// are removed: with their tokens, and with sessions that rest on those.
func TestOperatorsHaveNames(t *testing.T) {
	t.Parallel()
	dir, ctx := t.TempDir(), t.Context()
	s := serve(t, dir)
	does := func(args ...string) (string, error) {
		out, err := program(ctx, append(args, "--data-dir", dir)...).CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	anna, err := does("operator", "add", "anna")
	require.NoError(t, err, anna)
	out, err := does("operator", "add", "anna")
	require.Error(t, err)
	require.Contains(t, out, "there is an operator of this name")
	for _, bad := range []string{"operator", "Anna", "", "anna@x.example"} {
		_, err = does("operator", "add", "--", bad)
		require.Error(t, err, bad)
	}
	by := s.client(anna)
	account := when(by.CreateAccount(ctx, nil, client.NewAccount{Name: "Summit Wireless", Type: client.Reseller, Administrator: administratorOf("Summit Wireless")})).Then(t).JSON201.Uid
	s.registers(by, account, client.Registration{SerialNumber: "LD72997819284879", Imei: new("004491972154667")})
	when(s.operator.EditDevice(ctx, "LD72997819284879", nil, client.DeviceEdit{Name: new("engine-1")})).Then(t)
	var who []string
	for _, item := range when(by.GetDeviceHistory(ctx, "LD72997819284879", nil)).Then(t).JSON200.Items {
		require.Equal(t, "operator", item.Actor.Kind)
		who = append(who, item.Actor.Id)
	}
	require.ElementsMatch(t, []string{"operator", "anna"}, who)
	me := when(by.GetMe(ctx, nil)).Then(t).JSON200
	require.Equal(t, "anna", me.Id)
	session := s.client(when(by.SignInAsOperator(ctx, nil)).Then(t).JSON201.Token)
	require.Equal(t, "anna", when(session.GetMe(ctx, nil)).Then(t).JSON200.Id)

	out, err = does("operator", "list")
	require.NoError(t, err)
	require.Contains(t, out, "anna")
	second, err := does("operator", "renew", "anna")
	require.NoError(t, err, second)
	for _, ended := range []*client.Client{by, session} {
		when(ended.GetMe(ctx, nil)).RefusedAs(t, http.StatusUnauthorized)
	}
	require.Equal(t, "anna", when(s.client(second).GetMe(ctx, nil)).Then(t).JSON200.Id)
	out, err = does("operator", "remove", "anna")
	require.NoError(t, err, out)
	when(s.client(second).GetMe(ctx, nil)).RefusedAs(t, http.StatusUnauthorized)
	_, err = does("operator", "remove", "anna")
	require.Error(t, err)
	_, err = does("operator", "renew", "anna")
	require.Error(t, err)
	when(s.operator.GetMe(ctx, nil)).Then(t)
	s.stop()
	require.NotContains(t, s.log.String(), anna)
}

// The token of the data folder is renewed beside the running service; the one before
// is good for as long as is said.
func TestTheOperatorsTokenIsRenewed(t *testing.T) {
	t.Parallel()
	dir, ctx := t.TempDir(), t.Context()
	s := serve(t, dir)
	path := filepath.Join(dir, "operator-token")
	session := s.client(when(s.operator.SignInAsOperator(ctx, nil)).Then(t).JSON201.Token)
	renew := func(args ...string) *client.Client {
		t.Helper()
		out, err := program(ctx, append([]string{"operator", "renew", "--data-dir", dir}, args...)...).CombinedOutput()
		require.NoError(t, err, string(out))
		require.NotContains(t, string(out), "flop_")
		token, err := keyIn(path)
		require.NoError(t, err)
		return s.client(token)
	}
	next := renew("--keep", "1h")
	for _, good := range []*client.Client{s.operator, session, next} {
		require.Equal(t, "operator", when(good.GetMe(ctx, nil)).Then(t).JSON200.Id)
	}
	last := renew()
	for _, ended := range []*client.Client{s.operator, session, next} {
		when(ended.GetMe(ctx, nil)).RefusedAs(t, http.StatusUnauthorized)
	}
	when(last.GetMe(ctx, nil)).Then(t)
	first := s.token
	s.kill()
	s = serve(t, dir)
	when(s.operator.GetMe(ctx, nil)).Then(t)
	when(s.client(first).GetMe(ctx, nil)).RefusedAs(t, http.StatusUnauthorized)
	s.stop()

	// One that is configured is printed, and the one before ends, though it is configured.
	const configured = "a token of sixteen letters and more"
	cmd := program(ctx, "serve", "--addr", "127.0.0.1:0", "--data-dir", dir)
	cmd.Env = append(cmd.Env, "FLEETLEDGER_OPERATOR_TOKEN="+configured)
	s = begin(t, dir, cmd)
	when(s.client(configured).GetMe(ctx, nil)).Then(t)
	cmd = program(ctx, "operator", "renew", "--data-dir", dir)
	cmd.Env = append(cmd.Env, "FLEETLEDGER_OPERATOR_TOKEN="+configured)
	out, err := cmd.Output()
	require.NoError(t, err)
	when(s.client(strings.TrimSpace(string(out))).GetMe(ctx, nil)).Then(t)
	when(s.client(configured).GetMe(ctx, nil)).RefusedAs(t, http.StatusUnauthorized)
	require.NoFileExists(t, path+".next")
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	s.stop()
}
