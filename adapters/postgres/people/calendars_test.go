package people_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/people"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
)

func TestCalendars(t *testing.T) {
	t.Parallel()
	s := people.NewStore(pgtest.Pool(t))
	ctx := t.Context()
	one := ports.Calendar{ID: uuid.New(), User: uuid.New(), Account: uuid.New(), Label: "phone", CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}
	kept, created, err := s.CreateCalendar(ctx, one, []byte("one"), 2)
	require.NoError(t, err)
	require.True(t, created)
	require.Equal(t, one, kept)
	other := one
	other.Label = "other"
	kept, created, err = s.CreateCalendar(ctx, other, []byte("one"), 2)
	require.NoError(t, err)
	require.True(t, created)
	require.Equal(t, one, kept, "the first stays")
	all := ports.Calendar{ID: uuid.New(), User: one.User, Label: "all", CreatedAt: noon.Add(time.Minute)}
	_, created, err = s.CreateCalendar(ctx, all, []byte("all"), 2)
	require.NoError(t, err)
	require.True(t, created)

	require.NoError(t, s.ReadCalendar(ctx, one.ID, noon.Add(time.Hour)))
	require.NoError(t, s.ReadCalendar(ctx, one.ID, noon))
	one.LastReadAt = noon.Add(time.Hour)
	found, err := s.CalendarByHash(ctx, []byte("one"))
	require.NoError(t, err)
	require.Equal(t, one, found)
	_, err = s.CalendarByHash(ctx, []byte("none"))
	require.ErrorIs(t, err, query.ErrNotFound)
	listed, err := s.Calendars(ctx, one.User)
	require.NoError(t, err)
	require.Equal(t, []ports.Calendar{all, one}, listed)

	require.ErrorIs(t, s.RevokeCalendar(ctx, uuid.New(), all.ID, noon), query.ErrNotFound)
	require.NoError(t, s.RevokeCalendar(ctx, all.User, all.ID, noon))
	require.ErrorIs(t, s.RevokeCalendar(ctx, all.User, all.ID, noon), query.ErrNotFound)
	_, err = s.CalendarByHash(ctx, []byte("all"))
	require.ErrorIs(t, err, query.ErrNotFound)
	removed, err := s.RemoveCalendars(ctx, noon.AddDate(0, 0, 29), 10)
	require.NoError(t, err)
	require.EqualValues(t, 0, removed)
	removed, err = s.RemoveCalendars(ctx, noon.AddDate(0, 0, 31), 10)
	require.NoError(t, err)
	require.EqualValues(t, 2, removed)
}

// A user has so many and no more, also when all are made at once.
func TestCalendarsAreCountedTogether(t *testing.T) {
	t.Parallel()
	s := people.NewStore(pgtest.Pool(t))
	user := uuid.New()
	var made atomic.Int64
	var working sync.WaitGroup
	for range 10 {
		working.Go(func() {
			id := uuid.New()
			_, created, err := s.CreateCalendar(t.Context(), ports.Calendar{ID: id, User: user, CreatedAt: noon}, id[:], 3)
			assert.NoError(t, err)
			if created {
				made.Add(1)
			}
		})
	}
	working.Wait()
	require.EqualValues(t, 3, made.Load())
}

// What rests on another password than the one in force ends, and of what that is not
// known everything.
func TestCalendarsEndWithAPassword(t *testing.T) {
	t.Parallel()
	s := people.NewStore(pgtest.Pool(t))
	ctx, user, other, former, now := t.Context(), uuid.New(), uuid.New(), uuid.New(), uuid.New()
	made := map[uuid.UUID]string{}
	calendar := func(label string, of, credential uuid.UUID, at time.Time) {
		c := ports.Calendar{ID: uuid.New(), User: of, Credential: credential, Label: label, CreatedAt: at}
		kept, created, err := s.CreateCalendar(ctx, c, []byte(label), 10)
		require.NoError(t, err)
		require.True(t, created)
		require.Equal(t, c, kept)
		made[c.ID] = label
	}
	calendar("former", user, former, noon)
	calendar("unknown", user, uuid.Nil, noon)
	calendar("now", user, now, noon)
	calendar("late", user, former, noon.Add(time.Minute))
	calendar("other", other, former, noon)
	revoked := func(before time.Time, but uuid.UUID) []string {
		ended, err := s.RevokeCalendars(ctx, user, before, but, noon.Add(time.Hour))
		require.NoError(t, err)
		labels := []string{}
		for _, id := range ended {
			labels = append(labels, made[id])
		}
		return labels
	}
	require.Empty(t, revoked(noon, now))
	require.ElementsMatch(t, []string{"former", "unknown"}, revoked(noon.Add(time.Second), now))
	require.ElementsMatch(t, []string{"late", "now"}, revoked(time.Time{}, uuid.Nil))
	require.Empty(t, revoked(time.Time{}, uuid.Nil))
	_, err := s.CalendarByHash(ctx, []byte("former"))
	require.ErrorIs(t, err, query.ErrNotFound)
	left, err := s.Calendars(ctx, other)
	require.NoError(t, err)
	require.Len(t, left, 1)
}
