package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/clock/clocktest"
	"github.com/fleetledger/fleetledger/adapters/jobs"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
)

type delivererFunc func(context.Context, uuid.UUID) (time.Duration, error)

func (f delivererFunc) Deliver(ctx context.Context, id uuid.UUID) (time.Duration, error) {
	return f(ctx, id)
}

// A mail's job comes with the transaction that takes the mail, waits while
// nobody sends mails, and is put back until the mail needs no more.
func TestMailsAreTriedUntilTheyAreThrough(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	options := jobs.Options{Pool: pool, Clock: clocktest.At(noon), Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Workers: 1}
	outbox := instanceWith(t, options)
	outbox.start(t)
	mail, never := uuid.New(), uuid.New()
	require.NoError(t, pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error { return outbox.jobs.QueueMail(t.Context(), tx, mail) }))
	rolledBack := errors.New("rolled back")
	require.ErrorIs(t, pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		require.NoError(t, outbox.jobs.QueueMail(t.Context(), tx, never))
		return rolledBack
	}), rolledBack)
	tries, n := make(chan uuid.UUID, 10), 0
	options.Mails = delivererFunc(func(_ context.Context, id uuid.UUID) (time.Duration, error) {
		tries <- id
		if n++; n < 3 {
			return time.Millisecond, nil
		}
		return 0, nil
	})
	instanceWith(t, options).start(t)
	for range 3 {
		require.Equal(t, mail, receive(t, tries))
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for state := ""; state != "completed"; <-tick.C {
		require.NoError(t, pool.QueryRow(t.Context(), `SELECT state FROM ops.river_job WHERE kind = 'mail'`).Scan(&state))
	}
	require.Empty(t, tries)
}
