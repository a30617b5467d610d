package clock_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/clock"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
)

func sandbox(t *testing.T, pool *pgxpool.Pool) *clock.Sandbox {
	t.Helper()
	s, err := clock.NewSandbox(t.Context(), pool, new(clock.Shifted))
	require.NoError(t, err)
	return s
}

func TestSandboxMovesAheadOnly(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	s := sandbox(t, pool)
	require.False(t, s.Moved())
	start := s.Now()
	require.NoError(t, s.MoveTo(t.Context(), start.Add(-time.Hour)))
	require.False(t, s.Now().Before(start))
	require.False(t, s.Moved())

	far := start.AddDate(30, 0, 0)
	require.NoError(t, s.MoveTo(t.Context(), far))
	require.True(t, s.Moved())
	require.WithinDuration(t, far, s.Now(), time.Minute)
	require.False(t, s.Now().Before(far), "it has reached the instant")
	require.NoError(t, s.MoveTo(t.Context(), far.AddDate(-1, 0, 0)))
	require.False(t, s.Now().Before(far))
	require.WithinDuration(t, far, sandbox(t, pool).Now(), time.Minute, "after a restart")
}

// Another instance that has not heard of a move does not undo it.
func TestSandboxOnTwoInstances(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	one, two := sandbox(t, pool), sandbox(t, pool)
	far := one.Now().AddDate(5, 0, 0)
	require.NoError(t, one.MoveTo(t.Context(), far))
	require.NoError(t, two.MoveTo(t.Context(), two.Now().Add(time.Hour)))
	require.False(t, two.Now().Before(far))

	three := sandbox(t, pool)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- three.Follow(ctx) }()
	farther := far.AddDate(5, 0, 0)
	require.NoError(t, one.MoveTo(t.Context(), farther))
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for three.Now().Before(farther) {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("the other instance has not followed")
		}
	}
	stop()
	require.NoError(t, <-ended)
}

// The lock ends with its connection: a process that died with it keeps nobody out.
func TestSandboxLockOfTheDead(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	pool, err := pgxpool.New(t.Context(), url)
	require.NoError(t, err)
	other, err := pgxpool.New(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(other.Close)
	one, two := sandbox(t, pool), sandbox(t, other)
	err = one.Alone(t.Context(), func(ctx context.Context) error {
		_, err := other.Exec(ctx, `SELECT pg_terminate_backend(pid, 60000) FROM pg_locks WHERE locktype = 'advisory'
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
		return err
	})
	require.NoError(t, err)
	require.NoError(t, two.Alone(t.Context(), func(context.Context) error { return nil }))
	pool.Close()
}
