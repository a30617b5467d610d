package onetime_test

import (
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/onetime"
)

// The vectors of RFC 6238, appendix B, for SHA-1; the last six of their eight digits.
func TestVectors(t *testing.T) {
	t.Parallel()
	secret := []byte("12345678901234567890")
	for at, code := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		codes := onetime.At("Fleetledger", func() time.Time { return time.Unix(at, 0) })
		step, ok := codes.Step(secret, code)
		require.True(t, ok, at)
		require.Equal(t, at/30, step)
		step, ok = codes.Step(secret, " "+code[:3]+" "+code[3:])
		require.True(t, ok, "in groups")
		require.Equal(t, at/30, step)
	}
}

// A code is good one step before and after its own, and no longer.
func TestTolerance(t *testing.T) {
	t.Parallel()
	secret := []byte("12345678901234567890")
	for at, good := range map[int64]bool{
		1111111109 - 60: false, 1111111109 - 30: true, 1111111109: true, 1111111109 + 30: true, 1111111109 + 60: false,
	} {
		codes := onetime.At("Fleetledger", func() time.Time { return time.Unix(at, 0) })
		step, ok := codes.Step(secret, "081804")
		require.Equal(t, good, ok, at)
		if good {
			require.EqualValues(t, 1111111109/30, step, "the code's own step, not the present one")
		}
	}
	for _, code := range []string{"", "0", "08180", "0818040", "x81804", "081804\x00", "-81804"} {
		_, ok := onetime.At("Fleetledger", func() time.Time { return time.Unix(1111111109, 0) }).Step(secret, code)
		require.False(t, ok, code)
	}
}

func TestShow(t *testing.T) {
	t.Parallel()
	codes := onetime.New("Fleet ledger")
	secret, err := codes.New()
	require.NoError(t, err)
	other, err := codes.New()
	require.NoError(t, err)
	require.NotEqual(t, secret, other)
	text, uri := codes.Show(secret, "ada+1@customer.example")
	key, err := otp.NewKeyFromURL(uri)
	require.NoError(t, err)
	require.Equal(t, text, key.Secret())
	require.Equal(t, "Fleet ledger", key.Issuer())
	require.Equal(t, "ada+1@customer.example", key.AccountName())
	require.EqualValues(t, 30, key.Period())
	require.Contains(t, uri, "issuer=Fleet%20ledger", "apps show a plus as it is")
}
