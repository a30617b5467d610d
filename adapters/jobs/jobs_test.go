package jobs_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
)

func TestOperationRunsToTheEnd(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	i := newInstance(t, pool, 1)
	early := i.create(t, 7) // nobody works yet
	i.start(t)
	require.Equal(t, ports.OperationDone, i.finished(t, early).State)
	late := i.finished(t, i.create(t, 3))
	require.Equal(t, map[domain.Outcome]int{domain.OutcomeCreated: 3}, late.Counters)
	i.stop(t)
	require.Len(t, i.chunks, 10)
	require.Empty(t, unfinished(t, pool))
}

func TestOperationOutlivesWhatPasses(t *testing.T) {
	t.Parallel()
	i := newInstance(t, pgtest.Pool(t), 1)
	passing := []error{
		fmt.Errorf("append: %w", eventlog.ErrUnavailable), query.ErrUnavailable, context.DeadlineExceeded,
	}
	i.before = func(_ context.Context, op ports.Operation) error {
		if op.Done == 1 && len(passing) > 0 {
			err := passing[0]
			passing = passing[1:]
			return err
		}
		return nil
	}
	i.start(t)
	require.Equal(t, ports.OperationDone, i.finished(t, i.create(t, 3)).State)
	require.Empty(t, passing)
}

func TestOperationOutlivesABugThatPasses(t *testing.T) {
	t.Parallel()
	i := newInstance(t, pgtest.Pool(t), 1)
	var bugs int
	i.before = func(context.Context, ports.Operation) error {
		if bugs++; bugs == 1 {
			panic("a bug")
		}
		return nil
	}
	i.start(t)
	require.Equal(t, ports.OperationDone, i.finished(t, i.create(t, 2)).State)
	require.Equal(t, 3, bugs)
}

func TestOperationFailsWhenItGoesWrongTooOften(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	i := newInstance(t, pool, 1)
	calls := 0
	i.before = func(context.Context, ports.Operation) error {
		calls++
		return fmt.Errorf("bug of %s", "secret")
	}
	id := i.create(t, 2)
	// Seven times before, which would take a quarter of a minute.
	_, err := pool.Exec(t.Context(), `UPDATE ops.river_job SET attempt = 7`)
	require.NoError(t, err)
	i.start(t)
	op := i.finished(t, id)
	require.Equal(t, ports.OperationFailed, op.State)
	require.Equal(t, "operation_failed: The operation could not be carried out. What has a result is done.", op.Error)
	require.Equal(t, noon, op.FinishedAt)
	i.stop(t)
	require.Equal(t, 1, calls)
	require.Empty(t, unfinished(t, pool))
}

func TestProgressMakesUpForFailures(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	i := newInstance(t, pool, 1)
	stopped, stop := context.WithCancel(t.Context())
	i.before = func(_ context.Context, op ports.Operation) error {
		if op.Done == 1 {
			stop()
		}
		return nil
	}
	i.create(t, 10)
	_, err := pool.Exec(t.Context(), `UPDATE ops.river_job SET attempt = 7`)
	require.NoError(t, err)
	require.NoError(t, i.jobs.Run(stopped, runs(i), i))
	require.Equal(t, []job{{State: "available"}}, unfinished(t, pool))
}

func TestInstancesShareTheWork(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	busy := make(chan *instance, 2)
	both := make(chan struct{})
	var instances []*instance
	for range 2 {
		i := newInstance(t, pool, 1)
		i.before = func(ctx context.Context, op ports.Operation) error {
			if op.Done > 0 {
				return nil
			}
			busy <- i
			select {
			case <-both:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		i.start(t)
		instances = append(instances, i)
	}
	ids := []uuid.UUID{instances[0].create(t, 2), instances[0].create(t, 2)}
	require.NotSame(t, receive(t, busy), receive(t, busy))
	close(both)
	for _, id := range ids {
		require.Equal(t, ports.OperationDone, instances[0].finished(t, id).State)
	}
}

// Operations take turns, chunk by chunk: a small one is not behind all of a long one.
func TestLongOperationLetsOthersThrough(t *testing.T) {
	t.Parallel()
	i := newInstance(t, pgtest.Pool(t), 1)
	small := make(chan uuid.UUID, 1)
	var order []int // totals of the operations whose chunks were carried out
	i.before = func(_ context.Context, op ports.Operation) error {
		if len(order) == 0 {
			small <- i.create(t, 2)
		}
		order = append(order, op.Total)
		return nil
	}
	i.start(t)
	require.Equal(t, ports.OperationDone, i.finished(t, i.create(t, 20)).State)
	require.Equal(t, ports.OperationDone, i.finished(t, <-small).State)
	i.stop(t)
	require.Equal(t, []int{20, 2, 20, 2, 20, 20}, order[:6])
}

func TestStartTwiceIsRefused(t *testing.T) {
	t.Parallel()
	i := newInstance(t, pgtest.Pool(t), 1)
	i.start(t)
	require.Error(t, i.jobs.Start(t.Context(), runs(i), i))
	i.stop(t)
	i.stop(t)
	i.start(t)
	require.Equal(t, ports.OperationDone, i.finished(t, i.create(t, 1)).State)
}

func TestStartWithoutDatabase(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	i := newInstance(t, server.Pool(t), 1)
	server.Stop(t)
	err := i.jobs.Start(t.Context(), runs(i), i)
	require.True(t, postgres.IsUnavailable(err), "got %v", err)
	server.Start(t)
	i.start(t)
	require.Equal(t, ports.OperationDone, i.finished(t, i.create(t, 1)).State)
}
