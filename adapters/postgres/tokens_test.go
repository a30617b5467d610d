package postgres_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestTokensComeBackAsCreated(t *testing.T) {
	t.Parallel()
	tokens := postgres.NewTokens(pgtest.Pool(t))
	for _, token := range []postgres.Token{
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
	require.Error(t, tokens.Create(t.Context(), postgres.Token{ID: uuid.New(), Hash: postgres.HashToken("x"), CreatedAt: noon}))
}

func TestTokenSecretIsTakenOnce(t *testing.T) {
	t.Parallel()
	tokens := postgres.NewTokens(pgtest.Pool(t))
	token := postgres.Token{ID: uuid.New(), Hash: postgres.HashToken("x"), Administrator: true, CreatedAt: noon}
	require.NoError(t, tokens.Create(t.Context(), token))
	token.ID = uuid.New()
	require.Error(t, tokens.Create(t.Context(), token))
}

func TestTokenUsable(t *testing.T) {
	t.Parallel()
	tokens := postgres.NewTokens(pgtest.Pool(t))
	token := postgres.Token{
		ID: uuid.New(), Hash: postgres.HashToken("x"), Administrator: true, CreatedAt: noon, ExpiresAt: noon.Add(time.Hour),
	}
	require.True(t, token.Usable(noon))
	require.False(t, token.Usable(token.ExpiresAt))

	require.NoError(t, tokens.Create(t.Context(), token))
	require.NoError(t, tokens.Revoke(t.Context(), token.ID, noon.Add(2*time.Minute)))
	require.NoError(t, tokens.Revoke(t.Context(), token.ID, noon.Add(9*time.Minute)))
	found, err := tokens.FindByHash(t.Context(), token.Hash)
	require.NoError(t, err)
	require.Equal(t, noon.Add(2*time.Minute), found.RevokedAt)
	require.False(t, found.Usable(noon))
	require.ErrorIs(t, tokens.Revoke(t.Context(), uuid.New(), noon), postgres.ErrTokenUnknown)
}
