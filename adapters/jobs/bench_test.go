package jobs_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/clock/clocktest"
	"github.com/fleetledger/fleetledger/adapters/jobs"
	"github.com/fleetledger/fleetledger/adapters/postgres/operations"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
)

type signalRunner chan uuid.UUID

func (r signalRunner) RunOperationChunk(_ context.Context, id uuid.UUID) (bool, error) {
	r <- id
	return true, nil
}

func (signalRunner) RunDue(context.Context) error { return nil }

func (signalRunner) AnswerResetRequest(context.Context, string, uuid.UUID, string) error {
	return nil
}

func (signalRunner) SendPasswordReset(context.Context, uuid.UUID, uuid.UUID, string) error {
	return nil
}

// BenchmarkStart measures the time from an operation's creation to its first
// chunk on an idle instance.
func BenchmarkStart(b *testing.B) {
	pool := pgtest.Pool(b)
	j, err := jobs.New(jobs.Options{Pool: pool, Clock: clocktest.At(noon), Logger: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	store := operations.NewStore(pool, j.QueueChunk, eventlog.Epoch{})
	runner := make(signalRunner)
	require.NoError(b, j.Start(b.Context(), runs(runner), store))
	for b.Loop() {
		op := ports.Operation{ID: uuid.New(), Kind: ports.OperationRenewal, CreatedAt: noon}
		require.NoError(b, store.CreateOperation(b.Context(), op, []byte(`{}`), emptyItems(1)))
		require.Equal(b, op.ID, <-runner)
	}
	require.NoError(b, j.Stop(b.Context()))
}
