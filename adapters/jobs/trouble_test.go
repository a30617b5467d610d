package jobs

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancelLate := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancelLate()
	almost := trouble{Failures: maxFailures - 1}
	for name, c := range map[string]struct {
		ctx    context.Context
		was    trouble
		err    error
		now    trouble
		failed bool
	}{
		"log is away":           {t.Context(), trouble{}, fmt.Errorf("read: %w", eventlog.ErrUnavailable), trouble{Waits: 1}, false},
		"for ever":              {t.Context(), trouble{Waits: 1000}, query.ErrUnavailable, trouble{Waits: 1001}, false},
		"outage does not fail":  {t.Context(), almost, eventlog.ErrUnavailable, trouble{Waits: 1, Failures: maxFailures - 1}, false},
		"others were faster":    {t.Context(), trouble{Waits: 1}, eventlog.ErrBusy, trouble{Waits: 2}, false},
		"right is missing":      {t.Context(), trouble{}, &access.Forbidden{}, trouble{Failures: 1}, true},
		"chunk took too long":   {late, almost, errors.New("anything"), trouble{Waits: 1, Failures: maxFailures - 1, Slow: 1}, false},
		"and again":             {late, trouble{Waits: 2, Slow: 1}, errors.New("anything"), trouble{Waits: 3, Slow: 2}, false},
		"some call took long":   {t.Context(), trouble{}, context.DeadlineExceeded, trouble{Waits: 1}, false},
		"hard stop":             {cancelled, almost, errors.New("anything"), almost, false},
		"hard stop of the slow": {cancelled, trouble{Slow: 2}, errors.New("anything"), trouble{Slow: 2}, false},
		"first failure":         {t.Context(), trouble{}, errors.New("bug"), trouble{Failures: 1}, false},
		"failure after waiting": {t.Context(), trouble{Waits: 9, Failures: 1}, errors.New("bug"), trouble{Failures: 2}, false},
		"last failure":          {t.Context(), almost, errors.New("bug"), trouble{Failures: maxFailures}, true},
		"refusal":               {t.Context(), trouble{}, domain.Refuse(domain.Problem{Code: "c"}), trouble{Failures: 1}, true},
		"nothing there":         {t.Context(), trouble{}, query.ErrNotFound, trouble{Failures: 1}, true},
	} {
		now, failed := judge(c.ctx, c.was, c.err)
		require.Equal(t, c.now, now, name)
		require.Equal(t, c.failed, failed, name)
	}
}

func TestPauseGrowsUpToALimit(t *testing.T) {
	t.Parallel()
	require.Zero(t, trouble{}.pause())
	for times := range 100 {
		pause := trouble{Waits: times + 1}.pause()
		require.GreaterOrEqual(t, pause, min(firstPause<<min(times, 10), lastPause)/2, times)
		require.Less(t, pause, min(firstPause<<min(times, 10), lastPause), times)
	}
}

// A dry run is one chunk whatever its size, and starts over each time: with the
// same time it would never end.
func TestAChunkThatTookTooLongGetsMoreTime(t *testing.T) {
	t.Parallel()
	given := func(metadata string) time.Duration {
		return (&worker{}).Timeout(&river.Job[operation]{JobRow: &rivertype.JobRow{Metadata: []byte(metadata)}})
	}
	require.Equal(t, runTimeout, given(`{}`))
	require.Equal(t, runTimeout, given(`{"trouble":{"waits":9,"failures":3}}`), "an outage says nothing about the chunk")
	require.Equal(t, 2*runTimeout, given(`{"trouble":{"waits":1,"slow":1}}`))
	require.Equal(t, 8*runTimeout, given(`{"trouble":{"waits":3,"slow":3}}`))
	require.Equal(t, longestRun, given(`{"trouble":{"slow":1000}}`))
}

func TestReasonKeepsInternalsToItself(t *testing.T) {
	t.Parallel()
	require.Equal(t, "operation_failed: The operation could not be carried out. What has a result is done.",
		reason(errors.New("password of db is x")))
	require.Equal(t, "forbidden: A right that the operation needs is missing.", reason(&access.Forbidden{}))
	require.Equal(t, "account_closed: It is closed.",
		reason(fmt.Errorf("chunk: %w", domain.Refuse(domain.Problem{Code: "account_closed", Detail: "It is closed."}))))
}

func TestTroubleThatCannotBeReadIsNone(t *testing.T) {
	t.Parallel()
	require.Equal(t, trouble{Waits: 2}, readTrouble([]byte(`{"snoozes":3,"trouble":{"waits":2}}`)))
	require.Equal(t, trouble{}, readTrouble([]byte(`{"trouble":"x"}`)))
}
