package operations_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/operations"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// jobs counts the jobs that were queued.
func jobs(count *int) operations.QueueChunk {
	return func(context.Context, pgx.Tx, uuid.UUID) error {
		*count++
		return nil
	}
}

func bytesOf(texts ...string) [][]byte {
	var all [][]byte
	for _, text := range texts {
		all = append(all, []byte(text))
	}
	return all
}

func TestOperationFromRequestToResults(t *testing.T) {
	t.Parallel()
	var started int
	store := operations.NewStore(pgtest.Pool(t), jobs(&started), eventlog.Epoch{})
	op := ports.Operation{
		ID: uuid.New(), Kind: ports.OperationRegistration, Account: uuid.New(), State: ports.OperationQueued,
		Total: 3, Counters: map[domain.Outcome]int{}, CreatedAt: noon,
	}
	// Spaces, doubled keys and an escaped NUL come back as they came.
	items := bytesOf(`{"a" : 1, "a":2}`, `{"name":"x\u0000y"}`, `3`)
	for range 2 {
		require.NoError(t, store.CreateOperation(t.Context(), op, []byte(`{"dryRun": false}`), items))
	}
	require.Equal(t, 1, started)
	got, err := store.Operation(t.Context(), op.ID)
	require.NoError(t, err)
	require.Equal(t, op, got)
	request, part, err := store.OperationRequest(t.Context(), op.ID, 1, 1)
	require.NoError(t, err)
	require.Equal(t, `{"dryRun": false}`, string(request))
	require.Equal(t, items[1:2], part)

	first := ports.OperationChunk{
		From: 0, Results: bytesOf(`{"r":0}`, `{"r":"\u0000"}`), Counters: map[domain.Outcome]int{"created": 1, "refused": 1},
		Position: eventlog.Position{Commit: 9, Prepare: 8}, At: noon.Add(time.Minute),
	}
	for range 2 {
		require.NoError(t, store.SaveChunk(t.Context(), op.ID, first))
	}
	op.State, op.Done, op.StartedAt, op.Position = ports.OperationRunning, 2, first.At, first.Position
	op.Counters = first.Counters
	require.Equal(t, 2, started, "a job for the rest, once")
	got, err = store.Operation(t.Context(), op.ID)
	require.NoError(t, err)
	require.Equal(t, op, got)

	last := ports.OperationChunk{From: 2, Results: bytesOf(`2`), Counters: map[domain.Outcome]int{"created": 1}, At: noon.Add(time.Hour)}
	require.NoError(t, store.SaveChunk(t.Context(), op.ID, last))
	require.NoError(t, store.FailOperation(t.Context(), op.ID, "too late", noon))
	require.Equal(t, 2, started, "nothing is left to do")
	op.State, op.Done, op.FinishedAt = ports.OperationDone, 3, last.At
	op.Counters = map[domain.Outcome]int{"created": 2, "refused": 1}
	got, err = store.Operation(t.Context(), op.ID)
	require.NoError(t, err)
	require.Equal(t, op, got)
	results, err := store.OperationResults(t.Context(), op.ID, 1, 10)
	require.NoError(t, err)
	require.Equal(t, bytesOf(`{"r":"\u0000"}`, `2`), results)
}

// A position of a future of the log that is lost is none: nobody is to wait for it.
func TestOperationOfALostFutureHasNoPosition(t *testing.T) {
	t.Parallel()
	pool, started := pgtest.Pool(t), 0
	first, later := eventlog.FirstEpoch(uuid.New()), eventlog.LaterEpoch(uuid.New())
	in := func(e eventlog.Epoch) *operations.Store { return operations.NewStore(pool, jobs(&started), e) }
	op := ports.Operation{ID: uuid.New(), Kind: ports.OperationRegistration, State: ports.OperationQueued, CreatedAt: noon}
	require.NoError(t, in(first).CreateOperation(t.Context(), op, []byte(`{}`), bytesOf(`1`, `2`)))
	chunk := ports.OperationChunk{Results: bytesOf(`1`), Position: eventlog.Position{Commit: 9, Prepare: 8}, At: noon}
	require.NoError(t, in(first).SaveChunk(t.Context(), op.ID, chunk))
	position := func(e eventlog.Epoch) eventlog.Position {
		got, err := in(e).Operation(t.Context(), op.ID)
		require.NoError(t, err)
		return got.Position
	}
	require.Equal(t, chunk.Position, position(first))
	require.Zero(t, position(later))
	_, err := pool.Exec(t.Context(), `UPDATE ops.operations SET epoch = NULL`) // as the version before wrote it
	require.NoError(t, err)
	require.Equal(t, chunk.Position, position(first))
	require.Zero(t, position(later))

	chunk.From = 1
	require.NoError(t, in(later).SaveChunk(t.Context(), op.ID, chunk))
	require.Equal(t, chunk.Position, position(later))
	require.Zero(t, position(first))
}

