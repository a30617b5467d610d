package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
)

const (
	// maxFailures in a row, over some 30 s, end an operation.
	maxFailures = 8

	firstPause = 250 * time.Millisecond
	lastPause  = 10 * time.Second

	troubleKey = "trouble"
)

// trouble counts what went wrong since the operation's last chunk that went
// well. It is kept in the job's metadata. A death of the process leaves it as
// it is.
type trouble struct {
	Waits    int `json:"waits,omitempty"`    // for something that passes; without limit
	Failures int `json:"failures,omitempty"` // of any other kind, up to maxFailures
	Slow     int `json:"slow,omitempty"`     // chunks that took too long; each doubles the time
}

// readTrouble takes what cannot be read as no trouble: it only means patience.
func readTrouble(metadata []byte) trouble {
	var m struct {
		Trouble trouble `json:"trouble"`
	}
	if json.Unmarshal(metadata, &m) != nil {
		return trouble{}
	}
	return m.Trouble
}

// judge counts an error in, and decides whether it fails the operation for
// good. The context is that of the chunk.
func judge(ctx context.Context, was trouble, err error) (now trouble, failed bool) {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		// A stop that did not wait any longer: the operation is not to blame.
		return trouble{Failures: was.Failures, Slow: was.Slow}, false
	case passes(ctx, err):
		now = trouble{Waits: was.Waits + 1, Failures: was.Failures, Slow: was.Slow}
		if ctx.Err() != nil {
			now.Slow++
		}
		return now, false
	}
	now = trouble{Failures: was.Failures + 1}
	return now, final(err) || now.Failures >= maxFailures
}

// pause doubles each time, up to 10 s; the random part keeps operations that
// went wrong together from coming back together.
func (t trouble) pause() time.Duration {
	times := max(t.Waits, t.Failures)
	if times == 0 {
		return 0
	}
	pause := min(firstPause<<min(times-1, 16), lastPause)
	return pause/2 + rand.N(pause/2) //nolint:gosec // no secret
}

// timeout is what a run may take. A chunk that cannot be cut (a dry run) has to
// get through in one; what was not enough before is not enough again.
func (t trouble) timeout() time.Duration {
	return min(runTimeout<<min(t.Slow, 16), longestRun)
}

// passes reports whether the same chunk may go well later unchanged. A chunk
// that took too long is one of them: what it did is kept, the next try goes on
// from there.
func passes(ctx context.Context, err error) bool {
	for _, passing := range []error{eventlog.ErrUnavailable, query.ErrUnavailable, eventlog.ErrBusy, context.DeadlineExceeded} {
		if errors.Is(err, passing) {
			return true
		}
	}
	return ctx.Err() != nil || postgres.IsUnavailable(err)
}

// final reports whether err is a decision, which trying again does not change.
func final(err error) bool {
	_, refused := errors.AsType[*domain.Refusal](err)
	return refused || errors.Is(err, query.ErrNotFound) || errors.Is(err, access.ErrForbidden)
}

// reason is what the operation's caller is told: a code and a sentence. The
// error itself may name what is nobody's business, so it only goes to the log.
func reason(err error) string {
	if refusal, ok := errors.AsType[*domain.Refusal](err); ok && len(refusal.Problems) > 0 {
		return refusal.Problems[0].Code + ": " + refusal.Problems[0].Detail
	}
	if errors.Is(err, access.ErrForbidden) {
		return "forbidden: A right that the operation needs is missing."
	}
	return "operation_failed: The operation could not be carried out. What has a result is done."
}
