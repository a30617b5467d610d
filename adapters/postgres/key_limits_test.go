package postgres_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
)

// atMost is one more instance whose accounts have so many keys.
func atMost(pool *pgxpool.Pool, most int) *postgres.IdempotencyKeys {
	return postgres.NewIdempotencyKeys(pool, time.Minute, time.Hour, most)
}

func requestOf(account uuid.UUID, key string) postgres.KeyedRequest {
	return postgres.KeyedRequest{Caller: "token/of " + account.String(), Account: account, Key: key, Fingerprint: []byte(key)}
}

// full insists that a key is refused, and gives how long there is no room.
func full(t *testing.T, store *postgres.IdempotencyKeys, r postgres.KeyedRequest) time.Duration {
	t.Helper()
	_, _, err := store.Begin(t.Context(), r)
	refused, ok := errors.AsType[*postgres.KeysFull](err)
	require.True(t, ok, "%v", err)
	return refused.Wait
}

func TestIdempotencyKeysOfAnAccountAreLimited(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	store, ours, others := atMost(pool, 3), uuid.New(), uuid.New()
	first := requestOf(ours, "first")
	require.NoError(t, store.Finish(t.Context(), claim(t, store, first), postgres.Answer{Status: 204}))
	running := claim(t, store, requestOf(ours, "second"))
	claim(t, store, requestOf(ours, "third"))

	wait := full(t, store, requestOf(ours, "fourth"))
	require.Greater(t, wait, 55*time.Minute)
	require.LessOrEqual(t, wait, time.Hour)
	full(t, atMost(pool, 3), requestOf(ours, "fourth"))

	// What is known is answered as before.
	for _, instance := range []*postgres.IdempotencyKeys{store, atMost(pool, 3)} {
		_, answer, err := instance.Begin(t.Context(), first)
		require.NoError(t, err)
		require.Equal(t, 204, answer.Status)
		_, _, err = instance.Begin(t.Context(), requestOf(ours, "second"))
		require.ErrorIs(t, err, postgres.ErrKeyBusy)
		reused := first
		reused.Fingerprint = []byte("another body")
		_, _, err = instance.Begin(t.Context(), reused)
		require.ErrorIs(t, err, postgres.ErrKeyReused)
	}
	require.NoError(t, store.Unlock(t.Context()))
	claim(t, store, requestOf(ours, "third")) // of a process that died

	// Others do not notice.
	claim(t, store, requestOf(others, "first"))
	for n := range 5 {
		claim(t, store, requestOf(uuid.Nil, fmt.Sprint(n)))
	}

	// One that is abandoned or expires makes room.
	require.NoError(t, store.Abandon(t.Context(), running))
	claim(t, atMost(pool, 3), requestOf(ours, "fourth"))
	full(t, atMost(pool, 3), requestOf(ours, "fifth"))
	_, err := pool.Exec(t.Context(), `UPDATE ops.idempotency_keys SET expires_at = now(), locked_until = now() WHERE account = $1 AND key = 'first'`, ours)
	require.NoError(t, err)
	claim(t, atMost(pool, 3), requestOf(ours, "fifth"))
	full(t, atMost(pool, 3), first) // it would be one more
}

// A key that a version before keeps beside this one has no account, and counts for none.
func TestIdempotencyKeysOfAVersionBefore(t *testing.T) {
	t.Parallel()
	pool, ours := pgtest.Pool(t), uuid.New()
	_, err := pool.Exec(t.Context(), `
		INSERT INTO ops.idempotency_keys (caller, key, fingerprint, state, attempt, status, created_at, locked_until, expires_at)
		VALUES ($1, 'before', 'before', 'done', gen_random_uuid(), 204, now(), now(), now() + interval '1 hour')`, requestOf(ours, "").Caller)
	require.NoError(t, err)
	store := atMost(pool, 1)
	claim(t, store, requestOf(ours, "now"))
	_, answer, err := store.Begin(t.Context(), requestOf(ours, "before"))
	require.NoError(t, err)
	require.Equal(t, 204, answer.Status)
	full(t, store, requestOf(ours, "more"))
}

// Keys that are begun at once exceed the limit by those under way and by what an instance
// gives out between two counts at most.
func TestIdempotencyKeysAtOnce(t *testing.T) {
	t.Parallel()
	pool, ours := pgtest.Pool(t), uuid.New()
	const most, instances, atOnce, asked = 100, 2, 10, 400
	var given atomic.Int64
	var asking sync.WaitGroup
	for i := range instances {
		store := atMost(pool, most)
		for j := range atOnce / instances {
			asking.Go(func() {
				for n := range asked / atOnce {
					_, _, err := store.Begin(t.Context(), requestOf(ours, fmt.Sprint(i, j, n)))
					if err == nil {
						given.Add(1)
					} else if _, ok := errors.AsType[*postgres.KeysFull](err); !ok {
						t.Error(err)
					}
				}
			})
		}
	}
	asking.Wait()
	require.GreaterOrEqual(t, given.Load(), int64(most))
	require.LessOrEqual(t, given.Load(), int64(most+atOnce+instances*most/16))
	full(t, atMost(pool, most), requestOf(ours, "more"))
}