func TestOperationWithoutJobIsNotCreated(t *testing.T) {
	t.Parallel()
	store := operations.NewStore(pgtest.Pool(t), func(context.Context, pgx.Tx, uuid.UUID) error { return errors.New("queue is full") }, eventlog.Epoch{})
	op := ports.Operation{ID: uuid.New(), Kind: ports.OperationRenewal, CreatedAt: noon}
	require.ErrorContains(t, store.CreateOperation(t.Context(), op, []byte(`{}`), bytesOf(`1`)), "queue is full")
	_, err := store.Operation(t.Context(), op.ID)
	require.ErrorIs(t, err, query.ErrNotFound)
	_, _, err = store.OperationRequest(t.Context(), op.ID, 0, 1)
	require.ErrorIs(t, err, query.ErrNotFound)
}

func TestFailedOperationTakesNoResults(t *testing.T) {
	t.Parallel()
	store := operations.NewStore(pgtest.Pool(t), jobs(new(int)), eventlog.Epoch{})
	op := ports.Operation{ID: uuid.New(), Kind: ports.OperationTransfer, CreatedAt: noon}
	require.NoError(t, store.CreateOperation(t.Context(), op, []byte(`{}`), bytesOf(`1`, `2`)))
	require.NoError(t, store.FailOperation(t.Context(), op.ID, "account_closed", noon))
	require.NoError(t, store.SaveChunk(t.Context(), op.ID, ports.OperationChunk{Results: bytesOf(`1`), At: noon}))
	got, err := store.Operation(t.Context(), op.ID)
	require.NoError(t, err)
	require.Equal(t, ports.OperationFailed, got.State)
	require.Equal(t, "account_closed", got.Error)
	require.Equal(t, uuid.Nil, got.Account)
	require.Zero(t, got.Done)
}

func TestRivalRunnersCountEachItemOnce(t *testing.T) {
	t.Parallel()
	store := operations.NewStore(pgtest.Pool(t), jobs(new(int)), eventlog.Epoch{})
	op := ports.Operation{ID: uuid.New(), Kind: ports.OperationRegistration, CreatedAt: noon}
	const chunks, size = 10, 5
	var items [][]byte
	for i := range chunks * size {
		items = append(items, fmt.Append(nil, i))
	}
	require.NoError(t, store.CreateOperation(t.Context(), op, []byte(`{}`), items))
	var runners sync.WaitGroup
	for range 4 {
		runners.Go(func() {
			for {
				now, err := store.Operation(t.Context(), op.ID)
				if err != nil || now.Finished() {
					return
				}
				err = store.SaveChunk(t.Context(), op.ID, ports.OperationChunk{
					From: now.Done, Results: items[now.Done : now.Done+size],
					Counters: map[domain.Outcome]int{"created": size}, At: noon,
				})
				if err != nil {
					t.Errorf("save: %v", err)
					return
				}
			}
		})
	}
	runners.Wait()
	got, err := store.Operation(t.Context(), op.ID)
	require.NoError(t, err)
	require.Equal(t, ports.OperationDone, got.State)
	require.Equal(t, map[domain.Outcome]int{"created": chunks * size}, got.Counters)
	results, err := store.OperationResults(t.Context(), op.ID, 0, 1000)
	require.NoError(t, err)
	require.Equal(t, items, results)
}

func TestChunkBeyondTheItemsIsRefused(t *testing.T) {
	t.Parallel()
	store := operations.NewStore(pgtest.Pool(t), jobs(new(int)), eventlog.Epoch{})
	op := ports.Operation{ID: uuid.New(), Kind: ports.OperationRegistration, CreatedAt: noon}
	require.NoError(t, store.CreateOperation(t.Context(), op, []byte(`{}`), bytesOf(`1`)))
	require.Error(t, store.SaveChunk(t.Context(), op.ID, ports.OperationChunk{Results: bytesOf(`1`, `2`), At: noon}))
	got, err := store.Operation(t.Context(), op.ID)
	require.NoError(t, err)
	require.Equal(t, ports.OperationQueued, got.State)
}

func TestOutageIsTold(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	store := operations.NewStore(server.Pool(t), jobs(new(int)), eventlog.Epoch{})
	server.Stop(t)
	_, err := store.Operation(t.Context(), uuid.New())
	require.ErrorIs(t, err, query.ErrUnavailable)
	err = store.SaveChunk(t.Context(), uuid.New(), ports.OperationChunk{At: noon})
	require.ErrorIs(t, err, query.ErrUnavailable)
}
