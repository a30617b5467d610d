package passwords_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/passwords"
)

func TestHashes(t *testing.T) {
	t.Parallel()
	h, err := passwords.New()
	require.NoError(t, err)
	one, err := h.Hash(t.Context(), "correct horse battery")
	require.NoError(t, err)
	two, err := h.Hash(t.Context(), "correct horse battery")
	require.NoError(t, err)
	require.NotEqual(t, one, two, "each has a salt of its own")
	require.True(t, strings.HasPrefix(one, "$argon2id$v=19$m=19456,t=2,p=1$"), one)
	matches := func(password, hash string) bool {
		fits, err := h.Matches(t.Context(), password, hash)
		require.NoError(t, err)
		return fits
	}
	require.True(t, matches("correct horse battery", one))
	require.True(t, matches("correct horse battery", two))
	require.False(t, matches("correct horse batterx", one))
	require.False(t, matches("", one))
	require.False(t, matches("nobody's password", ""), "the dummy is nobody's")
	_, err = h.Matches(t.Context(), "x", "no hash")
	require.Error(t, err)
}

func TestCheapHashes(t *testing.T) {
	t.Parallel()
	h, err := passwords.New()
	require.NoError(t, err)
	h.Cheap.Store(true)
	cheap, err := h.Hash(t.Context(), "correct horse battery")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(cheap, "$argon2id$v=19$m=64,t=1,p=1$"), cheap)
	h.Cheap.Store(false)
	for password, fits := range map[string]bool{"correct horse battery": true, "correct horse batterx": false} {
		matches, err := h.Matches(t.Context(), password, cheap)
		require.NoError(t, err)
		require.Equal(t, fits, matches, password)
	}
}

func TestManyAtOnceWaitForEachOtherAndGiveUp(t *testing.T) {
	t.Parallel()
	h, err := passwords.New()
	require.NoError(t, err)
	var working sync.WaitGroup
	for range 6 {
		working.Go(func() {
			_, err := h.Hash(t.Context(), "correct horse battery")
			assert.NoError(t, err)
		})
	}
	working.Wait()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = h.Hash(gone, "x")
	require.ErrorIs(t, err, context.Canceled)
}
