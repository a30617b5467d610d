package postgres_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
)

var request = postgres.KeyedRequest{Caller: "account-1", Key: "key-1", Fingerprint: []byte("body-1")}

func keys(pool *pgxpool.Pool) *postgres.IdempotencyKeys {
	return postgres.NewIdempotencyKeys(pool, time.Minute, time.Hour, 0)
}

// diedBefore makes claims whose lock has passed already.
func diedBefore(pool *pgxpool.Pool) *postgres.IdempotencyKeys {
	return postgres.NewIdempotencyKeys(pool, -time.Second, time.Hour, 0)
}

func claim(t *testing.T, store *postgres.IdempotencyKeys, r postgres.KeyedRequest) postgres.Claim {
	t.Helper()
	c, answer, err := store.Begin(t.Context(), r)
	require.NoError(t, err)
	require.Nil(t, answer)
	return c
}

func TestIdempotencyKeyGivesTheFirstAnswerAgain(t *testing.T) {
	t.Parallel()
	store := keys(pgtest.Pool(t))
	first := postgres.Answer{
		Status:  201,
		Headers: map[string][]string{"X-Position": {"12"}, "Vary": {"Accept", "Origin"}},
		Body:    []byte("\x00\xff any bytes"),
	}
	require.NoError(t, store.Finish(t.Context(), claim(t, store, request), first))

	for range 2 {
		_, answer, err := store.Begin(t.Context(), request)
		require.NoError(t, err)
		require.Equal(t, &first, answer)
	}
	other := request
	other.Fingerprint = []byte("body-2")
	_, _, err := store.Begin(t.Context(), other)
	require.ErrorIs(t, err, postgres.ErrKeyReused)

	stranger := request
	stranger.Caller = "account-2"
	claim(t, store, stranger)
}

func TestIdempotencyKeyWithEmptyAnswer(t *testing.T) {
	t.Parallel()
	store := keys(pgtest.Pool(t))
	require.NoError(t, store.Finish(t.Context(), claim(t, store, request), postgres.Answer{Status: 204}))
	_, answer, err := store.Begin(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, &postgres.Answer{Status: 204}, answer)
}

func TestIdempotencyKeyWhileRunning(t *testing.T) {
	t.Parallel()
	store := keys(pgtest.Pool(t))
	held := claim(t, store, request)
	_, _, err := store.Begin(t.Context(), request)
	require.ErrorIs(t, err, postgres.ErrKeyBusy)
	other := request
	other.Fingerprint = []byte("body-2")
	_, _, err = store.Begin(t.Context(), other)
	require.ErrorIs(t, err, postgres.ErrKeyReused)

	require.NoError(t, store.Abandon(t.Context(), held))
	claim(t, store, request)
}

func TestIdempotencyKeyOfADeadProcessIsTakenOver(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	dead := claim(t, diedBefore(pool), request)
	store := keys(pool)
	other := request
	other.Fingerprint = []byte("body-2")
	_, _, err := store.Begin(t.Context(), other)
	require.ErrorIs(t, err, postgres.ErrKeyReused)

	successor := claim(t, store, request)
	// The process was only slow: it must not answer for its successor.
	require.ErrorIs(t, store.Finish(t.Context(), dead, postgres.Answer{Status: 500}), postgres.ErrClaimLost)
	require.NoError(t, store.Abandon(t.Context(), dead))
	_, _, err = store.Begin(t.Context(), request)
	require.ErrorIs(t, err, postgres.ErrKeyBusy)

	require.NoError(t, store.Finish(t.Context(), successor, postgres.Answer{Status: 200}))
	_, answer, err := store.Begin(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, 200, answer.Status)
}

