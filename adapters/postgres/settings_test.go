package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
)

func TestSecretIsMadeOnce(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	type answer struct {
		secret []byte
		err    error
	}
	const instances = 8
	answers := make(chan answer, instances)
	for range instances {
		go func() {
			secret, err := postgres.Secret(t.Context(), pool, "invitations", 100)
			answers <- answer{secret, err}
		}()
	}
	first := <-answers
	require.NoError(t, first.err)
	require.Len(t, first.secret, 100)
	for range instances - 1 {
		require.Equal(t, first, <-answers)
	}
	other, err := postgres.Secret(t.Context(), pool, "cookies", 100)
	require.NoError(t, err)
	require.NotEqual(t, first.secret, other)
}

func TestSecretOfAnotherSizeIsNotReplaced(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	secret, err := postgres.Secret(t.Context(), pool, "invitations", 32)
	require.NoError(t, err)
	_, err = postgres.Secret(t.Context(), pool, "invitations", 16)
	require.EqualError(t, err, "secret invitations has 32 bytes, not 16")
	_, err = postgres.Secret(t.Context(), pool, "invitations", 0)
	require.Error(t, err)
	again, err := postgres.Secret(t.Context(), pool, "invitations", 32)
	require.NoError(t, err)
	require.Equal(t, secret, again)
}
