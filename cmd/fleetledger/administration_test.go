package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/api/client"
)

// A token made by the command line for a profile of the account's own follows
// the profile, and the secret of an external account is in no log and no file.
func TestAdministrationOfAnAccount(t *testing.T) {
	t.Parallel()
	const secret = "hunter2-of-the-operator"
	s := serve(t, t.TempDir(), "--log-level", "debug")
	ctx := t.Context()
	_, desk := s.reseller("Summit Wireless")
	customer := s.customer(s.client(desk), "Prairie Fire", "complete")
	profile := when(s.operator.DefineProfile(ctx, customer, nil, client.NewProfile{
		Name: "Workshop", Rights: []string{"account.read", "devices.read"},
	})).Then(t).JSON201.Uid.String()
	token := func(profile string) (string, error) {
		out, err := program(t.Context(), "token", "create", "--account", customer.String(), "--profile", profile, "--data-dir", s.dir).Output()
		return strings.TrimSpace(string(out)), err
	}
	_, err := token("Depot")
	require.Error(t, err)
	made, err := token("workshop")
	require.NoError(t, err)
	s.revokesAnother(customer)
	holder := s.client(made)
	rights := func() []string {
		t.Helper()
		return when(holder.GetMe(ctx, nil)).Then(t).JSON200.Rights
	}
	require.Equal(t, []string{"account.read", "devices.read"}, rights())
	when(s.operator.EditProfile(ctx, customer, profile, nil, client.ProfileEdit{Rights: &[]string{"account.edit"}})).Then(t)
	require.Equal(t, []string{"account.edit"}, rights())

	external := when(holder.AddExternalAccount(ctx, customer, nil, client.NewExternalAccount{
		Kind: client.Sms, Label: "Texts", Endpoint: "https://sms.operator.example", Secret: new(secret),
	})).Then(t).JSON201.Uid
	for _, body := range []string{`{"secret": "` + secret, `{"secret": 1, "x": "` + secret + `"}`} {
		when(holder.EditExternalAccountWithBody(ctx, customer, external, nil, "application/json", strings.NewReader(body))).
			RefusedAs(t, http.StatusBadRequest)
	}
	when(holder.EditExternalAccount(ctx, customer, external, nil, client.ExternalAccountEdit{Secret: new(secret + "!")})).Then(t)
	when(s.operator.RemoveProfile(ctx, customer, profile, nil)).Then(t)
	require.Empty(t, rights())
	when(holder.GetExternalAccount(ctx, customer, external, nil)).RefusedAs(t, http.StatusNotFound)
	s.stop()
	require.NotContains(t, s.log.String(), "hunter2")
	require.NoError(t, filepath.WalkDir(s.dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		require.NotContains(t, string(text), "hunter2", path)
		return err
	}))
}

// revokesAnother makes and revokes a token on the command line; the security log tells.
func (s *service) revokesAnother(account uuid.UUID) {
	s.t.Helper()
	require.NoError(s.t, program(s.t.Context(), "token", "create", "--account", account.String(), "--administrator", "--data-dir", s.dir).Run())
	token := when(s.operator.ListAccountTokens(s.t.Context(), account, nil)).Then(s.t).JSON200.Items[0].Id
	revoke := func() error {
		return program(s.t.Context(), "token", "revoke", token.String(), "--data-dir", s.dir).Run()
	}
	require.NoError(s.t, revoke())
	require.Error(s.t, revoke(), "it is revoked")
	var told []string
	for _, e := range when(s.operator.ListSecurityLog(s.t.Context(), &client.ListSecurityLogParams{
		Account: &account, Kind: &[]client.SecurityKind{"token_made", "token_ended"}, Sort: new("at"),
	})).Then(s.t).JSON200.Items {
		told = append(told, string(e.Kind)+" by "+e.Actor.Kind+" "+e.Actor.Id)
		require.True(s.t, e.Why == "account "+token.String() || len(told) == 1, e.Why)
	}
	require.Equal(s.t, []string{
		"token_made by operator command line", "token_made by operator command line", "token_ended by operator command line",
	}, told)
}
