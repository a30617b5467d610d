package factors_test

import (
	"bytes"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/factors"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/adapters/sealing"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
)

var noon = time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)

func TestFactors(t *testing.T) {
	t.Parallel()
	pool, ctx := pgtest.Pool(t), t.Context()
	s := factors.NewStore(pool, sealing.NewKeys(sealing.NewKey()))
	phone := ports.Factor{ID: uuid.New(), User: uuid.New(), Kind: "totp", Secret: []byte("a secret of a phone"), Count: 3, CreatedAt: noon}
	stick := ports.Factor{ID: uuid.New(), User: phone.User, Kind: "passkey", Secret: []byte("a key"), Unique: []byte("id"), CreatedAt: noon.Add(time.Second)}
	require.NoError(t, s.Put(ctx, stick))
	require.NoError(t, s.Put(ctx, phone))
	other := phone
	other.Secret = []byte("another")
	require.NoError(t, s.Put(ctx, other))
	all, err := s.Of(ctx, phone.User)
	require.NoError(t, err)
	require.Equal(t, []ports.Factor{phone, stick}, all, "the first stays")
	again := stick
	again.ID, again.User = uuid.New(), uuid.New()
	require.ErrorIs(t, s.Put(ctx, again), ports.ErrPasskeyTaken)

	var kept []byte
	require.NoError(t, pool.QueryRow(ctx, `SELECT sealed FROM ops.factors WHERE id = $1`, phone.ID).Scan(&kept))
	require.False(t, bytes.Contains(kept, phone.Secret), "sealed")
	_, err = factors.NewStore(pool, sealing.NewKeys(sealing.NewKey())).Of(ctx, phone.User)
	require.ErrorIs(t, err, sealing.ErrCannotOpen)
	// What is sealed is bound to the id: nobody's secret stands in for another's.
	_, err = pool.Exec(ctx, `UPDATE ops.factors SET sealed = $1 WHERE id = $2`, kept, stick.ID)
	require.NoError(t, err)
	_, err = s.Of(ctx, phone.User)
	require.ErrorIs(t, err, sealing.ErrCannotOpen)

	held := func() (kinds []string) {
		all, err := s.Held(ctx, []uuid.UUID{uuid.New(), phone.User})
		require.NoError(t, err)
		for _, f := range all {
			require.Equal(t, ports.Factor{ID: f.ID, User: phone.User, Kind: f.Kind, CreatedAt: noon.Add(time.Second), Settled: true}, f)
			kinds = append(kinds, f.Kind)
		}
		return kinds
	}
	require.Empty(t, held())
	require.NoError(t, s.Settle(ctx, stick.ID))
	require.Equal(t, []string{"passkey"}, held())
	left, err := s.Unsettled(ctx, noon.Add(time.Hour), uuid.Nil, 10)
	require.NoError(t, err)
	require.Len(t, left, 1)
	require.Equal(t, phone.ID, left[0].ID)
	left, err = s.Unsettled(ctx, noon, uuid.Nil, 10)
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoError(t, s.Drop(ctx, phone.ID))
	require.NoError(t, s.Drop(ctx, stick.ID))
	all, err = s.Of(ctx, phone.User)
	require.NoError(t, err)
	require.Empty(t, all)
}

// A count is good once, and none of before, also when all come at once.
func TestCountsGrow(t *testing.T) {
	t.Parallel()
	s, ctx := factors.NewStore(pgtest.Pool(t), sealing.NewKeys(sealing.NewKey())), t.Context()
	f := ports.Factor{ID: uuid.New(), User: uuid.New(), Kind: "totp", CreatedAt: noon}
	require.NoError(t, s.Put(ctx, f))
	use := func(count int64) bool {
		used, err := s.Use(ctx, f.ID, count, noon)
		require.NoError(t, err)
		return used
	}
	require.True(t, use(0))
	require.True(t, use(0), "it does not count")
	require.True(t, use(5))
	for _, count := range []int64{5, 4, 0} {
		require.False(t, use(count), count)
	}
	var good atomic.Int64
	var working sync.WaitGroup
	for range 10 {
		working.Go(func() {
			used, err := s.Use(ctx, f.ID, 6, noon)
			assert.NoError(t, err)
			if used {
				good.Add(1)
			}
		})
	}
	working.Wait()
	require.EqualValues(t, 1, good.Load())
	all, err := s.Of(ctx, f.User)
	require.NoError(t, err)
	require.Equal(t, noon, all[0].UsedAt)
	used, err := s.Use(ctx, uuid.New(), 1, noon)
	require.NoError(t, err)
	require.False(t, used, "there is none")
}

func TestChallenges(t *testing.T) {
	t.Parallel()
	s, ctx := factors.NewStore(pgtest.Pool(t), sealing.NewKeys(sealing.NewKey())), t.Context()
	hash := []byte("hash")
	c := ports.Challenge{User: uuid.New(), Credential: uuid.New(), Secret: []byte("secret"), Expires: noon.Add(time.Minute)}
	kept, err := s.Begin(ctx, hash, c, noon)
	require.NoError(t, err)
	require.Equal(t, c, kept)
	other := c
	other.User = uuid.New()
	kept, err = s.Begin(ctx, hash, other, noon)
	require.NoError(t, err)
	require.Equal(t, c, kept, "the first stays")
	for range 2 {
		kept, err = s.Try(ctx, hash, noon, 2)
		require.NoError(t, err)
		require.Equal(t, c, kept)
	}
	_, err = s.Try(ctx, hash, noon, 2)
	require.ErrorIs(t, err, query.ErrNotFound, "tried so often")
	_, err = s.Try(ctx, hash, c.Expires, 9)
	require.ErrorIs(t, err, query.ErrNotFound, "expired")
	_, err = s.Try(ctx, []byte("other"), noon, 9)
	require.ErrorIs(t, err, query.ErrNotFound)
	other.Expires = noon.Add(time.Hour)
	kept, err = s.Begin(ctx, hash, other, c.Expires)
	require.NoError(t, err)
	require.Equal(t, other, kept, "in the place of one that has expired")
	_, err = s.Try(ctx, hash, c.Expires, 2)
	require.NoError(t, err)

	var finished atomic.Int64
	var working sync.WaitGroup
	for range 10 {
		working.Go(func() {
			was, err := s.Finish(ctx, hash)
			assert.NoError(t, err)
			if was {
				finished.Add(1)
			}
		})
	}
	working.Wait()
	require.EqualValues(t, 1, finished.Load())

	_, err = s.Begin(ctx, hash, c, noon)
	require.NoError(t, err)
	removed, err := s.RemoveChallenges(ctx, c.Expires.Add(-time.Second), 10)
	require.NoError(t, err)
	require.Zero(t, removed)
	removed, err = s.RemoveChallenges(ctx, c.Expires, 10)
	require.NoError(t, err)
	require.EqualValues(t, 1, removed)
}

func TestWhileTheDatabaseIsDown(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	s := factors.NewStore(server.Pool(t), sealing.NewKeys(sealing.NewKey()))
	server.Kill(t)
	_, err := s.Try(t.Context(), []byte("hash"), noon, 1)
	require.ErrorIs(t, err, query.ErrUnavailable)
}
