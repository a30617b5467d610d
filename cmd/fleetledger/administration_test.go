package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A token made by the command line for a profile of the account's own follows
// the profile, and the secret of an external account is in no log and no file.
func TestAdministrationOfAnAccount(t *testing.T) {
	t.Parallel()
	const secret = "hunter2-of-the-operator"
	s := serve(t, t.TempDir(), "--log-level", "debug")
	_, desk := s.reseller("Summit Wireless")
	customer := s.customer(desk, "Prairie Fire", "complete")
	account := "/v1/accounts/" + customer
	profile := account + "/profiles/" + s.created(account+"/profiles", s.operator, map[string]any{
		"name": "Workshop", "rights": []string{"account.read", "devices.read"},
	})
	token := func(profile string) (string, error) {
		out, err := program(t.Context(), "token", "create", "--account", customer, "--profile", profile, "--data-dir", s.dir).Output()
		return strings.TrimSpace(string(out)), err
	}
	_, err := token("Depot")
	require.Error(t, err)
	holder, err := token("workshop")
	require.NoError(t, err)
	rights := func() (me struct{ Rights []string }) {
		s.do(http.StatusOK, http.MethodGet, "/v1/me", holder, nil).read(t, &me)
		return me
	}
	require.Equal(t, []string{"account.read", "devices.read"}, rights().Rights)
	s.do(http.StatusOK, http.MethodPatch, profile, s.operator, map[string]any{"rights": []string{"account.edit"}})
	require.Equal(t, []string{"account.edit"}, rights().Rights)

	external := account + "/external-accounts/" + s.created(account+"/external-accounts", holder, map[string]any{
		"kind": "sms", "label": "Texts", "endpoint": "https://sms.operator.example", "secret": secret,
	})
	s.do(http.StatusBadRequest, http.MethodPatch, external, holder, `{"secret": "`+secret)
	s.do(http.StatusBadRequest, http.MethodPatch, external, holder, `{"secret": 1, "x": "`+secret+`"}`)
	s.do(http.StatusOK, http.MethodPatch, external, holder, map[string]any{"secret": secret + "!"})
	s.do(http.StatusOK, http.MethodDelete, profile, s.operator, nil)
	require.Empty(t, rights().Rights)
	s.do(http.StatusNotFound, http.MethodGet, external, holder, nil)
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
