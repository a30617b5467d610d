package personkeys

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/adapters/sealing"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
)

var ofTest = sealing.NewKeys(make([]byte, sealing.KeySize))

func keysOf(t *testing.T, pool *pgxpool.Pool) *Store {
	t.Helper()
	s, err := Open(t.Context(), pool, ofTest)
	require.NoError(t, err)
	return s
}

func use(t *testing.T, s *Store, person uuid.UUID, stream string) ports.PersonKey {
	t.Helper()
	key, err := s.Use(t.Context(), person, stream)
	require.NoError(t, err)
	return key
}

func find(t *testing.T, s *Store, persons ...uuid.UUID) map[uuid.UUID]ports.PersonKey {
	t.Helper()
	found, err := s.Find(t.Context(), persons)
	require.NoError(t, err)
	return found
}

func TestKeysLiveUntilErased(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	s, other := keysOf(t, pool), keysOf(t, pool)
	ada, grace, unknown := uuid.New(), uuid.New(), uuid.New()

	// Whoever is first makes the key, all get the same.
	var wg sync.WaitGroup
	got := make([]ports.PersonKey, 8)
	for i := range got {
		wg.Go(func() { got[i], _ = []*Store{s, other}[i%2].Use(context.Background(), ada, "account-1") })
	}
	wg.Wait()
	for _, key := range got {
		require.Equal(t, got[0], key)
		require.Len(t, key.Key, sealing.KeySize)
	}
	require.NotEqual(t, got[0], use(t, s, grace, "account-2"))
	use(t, s, ada, "account-3")
	use(t, s, ada, "account-1")
	require.Equal(t, map[uuid.UUID]ports.PersonKey{ada: got[0], grace: use(t, other, grace, "account-2")}, find(t, other, ada, unknown, grace))
	require.NotContains(t, find(t, s, unknown), unknown)
	streams, err := s.NamedIn(t.Context(), ada)
	require.NoError(t, err)
	require.Equal(t, []string{"account-1", "account-3"}, streams)

	for range 2 {
		require.NoError(t, s.Erase(t.Context(), ada))
	}
	gone := ports.PersonKey{Erased: true}
	require.Equal(t, gone, find(t, s, ada)[ada])
	require.Equal(t, gone, use(t, s, ada, "account-1"))
	require.Equal(t, gone, use(t, other, ada, "account-1"), "to seal, the cache is not asked")
	require.Equal(t, gone, find(t, keysOf(t, pool), ada)[ada])
	require.NoError(t, s.Erase(t.Context(), unknown))
	require.Equal(t, gone, use(t, s, unknown, "account-1"), "erased in advance")
	var bytes int
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(key) FROM ops.person_keys WHERE person IN ($1, $2)`, ada, unknown).Scan(&bytes))
	require.Zero(t, bytes)
}

// The database alone opens nothing, and another ofTest key is noticed at
// the start, before anything is sealed with it.
func TestInstallationKey(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	s := keysOf(t, pool)
	person := uuid.New()
	key := use(t, s, person, "account-1")
	var wrapped []byte
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT key FROM ops.person_keys`).Scan(&wrapped))
	require.NotContains(t, string(wrapped), string(key.Key))
	_, err := Open(t.Context(), pool, sealing.NewKeys(sealing.NewKey()))
	require.ErrorIs(t, err, ErrForeignKey)
	_, err = Open(t.Context(), pool, sealing.NewKeys(nil))
	require.Error(t, err)

	// A row of another person is no key for this one.
	_, err = pool.Exec(t.Context(), `UPDATE ops.person_keys SET person = $1`, uuid.Max)
	require.NoError(t, err)
	require.Empty(t, find(t, s, uuid.Max))
	_, err = s.Use(t.Context(), uuid.Max, "account-1")
	require.ErrorIs(t, err, ports.ErrKeyLost)
	require.NotErrorIs(t, err, ports.ErrKeysUnavailable)
}

func TestTableThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	s := keysOf(t, pool)
	pool.Close()
	person := uuid.New()
	_, use := s.Use(t.Context(), person, "account-1")
	_, find := s.Find(t.Context(), []uuid.UUID{person})
	_, named := s.NamedIn(t.Context(), person)
	for _, err := range []error{use, find, named, s.Erase(t.Context(), person)} {
		require.ErrorIs(t, err, ports.ErrKeysUnavailable)
		require.ErrorIs(t, err, eventlog.ErrUnavailable)
	}
}

func TestCache(t *testing.T) {
	t.Parallel()
	key := ports.PersonKey{Key: []byte("key")}
	c := newCache(3, time.Hour)
	persons := []uuid.UUID{{1}, {2}, {3}, {4}}
	for _, p := range persons {
		c.put(c.begin(), p, key)
		got, ok := c.get(p)
		require.True(t, ok)
		require.Equal(t, key, got)
		require.LessOrEqual(t, len(c.keys), 3)
	}
	// What was found before an erasure does not come in behind it.
	begun := c.begin()
	c.forget(persons[3])
	c.put(begun, persons[3], key)
	_, ok := c.get(persons[3])
	require.False(t, ok)
	c.keep = -time.Nanosecond
	c.put(c.begin(), persons[0], key)
	_, ok = c.get(persons[0])
	require.False(t, ok, "remembered for too long")
}
