package jobs_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app"
)

// A request is kept while nobody works, and tried again when that goes wrong, as
// the same command.
func TestPasswordResets(t *testing.T) {
	t.Parallel()
	i := newInstance(t, pgtest.Pool(t), 1)
	type call struct {
		user uuid.UUID
		app.Command
	}
	calls := make(chan call, 10)
	failed := false
	i.reset = func(_ context.Context, user uuid.UUID, c app.Command) error {
		calls <- call{user, c}
		if !failed {
			failed = true
			return errors.New("not now")
		}
		return nil
	}
	asked := call{uuid.New(), app.Command{ID: uuid.New(), Traceparent: "00-1-2-00"}}
	require.NoError(t, i.jobs.QueuePasswordReset(t.Context(), asked.user, asked.Command))
	i.start(t)
	require.Equal(t, asked, <-calls)
	require.Equal(t, asked, <-calls)
}
