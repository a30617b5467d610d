package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/clock/clocktest"
	"github.com/fleetledger/fleetledger/adapters/jobs"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
)

func dueInstance(t *testing.T, pool *pgxpool.Pool, every time.Duration, due func(context.Context) error) *instance {
	t.Helper()
	i := instanceWith(t, jobs.Options{
		Pool: pool, Clock: clocktest.At(noon), Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Workers: 1, DueEvery: every,
	})
	i.due = due
	return i
}

// What fell due while nothing ran is looked for at the start, not an interval later.
func TestDueAtTheStart(t *testing.T) {
	t.Parallel()
	runs := make(chan struct{}, 10)
	i := dueInstance(t, pgtest.Pool(t), 24*time.Hour, func(context.Context) error {
		runs <- struct{}{}
		return nil
	})
	i.start(t)
	receive(t, runs)
}

// However many instances there are, one of them runs at a time, again and
// again, whatever becomes of a run.
func TestDueOneAtATime(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	runs := make(chan int32, 100)
	var running, count atomic.Int32
	due := func(context.Context) error {
		defer running.Add(-1)
		n := running.Add(1)
		select {
		case runs <- n:
		default:
		}
		switch count.Add(1) {
		case 1:
			return errors.New("a failure")
		case 2:
			panic("a bug")
		}
		return nil
	}
	for range 3 {
		dueInstance(t, pool, 50*time.Millisecond, due).start(t)
	}
	for range 5 {
		require.Equal(t, int32(1), receive(t, runs))
	}
}

// Chores are done beside, and one that goes wrong does not keep the others back.
func TestChores(t *testing.T) {
	t.Parallel()
	left, done := 2500, make(chan int, 10)
	i := instanceWith(t, jobs.Options{
		Pool: pgtest.Pool(t), Clock: clocktest.At(noon), Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Workers: 1, ChoresEvery: 24 * time.Hour,
		Chores: []jobs.Chore{
			{Name: "fails", Do: func(context.Context) error { return errors.New("a failure") }},
			jobs.Remove("removes", func(_ context.Context, limit int) (int64, error) {
				n := min(left, limit)
				left -= n
				return int64(n), nil
			}),
			{Name: "tells", Do: func(context.Context) error { done <- left; return nil }},
		},
	})
	i.start(t)
	require.Zero(t, receive(t, done))
}

// A run that is cut short is gone on with at once.
func TestDueGoesOn(t *testing.T) {
	t.Parallel()
	runs := make(chan struct{}, 10)
	i := dueInstance(t, pgtest.Pool(t), 24*time.Hour, func(ctx context.Context) error {
		runs <- struct{}{}
		if len(runs) == 1 {
			<-ctx.Done() // at the time limit of a run
		}
		return ctx.Err()
	})
	i.start(t)
	for len(runs) < 2 {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-t.Context().Done():
			t.Fatal("no second run")
		}
	}
}
