package main

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/api/client"
)

// As long as a version before may run beside this one, addresses are claimed by the
// names that it knows, too; a new installation, and one that has finished the upgrade,
// has keyed names only.
func TestAddressesAreClaimedByKeyedNames(t *testing.T) {
	t.Parallel()
	long(t)
	dir := t.TempDir()
	s := serve(t, dir)
	hashed := func(company string) bool {
		t.Helper()
		sum := sha256.Sum256([]byte(administratorOf(company).Email))
		return strings.Contains(dumped(t, dir), "reservation-email-"+hex.EncodeToString(sum[:16]))
	}
	refuses := func(company string) {
		t.Helper()
		when(s.operator.CreateAccount(t.Context(), nil, client.NewAccount{
			Name: company + " again", Type: client.Reseller, Administrator: administratorOf(company),
		})).Refused(t, 409, "/administrator/email email_taken")
	}
	s.reseller("New Radio")
	require.False(t, hashed("New Radio"))
	_, err := database(t, dir).Exec(t.Context(), `UPDATE ops.compatibility SET oldest = 38`) // as a version before leaves it
	require.NoError(t, err)
	s.stop()

	s = serve(t, dir)
	s.reseller("Old Radio")
	require.True(t, hashed("Old Radio"))
	finish := func() (string, error) {
		out, err := program(t.Context(), "migrate", "--finish", "--data-dir", dir).CombinedOutput()
		return string(out), err
	}
	var out string
	require.Eventually(t, func() bool { out, err = finish(); return err == nil }, time.Minute, 500*time.Millisecond)
	require.Contains(t, out, "are kept off")
	s.stop()

	s = serve(t, dir)
	s.reseller("Next Radio")
	require.False(t, hashed("Next Radio"))
	for _, company := range []string{"New Radio", "Old Radio", "Next Radio"} {
		refuses(company)
	}
	s.stop()
}
