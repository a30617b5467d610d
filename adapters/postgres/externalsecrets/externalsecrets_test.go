package externalsecrets_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/externalsecrets"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/adapters/sealing"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
)

func TestSecrets(t *testing.T) {
	t.Parallel()
	pool, key := pgtest.Pool(t), sealing.NewKeys(sealing.NewKey())
	s := externalsecrets.NewStore(pool, key)
	ctx, first, second, owner := t.Context(), uuid.New(), uuid.New(), uuid.New()
	sealed := func(id uuid.UUID) (b []byte) {
		require.NoError(t, pool.QueryRow(ctx, `SELECT sealed FROM ops.external_secrets WHERE id = $1`, id).Scan(&b))
		return b
	}
	require.NoError(t, s.Put(ctx, first, owner, "one"))
	require.NoError(t, s.Put(ctx, first, owner, "another"))
	plain, err := key.Open(sealed(first), first[:])
	require.NoError(t, err)
	require.Equal(t, "one", string(plain), "the first stays")
	_, err = key.Open(sealed(first), second[:])
	require.ErrorIs(t, err, sealing.ErrCannotOpen, "it cannot be put under another id")
	require.NoError(t, s.Put(ctx, second, owner, "two"))

	left, err := s.Unsettled(ctx, time.Hour)
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoError(t, s.Settle(ctx, second))
	left, err = s.Unsettled(ctx, 0)
	require.NoError(t, err)
	require.Equal(t, []ports.UnsettledSecret{{ID: first, Account: owner}}, left)
	for range 2 {
		require.NoError(t, s.Drop(ctx, first))
		require.NoError(t, s.Settle(ctx, first), "nothing to settle")
	}
	left, err = s.Unsettled(ctx, 0)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestWhileTheDatabaseIsDown(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	s := externalsecrets.NewStore(server.Pool(t), sealing.NewKeys(sealing.NewKey()))
	server.Kill(t)
	require.ErrorIs(t, s.Put(t.Context(), uuid.New(), uuid.New(), "one"), query.ErrUnavailable)
	require.ErrorIs(t, s.Drop(t.Context(), uuid.New()), query.ErrUnavailable)
	_, err := s.Unsettled(t.Context(), 0)
	require.ErrorIs(t, err, query.ErrUnavailable)
}
