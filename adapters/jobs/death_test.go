package jobs_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/clock/clocktest"
	"github.com/fleetledger/fleetledger/adapters/jobs"
	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/operations"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
)

// processEnv names the database of a process that takes up an operation and
// never ends a chunk of it.
const processEnv = "FLEETLEDGER_TEST_JOBS_URL"

func TestMain(m *testing.M) {
	if url := os.Getenv(processEnv); url != "" {
		if err := process(context.Background(), url); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

type stuckRunner struct{}

func (stuckRunner) RunOperationChunk(_ context.Context, id uuid.UUID) (bool, error) {
	fmt.Fprintln(os.Stdout, id)
	select {}
}

func (stuckRunner) RunDue(context.Context) error { return nil }

func (stuckRunner) AnswerResetRequest(context.Context, string, uuid.UUID, string) error { return nil }

func (stuckRunner) SendPasswordReset(context.Context, uuid.UUID, uuid.UUID, string) error { return nil }

func process(ctx context.Context, url string) error {
	pool, err := postgres.Open(ctx, url, postgres.Options{})
	if err != nil {
		return err
	}
	j, err := jobs.New(jobs.Options{Pool: pool, Clock: clocktest.At(noon), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	// The test ends it.
	return j.Run(ctx, runs(stuckRunner{}), operations.NewStore(pool, j.QueueChunk, eventlog.Epoch{}))
}

// killed gives an instance with an operation of three chunks, whose process was
// killed in the middle of the first.
func killed(t *testing.T) (*instance, uuid.UUID, *pgxpool.Pool) {
	t.Helper()
	url := pgtest.URL(t)
	pool, err := postgres.Open(t.Context(), url, postgres.Options{})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	i := newInstance(t, pool, 1)
	id := i.create(t, 3)

	killed := exec.CommandContext(t.Context(), os.Args[0])
	killed.Env = append(os.Environ(), processEnv+"="+url)
	out, err := killed.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, killed.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, id.String()+"\n", line)
	require.NoError(t, killed.Process.Kill())
	require.Error(t, killed.Wait())
	require.Equal(t, []job{{State: "running", Attempt: 1}}, unfinished(t, pool))
	return i, id, pool
}

// TestOperationOutlivesItsProcess takes 10 to 30 s, as the operation does.
func TestOperationOutlivesItsProcess(t *testing.T) {
	t.Parallel()
	i, id, pool := killed(t)
	died := time.Now()
	i.start(t)
	require.Equal(t, ports.OperationDone, i.finished(t, id).State)
	t.Logf("went on after %s", time.Since(died).Round(100*time.Millisecond))
	i.stop(t)
	require.Len(t, i.chunks, 3)
	require.Equal(t, 1, rescues(t, pool))
	require.Empty(t, unfinished(t, pool))
}

// Whoever has the database alone does not wait until river notices the death.
func TestOperationIsResumed(t *testing.T) {
	t.Parallel()
	i, id, pool := killed(t)
	require.NoError(t, i.jobs.Resume(t.Context()))
	i.start(t)
	require.Equal(t, ports.OperationDone, i.finished(t, id).State)
	i.stop(t)
	require.Len(t, i.chunks, 3)
	require.Zero(t, rescues(t, pool))
	require.Empty(t, unfinished(t, pool))
}

func TestStopFinishesTheChunk(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	i := newInstance(t, pool, 1)
	began, finish := make(chan struct{}), make(chan struct{})
	i.before = func(ctx context.Context, _ ports.Operation) error {
		began <- struct{}{}
		select {
		case <-finish:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	ctx, end := context.WithCancel(t.Context())
	require.NoError(t, i.jobs.Start(ctx, runs(i), i))
	id := i.create(t, 3)
	receive(t, began)
	end()
	close(finish)
	i.stop(t)
	require.Len(t, i.chunks, 1)
	require.Equal(t, []job{{State: "available"}}, unfinished(t, pool))

	next := newInstance(t, pool, 1)
	next.start(t)
	require.Equal(t, ports.OperationDone, next.finished(t, id).State)
	next.stop(t)
	require.Len(t, next.chunks, 2)
}

func TestStopGivesUpAChunkThatTakesTooLong(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	i := newInstance(t, pool, 1)
	began := make(chan struct{})
	i.before = func(ctx context.Context, _ ports.Operation) error {
		began <- struct{}{}
		<-ctx.Done()
		return fmt.Errorf("append: %w", eventlog.ErrUnavailable)
	}
	i.start(t)
	id := i.create(t, 1)
	receive(t, began)
	i.stop(t)
	require.Empty(t, i.chunks)
	require.Equal(t, []job{{State: "available"}}, unfinished(t, pool))

	next := newInstance(t, pool, 1)
	next.start(t)
	require.Equal(t, ports.OperationDone, next.finished(t, id).State)
}

// A chunk that hangs is cancelled, and the next attempt has more time for it.
func TestChunkThatTakesTooLong(t *testing.T) {
	t.Parallel()
	i := newInstance(t, pgtest.Pool(t), 1)
	times := make(chan time.Duration, 2)
	i.before = func(ctx context.Context, _ ports.Operation) error {
		deadline, _ := ctx.Deadline()
		times <- time.Until(deadline)
		if len(times) == 1 {
			<-ctx.Done()
		}
		return ctx.Err()
	}
	i.start(t)
	require.Equal(t, ports.OperationDone, i.finished(t, i.create(t, 1)).State)
	first, second := <-times, <-times
	require.Greater(t, second, first*3/2)
}

func TestStopDoesNotWaitForEverForADeafRunner(t *testing.T) {
	t.Parallel()
	i := newInstance(t, pgtest.Pool(t), 1)
	began, finish := make(chan struct{}), make(chan struct{})
	i.before = func(context.Context, ports.Operation) error {
		began <- struct{}{}
		<-finish
		return nil
	}
	i.start(t)
	i.create(t, 1)
	receive(t, began)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, i.jobs.Stop(ctx), context.Canceled)
	close(finish)
	i.stop(t)
	require.Len(t, i.chunks, 1)
}

func TestOperationOutlivesADatabaseOutage(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t, pgtest.Durable())
	pool := server.Pool(t)
	i := newInstance(t, pool, 1)
	began, finish := make(chan struct{}, 100), make(chan struct{})
	i.before = func(ctx context.Context, _ ports.Operation) error {
		began <- struct{}{}
		select {
		case <-finish:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	i.start(t)
	id := i.create(t, 3)
	receive(t, began)
	server.Kill(t)
	close(finish) // the chunk cannot be saved
	server.Start(t)
	require.Equal(t, ports.OperationDone, i.finished(t, id).State)
}
