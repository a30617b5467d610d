package keyring_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/keyring"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/adapters/sealing"
)

func keyOf(t *testing.T, r *keyring.Ring, name string) []byte {
	t.Helper()
	key, err := r.Key(t.Context(), name)
	require.NoError(t, err)
	require.Len(t, key, sealing.KeySize)
	return key
}

// Whoever is first makes a key, all get the same, and what is in the database is not it.
func TestAllInstancesHaveTheSameKeys(t *testing.T) {
	t.Parallel()
	pool, installation := pgtest.Pool(t), sealing.NewKey()
	one, other := keyring.New(pool, sealing.NewKeys(installation)), keyring.New(pool, sealing.NewKeys(installation))
	_, ok, err := one.Find(t.Context(), "tokens")
	require.NoError(t, err)
	require.False(t, ok)

	var all sync.WaitGroup
	got := make([][]byte, 8)
	for i := range got {
		all.Go(func() { got[i], _ = []*keyring.Ring{one, other}[i%2].Key(context.Background(), "tokens") })
	}
	all.Wait()
	for _, key := range got {
		require.Equal(t, got[0], key)
	}
	require.Equal(t, got[0], keyOf(t, other, "tokens"))
	require.NotEqual(t, got[0], keyOf(t, one, "others"))
	adopted, err := one.Adopt(t.Context(), "tokens", sealing.NewKey())
	require.NoError(t, err)
	require.Equal(t, got[0], adopted, "there is one already")
	known := sealing.NewKey()
	adopted, err = one.Adopt(t.Context(), "known", known)
	require.NoError(t, err)
	require.Equal(t, known, adopted)

	var sealed []byte
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT sealed FROM ops.keys WHERE name = 'known'`).Scan(&sealed))
	require.NotContains(t, string(sealed), string(known))
}

func TestAKeyBelongsToItsNameAndInstallation(t *testing.T) {
	t.Parallel()
	pool, installation := pgtest.Pool(t), sealing.NewKey()
	ring := keyring.New(pool, sealing.NewKeys(installation))
	key := keyOf(t, ring, "tokens")

	_, err := keyring.New(pool, sealing.NewKeys(sealing.NewKey())).Key(t.Context(), "tokens")
	require.ErrorIs(t, err, sealing.ErrCannotOpen)
	_, err = pool.Exec(t.Context(), `UPDATE ops.keys SET name = 'others'`)
	require.NoError(t, err)
	_, err = ring.Key(t.Context(), "others")
	require.ErrorIs(t, err, sealing.ErrCannotOpen)

	require.NoError(t, keyring.Forget(t.Context(), pool))
	require.NotEqual(t, key, keyOf(t, ring, "tokens"))
}
