package sealing_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/sealing"
)

func TestOnlyKeyAndOwnerOpen(t *testing.T) {
	t.Parallel()
	key, owner := sealing.NewKey(), []byte("somebody")
	sealed, err := sealing.Seal(key, []byte("plain words"), owner)
	require.NoError(t, err)
	again, err := sealing.Seal(key, []byte("plain words"), owner)
	require.NoError(t, err)
	require.NotEqual(t, sealed, again, "the nonce is used twice")
	require.False(t, bytes.Contains(sealed, []byte("plain")))

	plain, err := sealing.Open(key, sealed, owner)
	require.NoError(t, err)
	require.Equal(t, "plain words", string(plain))

	refused := func(key, sealed, owner []byte) {
		t.Helper()
		_, err := sealing.Open(key, sealed, owner)
		require.ErrorIs(t, err, sealing.ErrCannotOpen)
	}
	refused(sealing.NewKey(), sealed, owner)
	refused(key, sealed, []byte("somebody else"))
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		refused(key, changed, owner)
		refused(key, sealed[:i], owner)
	}
	_, err = sealing.Seal(key[1:], nil, nil)
	require.Error(t, err)
}
