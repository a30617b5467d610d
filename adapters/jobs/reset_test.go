package jobs_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
)

// A request is kept while nobody works, and tried again when that goes wrong, as
// the same command.
func TestPasswordResets(t *testing.T) {
	t.Parallel()
	i := newInstance(t, pgtest.Pool(t), 1)
	type call struct {
		whom        string
		command     uuid.UUID
		traceparent string
	}
	calls := make(chan call, 10)
	failed := false
	i.reset = func(_ context.Context, whom string, command uuid.UUID, traceparent string) error {
		calls <- call{whom, command, traceparent}
		if !failed {
			failed = true
			return errors.New("not now")
		}
		return nil
	}
	asked := call{"email-1", uuid.New(), "00-1-2-00"}
	require.NoError(t, i.jobs.QueuePasswordReset(t.Context(), asked.whom, asked.command, asked.traceparent))
	i.start(t)
	require.Equal(t, asked, <-calls)
	require.Equal(t, asked, <-calls)
}