func TestIdempotencyKeysAreUnlocked(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	store, answered := keys(pool), request
	dead := claim(t, store, request)
	answered.Key = "answered"
	require.NoError(t, store.Finish(t.Context(), claim(t, store, answered), postgres.Answer{Status: 204}))
	require.NoError(t, store.Unlock(t.Context()))
	other := request
	other.Fingerprint = []byte("body-2")
	_, _, err := store.Begin(t.Context(), other)
	require.ErrorIs(t, err, postgres.ErrKeyReused)
	claim(t, store, request)
	require.ErrorIs(t, store.Finish(t.Context(), dead, postgres.Answer{Status: 500}), postgres.ErrClaimLost)
	_, answer, err := store.Begin(t.Context(), answered)
	require.NoError(t, err)
	require.Equal(t, 204, answer.Status)
}

func TestIdempotencyKeyHasOneWinner(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	store := keys(pool)
	for _, key := range []string{"fresh", "left over"} {
		r := request
		r.Key = key
		if key == "left over" {
			claim(t, diedBefore(pool), r)
		}
		claims, busy := race(t, 16, func(ctx context.Context) error {
			_, _, err := store.Begin(ctx, r)
			return err
		})
		require.Equal(t, 1, claims, key)
		require.Equal(t, 15, busy, key)
	}
}

// race counts the calls that succeed and those that find the key busy.
func race(t *testing.T, callers int, call func(context.Context) error) (won, busy int) {
	t.Helper()
	results := make(chan error, callers)
	var ready sync.WaitGroup
	ready.Add(callers)
	for range callers {
		go func() {
			ready.Done()
			ready.Wait()
			results <- call(t.Context())
		}()
	}
	for range callers {
		switch err := <-results; {
		case err == nil:
			won++
		case errors.Is(err, postgres.ErrKeyBusy):
			busy++
		default:
			t.Errorf("unexpected: %v", err)
		}
	}
	return won, busy
}

func TestIdempotencyKeyExpires(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	forgetful := postgres.NewIdempotencyKeys(pool, -time.Second, -time.Second, 0)
	require.NoError(t, forgetful.Finish(t.Context(), claim(t, forgetful, request), postgres.Answer{Status: 200}))
	store := keys(pool)
	other := request
	other.Fingerprint = []byte("body-2")
	held := claim(t, store, other)

	expired := request
	expired.Key = "key-2"
	claim(t, forgetful, expired)
	removed, err := store.RemoveExpired(t.Context(), 100)
	require.NoError(t, err)
	require.EqualValues(t, 1, removed)
	require.NoError(t, store.Finish(t.Context(), held, postgres.Answer{Status: 200}))
}

func TestIdempotencyKeyThatIsNoKey(t *testing.T) {
	t.Parallel()
	store := keys(pgtest.Pool(t))
	for _, key := range []string{"", "nul \x00", "half \xc3", strings.Repeat("k", 256)} {
		r := request
		r.Key = key
		_, _, err := store.Begin(t.Context(), r)
		require.ErrorIs(t, err, postgres.ErrKeyInvalid, "%q", key)
	}
}

// A claim that is held outlasts its lock; when the process dies the lock is all that
// is left of it.
func TestIdempotencyKeyIsHeld(t *testing.T) {
	t.Parallel()
	const lock = 300 * time.Millisecond
	store := postgres.NewIdempotencyKeys(pgtest.Pool(t), lock, time.Hour, 0)
	held := claim(t, store, request)
	stop := store.Hold(t.Context(), held)
	for begun := time.Now(); time.Since(begun) < 4*lock; {
		_, _, err := store.Begin(t.Context(), request)
		var busy *postgres.KeyBusy
		require.ErrorAs(t, err, &busy)
		require.ErrorIs(t, err, postgres.ErrKeyBusy)
		require.LessOrEqual(t, busy.Lock, lock)
		require.Positive(t, busy.Lock)
	}
	stop()
	died := time.Now()
	_, _, err := store.Begin(t.Context(), request)
	for ; errors.Is(err, postgres.ErrKeyBusy); _, _, err = store.Begin(t.Context(), request) {
		require.Less(t, time.Since(died), 10*lock)
	}
	require.NoError(t, err)
	require.ErrorIs(t, store.Finish(t.Context(), held, postgres.Answer{Status: 200}), postgres.ErrClaimLost)
	store.Hold(t.Context(), held)() // of what was lost: takes nothing back
}
