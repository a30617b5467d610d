package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
)

// chunkRunner are Operations whose chunks end with err.
type chunkRunner struct {
	err error
}

func (r chunkRunner) RunOperationChunk(context.Context, uuid.UUID) (bool, error) { return false, r.err }

type failerFunc func(reason string) error

func (f failerFunc) FailOperation(_ context.Context, _ uuid.UUID, reason string, _ time.Time) error {
	return f(reason)
}

type clockFunc func() time.Time

func (f clockFunc) Now() time.Time { return f() }

func jobWith(attempt int, metadata string) *river.Job[chunk] {
	return &river.Job[chunk]{JobRow: &rivertype.JobRow{Attempt: attempt, Metadata: []byte(metadata)}}
}

func TestWhatAnAttemptAtAChunkEndsIn(t *testing.T) {
	t.Parallel()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	bug := errors.New("a bug")
	const (
		done    = "done"
		snoozed = "snoozed"
		counted = "counted"
	)
	for name, c := range map[string]struct {
		ctx     context.Context
		attempt int
		err     error
		failErr error
		ends    string
		failed  bool
	}{
		"went well":               {ctx: t.Context(), attempt: 1, ends: done},
		"log is away":             {ctx: t.Context(), attempt: 1, err: fmt.Errorf("read: %w", eventlog.ErrUnavailable), ends: snoozed},
		"database is away":        {ctx: t.Context(), attempt: 1, err: query.ErrUnavailable, ends: snoozed},
		"connection broke":        {ctx: t.Context(), attempt: 1, err: fmt.Errorf("read: %w", io.ErrUnexpectedEOF), ends: snoozed},
		"others were faster":      {ctx: t.Context(), attempt: 1, err: eventlog.ErrBusy, ends: snoozed},
		"some call took long":     {ctx: t.Context(), attempt: 1, err: context.DeadlineExceeded, ends: snoozed},
		"outage does not fail":    {ctx: t.Context(), attempt: maxAttempts, err: eventlog.ErrUnavailable, ends: snoozed},
		"bug":                     {ctx: t.Context(), attempt: 1, err: bug, ends: counted},
		"last bug":                {ctx: t.Context(), attempt: maxAttempts, err: bug, ends: counted},
		"after the last":          {ctx: t.Context(), attempt: maxAttempts + 1, ends: done, failed: true},
		"failure is not kept":     {ctx: t.Context(), attempt: maxAttempts + 1, failErr: query.ErrUnavailable, ends: snoozed, failed: true},
		"stop cancelled it":       {ctx: cancelled, attempt: 1, err: bug, ends: counted}, // river takes that back, see interrupted
		"done in spite of a stop": {ctx: cancelled, attempt: 1, ends: done},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failed := ""
			w := chunkWorker{
				operations: chunkRunner{err: c.err}, failer: failerFunc(func(reason string) error { failed = reason; return c.failErr }),
				clock: clockFunc(time.Now), logger: slog.New(slog.DiscardHandler),
			}
			err := w.Work(c.ctx, jobWith(c.attempt, `{}`))
			ended := done
			if _, ok := errors.AsType[*river.JobSnoozeError](err); ok {
				ended = snoozed
			} else if err != nil {
				require.ErrorIs(t, err, c.err)
				ended = counted
			}
			require.Equal(t, c.ends, ended)
			require.Equal(t, c.failed, failed == tooManyAttempts)
		})
	}
}

func TestWaitsGrow(t *testing.T) {
	t.Parallel()
	w := chunkWorker{operations: chunkRunner{err: eventlog.ErrUnavailable}, logger: slog.New(slog.DiscardHandler)}
	for snoozes, full := range map[int]time.Duration{0: chunkRetries.Min, 2: 4 * chunkRetries.Min, 1000: chunkRetries.Max} {
		err := w.Work(t.Context(), jobWith(1, fmt.Sprintf(`{"snoozes":%d}`, snoozes)))
		snooze, ok := errors.AsType[*river.JobSnoozeError](err)
		require.True(t, ok)
		require.GreaterOrEqual(t, snooze.Duration, full/2)
		require.LessOrEqual(t, snooze.Duration, full)
	}
}

// A dry run is one chunk whatever its size, and starts over each time: with the
// same time it would never end.
func TestAChunkThatTookTooLongGetsMoreTime(t *testing.T) {
	t.Parallel()
	given := func(metadata string) time.Duration { return (&chunkWorker{}).Timeout(jobWith(1, metadata)) }
	require.Equal(t, runTimeout, given(`{}`))
	require.Equal(t, runTimeout, given(`{"snoozes":9}`), "an outage says nothing about the chunk")
	require.Equal(t, 2*runTimeout, given(`{"slow":1}`))
	require.Equal(t, 8*runTimeout, given(`{"slow":3}`))
	require.Equal(t, longestRun, given(`{"slow":1000}`))
	require.Equal(t, runTimeout, given(`{"slow":"x"}`))
	require.Equal(t, runTimeout, given(`not JSON`))
}

func TestInterruptedIsToldByTheContext(t *testing.T) {
	t.Parallel()
	bug := errors.New("a bug")
	fails := func(context.Context) error { return bug }
	require.Equal(t, bug, interrupted(t.Context(), nil, fails))
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, interrupted(cancelled, nil, fails), context.Canceled)
	require.NoError(t, interrupted(cancelled, nil, func(context.Context) error { return nil }))
}
