package postgres_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestTokensComeBackAsCreated(t *testing.T) {
	t.Parallel()
	tokens := postgres.NewTokens(pgtest.Pool(t))
	for _, token := range []ports.AccountToken{
		{ID: uuid.New(), Hash: postgres.HashToken("one"), Account: uuid.New(), Administrator: true, CreatedAt: noon},
		{ID: uuid.New(), Hash: postgres.HashToken("two"), Account: uuid.New(), Profile: "Clerk", Label: "till 4", CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)},
	} {
		require.NoError(t, tokens.Create(t.Context(), token))
		found, err := tokens.FindByHash(t.Context(), token.Hash)
		require.NoError(t, err)
		require.Equal(t, token, found)
	}
	_, err := tokens.FindByHash(t.Context(), postgres.HashToken("three"))
	require.ErrorIs(t, err, postgres.ErrTokenUnknown)
}

func TestTokenNeedsAProfileOrAllRights(t *testing.T) {
	t.Parallel()
	tokens := postgres.NewTokens(pgtest.Pool(t))
	require.Error(t, tokens.Create(t.Context(), ports.AccountToken{ID: uuid.New(), Hash: postgres.HashToken("x"), CreatedAt: noon}))
}

func TestTokenSecretIsTakenOnce(t *testing.T) {
	t.Parallel()
	tokens := postgres.NewTokens(pgtest.Pool(t))
	token := ports.AccountToken{ID: uuid.New(), Hash: postgres.HashToken("x"), Administrator: true, CreatedAt: noon}
	require.NoError(t, tokens.Create(t.Context(), token))
	token.ID = uuid.New()
	require.Error(t, tokens.Create(t.Context(), token))
}

func TestTokenUsable(t *testing.T) {
	t.Parallel()
	tokens := postgres.NewTokens(pgtest.Pool(t))
	token := ports.AccountToken{
		ID: uuid.New(), Hash: postgres.HashToken("x"), Administrator: true, CreatedAt: noon, ExpiresAt: noon.Add(time.Hour),
	}
	require.True(t, token.Usable(noon))
	require.False(t, token.Usable(token.ExpiresAt))

	require.NoError(t, tokens.Create(t.Context(), token))
	require.NoError(t, tokens.Revoke(t.Context(), uuid.Nil, token.ID, noon.Add(2*time.Minute)))
	require.ErrorIs(t, tokens.Revoke(t.Context(), uuid.Nil, token.ID, noon.Add(9*time.Minute)), query.ErrNotFound)
	found, err := tokens.FindByHash(t.Context(), token.Hash)
	require.NoError(t, err)
	require.Equal(t, noon.Add(2*time.Minute), found.RevokedAt)
	require.False(t, found.Usable(noon))
	require.ErrorIs(t, tokens.Revoke(t.Context(), uuid.Nil, uuid.New(), noon), query.ErrNotFound)
}

func TestTokensEndWithTheirAccount(t *testing.T) {
	t.Parallel()
	tokens := postgres.NewTokens(pgtest.Pool(t))
	account, other := uuid.New(), uuid.New()
	made := func(of uuid.UUID, at time.Time) ports.AccountToken {
		token := ports.AccountToken{ID: uuid.New(), Account: of, Administrator: true, CreatedAt: at}
		kept := token
		kept.Hash = postgres.HashToken(token.ID.String())
		require.NoError(t, tokens.Create(t.Context(), kept))
		return token
	}
	before, after, foreign := made(account, noon), made(account, noon.Add(time.Second)), made(other, noon)
	require.NoError(t, tokens.RevokeAll(t.Context(), account, noon))
	left, err := tokens.List(t.Context(), account)
	require.NoError(t, err)
	require.Equal(t, []ports.AccountToken{after}, left)
	require.ErrorIs(t, tokens.Revoke(t.Context(), account, before.ID, noon), query.ErrNotFound)
	require.ErrorIs(t, tokens.Revoke(t.Context(), account, foreign.ID, noon), query.ErrNotFound)
	all, err := tokens.List(t.Context(), uuid.Nil)
	require.NoError(t, err)
	require.Equal(t, []ports.AccountToken{after, foreign}, all)
}
