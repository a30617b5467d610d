package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/clock/clocktest"
	"github.com/fleetledger/fleetledger/adapters/jobs"
	"github.com/fleetledger/fleetledger/adapters/postgres/operations"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// instance is one process of the service, as far as operations go.
type instance struct {
	*operations.Store
	jobs   *jobs.Jobs
	before func(ctx context.Context, op ports.Operation) error // a chunk is carried out
	chunks chan ports.OperationChunk                           // saved by this instance; all are there once it has stopped
	due    func(context.Context) error
	reset  func(ctx context.Context, whom string, command uuid.UUID, traceparent string) error
}

func newInstance(t *testing.T, pool *pgxpool.Pool, workers int) *instance {
	t.Helper()
	return instanceWith(t, jobs.Options{
		Pool: pool, Clock: clocktest.At(noon), Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Workers: workers,
	})
}

func instanceWith(t *testing.T, o jobs.Options) *instance {
	t.Helper()
	pool := o.Pool
	j, err := jobs.New(o)
	require.NoError(t, err)
	return &instance{
		Store: operations.NewStore(pool, j.QueueChunk, eventlog.Epoch{}), jobs: j,
		before: func(context.Context, ports.Operation) error { return nil },
		chunks: make(chan ports.OperationChunk, 10_000),
	}
}

// runs lets one double do all that the jobs run.
func runs(double interface {
	jobs.Operations
	jobs.Schedule
	jobs.Resets
},
) jobs.Runner {
	return jobs.Runner{Operations: double, Schedule: double, Resets: double}
}

// RunDue is the runner's double for what falls due.
func (i *instance) RunDue(ctx context.Context) error { return i.due(ctx) }

// AnswerResetRequest is the runner's double for requests to reset a password.
func (i *instance) AnswerResetRequest(ctx context.Context, reservation string, command uuid.UUID, traceparent string) error {
	return i.reset(ctx, reservation, command, traceparent)
}

// SendPasswordReset is that for the jobs of versions before.
func (i *instance) SendPasswordReset(ctx context.Context, user, command uuid.UUID, traceparent string) error {
	return i.reset(ctx, user.String(), command, traceparent)
}

// RunOperationChunk is the runner's double: a chunk is one item.
func (i *instance) RunOperationChunk(ctx context.Context, id uuid.UUID) (bool, error) {
	op, err := i.Operation(ctx, id)
	if err != nil || op.Finished() {
		return err == nil, err
	}
	if err := i.before(ctx, op); err != nil {
		return false, err
	}
	chunk := ports.OperationChunk{
		From: op.Done, Results: [][]byte{fmt.Append(nil, op.Done)},
		Counters: map[domain.Outcome]int{domain.OutcomeCreated: 1}, At: noon,
	}
	if err := i.SaveChunk(ctx, id, chunk); err != nil {
		return false, err
	}
	i.chunks <- chunk
	return op.Done+1 == op.Total, nil
}

func (i *instance) start(t *testing.T) {
	t.Helper()
	require.NoError(t, i.jobs.Start(t.Context(), runs(i), i))
	t.Cleanup(func() { i.stop(t) })
}

func (i *instance) stop(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 20*time.Second)
	defer cancel()
	require.NoError(t, i.jobs.Stop(ctx))
}

func (i *instance) create(t *testing.T, items int) uuid.UUID {
	t.Helper()
	op := ports.Operation{ID: uuid.New(), Kind: ports.OperationRegistration, CreatedAt: noon}
	require.NoError(t, i.CreateOperation(t.Context(), op, []byte(`{}`), emptyItems(items)))
	return op.ID
}

func emptyItems(n int) [][]byte {
	items := make([][]byte, n)
	for i := range items {
		items[i] = []byte(`{}`)
	}
	return items
}

// finished waits until the operation is and gives it.
func (i *instance) finished(t *testing.T, id uuid.UUID) ports.Operation {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		op, err := i.Operation(t.Context(), id)
		if !errors.Is(err, query.ErrUnavailable) {
			require.NoError(t, err)
		}
		if op.Finished() {
			return op
		}
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("operation was not finished")
		}
	}
}

// job is what the queue holds of a job.
type job struct {
	State   string
	Attempt int
}

// unfinished gives the jobs that are left to do.
func unfinished(t *testing.T, pool *pgxpool.Pool) []job {
	t.Helper()
	rows, _ := pool.Query(t.Context(), `SELECT state::text, attempt FROM ops.river_job WHERE state <> 'completed'`)
	jobs, err := pgx.CollectRows(rows, pgx.RowToStructByPos[job])
	require.NoError(t, err)
	return jobs
}

// rescues counts how often river took a process for dead.
func rescues(t *testing.T, pool *pgxpool.Pool) (n int) {
	t.Helper()
	require.NoError(t, pool.QueryRow(t.Context(),
		`SELECT coalesce(sum((metadata ->> 'river:rescue_count')::int), 0) FROM ops.river_job`).Scan(&n))
	return n
}

func receive[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case value := <-from:
		return value
	case <-t.Context().Done():
		t.Fatal("nothing came")
		panic("unreachable")
	}
}
