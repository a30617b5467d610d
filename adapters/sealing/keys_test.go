package sealing

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOneKeyFollowsTheOther(t *testing.T) {
	t.Parallel()
	former, next, owner := NewKey(), NewKey(), []byte("somebody")
	keys := NewKeys(former)
	before, err := keys.Seal([]byte("before"), owner)
	require.NoError(t, err)

	opens := func(k *Keys, sealed []byte) bool {
		_, err := k.Open(sealed, owner)
		return err == nil
	}
	keys.Replace(next, former)
	after, err := keys.Seal([]byte("after"), owner)
	require.NoError(t, err)
	require.True(t, opens(keys, before))
	require.True(t, opens(keys, after))
	require.True(t, opens(NewKeys(next), after), "sealed with the key in force")
	require.False(t, opens(NewKeys(former), after))

	keys.Replace(next)
	require.False(t, opens(keys, before))
	_, err = keys.Open(before, owner)
	require.ErrorIs(t, err, ErrCannotOpen)
	require.NotEqual(t, ID(former), ID(next))
	require.Len(t, ID(former), 16)
}
