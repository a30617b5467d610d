package eventstoredb

import (
	"context"
	"time"
)

// maxDoubts is how often a call is tried whose failures are unclear.
const maxDoubts = 3

// attempts counts the failures of one call and decides whether to go on.
type attempts struct {
	store    *Store
	op       string    // for metrics
	what     string    // for errors
	since    time.Time // when the call began, or last got something
	failures int
	doubts   int
}

func (s *Store) attempts(op, what string) *attempts {
	return &attempts{store: s, op: op, what: what, since: time.Now()}
}

// again is asked after a failure. It pauses and gives nil when the call should
// be tried once more, and the call's final error otherwise.
func (a *attempts) again(ctx context.Context, err error) error {
	ctx, cancel := context.WithTimeout(ctx, a.left())
	defer cancel()
	verdict := classify(err)
	if verdict == doubtful {
		a.doubts++
	}
	if ctx.Err() != nil || verdict == refused || a.doubts == maxDoubts {
		return failed(ctx, a.what, err)
	}
	a.store.metrics.retries.WithLabelValues(a.op).Inc()
	if a.store.options.Retry.wait(ctx, a.failures) != nil {
		return failed(ctx, a.what, err)
	}
	a.failures++
	return nil
}

// left is how much of the call's time remains.
func (a *attempts) left() time.Duration {
	return time.Until(a.since.Add(a.store.options.CallTimeout))
}

// progressed forgets the failures: something went through.
func (a *attempts) progressed() { a.failures, a.doubts, a.since = 0, 0, time.Now() }
