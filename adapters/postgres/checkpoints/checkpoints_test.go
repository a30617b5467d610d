package checkpoints_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/checkpoints"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/query"
)

func TestCheckpointsAreKeptOnceAndListed(t *testing.T) {
	t.Parallel()
	s := checkpoints.NewStore(pgtest.Pool(t))
	_, err := s.Latest(t.Context())
	require.ErrorIs(t, err, query.ErrNotFound)
	for _, note := range []string{"one", "two", "two", "three"} {
		require.NoError(t, s.Keep(t.Context(), int64(len(note)), note))
	}
	last, err := s.Latest(t.Context())
	require.NoError(t, err)
	require.Equal(t, "three", last.Note)
	require.GreaterOrEqual(t, last.Age.Nanoseconds(), int64(0))
	for _, c := range []struct {
		sort []string
		want []string
	}{{nil, []string{"three", "two", "one"}}, {[]string{"signedAt"}, []string{"one", "two", "three"}}} {
		var notes []string
		page := query.Page{Limit: 2, Sort: c.sort}
		for {
			found, err := s.List(t.Context(), page)
			require.NoError(t, err)
			require.Equal(t, 3, found.Total)
			for _, k := range found.Items {
				notes = append(notes, k.Note)
			}
			if page.Cursor = found.NextCursor; page.Cursor == "" {
				break
			}
		}
		require.Equal(t, c.want, notes)
	}
	for _, cursor := range []string{"x", "ASC-1", "DESC-", "DESC-x"} {
		_, err := s.List(t.Context(), query.Page{Limit: 2, Cursor: cursor})
		require.ErrorIs(t, err, query.ErrBadCursor, cursor)
	}
}
