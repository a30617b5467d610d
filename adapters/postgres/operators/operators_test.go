package operators_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/operators"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/query"
)

var now = time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)

func TestOperatorsComeAndGo(t *testing.T) {
	t.Parallel()
	s, ctx := operators.NewStore(pgtest.Pool(t)), t.Context()
	removed := func(name string, want bool) {
		t.Helper()
		got, err := s.Removed(ctx, name, now)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := s.Find(ctx, operators.Credential("flop_1"))
	require.ErrorIs(t, err, query.ErrNotFound)
	removed("anna", false) // never there

	require.NoError(t, s.Add(ctx, "anna", "flop_1", now, time.Time{}))
	require.ErrorIs(t, s.Add(ctx, "anna", "flop_2", now, time.Time{}), operators.ErrTaken)
	found, err := s.Find(ctx, operators.Credential("flop_1"))
	require.NoError(t, err)
	require.Equal(t, operators.Token{Credential: operators.Credential("flop_1"), Name: "anna", CreatedAt: now}, found)

	for range 2 { // again after a crash
		require.NoError(t, s.Follow(ctx, "anna", "flop_3", "", now, now.Add(time.Hour)))
	}
	found, err = s.Find(ctx, operators.Credential("flop_1"))
	require.NoError(t, err)
	require.True(t, found.Usable(now.Add(59*time.Minute)))
	require.False(t, found.Usable(now.Add(time.Hour)))
	all, err := s.List(ctx, now.Add(2*time.Hour))
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.True(t, all[0].Usable(now.AddDate(10, 0, 0)))
	removed("anna", false)

	had, err := s.Remove(ctx, "anna", now)
	require.NoError(t, err)
	require.True(t, had)
	removed("anna", true)
	had, err = s.Remove(ctx, "anna", now)
	require.NoError(t, err)
	require.False(t, had)
	require.NoError(t, s.Add(ctx, "anna", "flop_4", now, time.Time{}))
	removed("anna", false)
}
