package eventstoredb

import (
	"context"
	"math/rand/v2"
	"time"
)

// Backoff spaces repeated attempts: from Min, doubling, up to Max, each delay
// with a random half so that many clients do not come back in step.
type Backoff struct {
	Min, Max time.Duration
}

func (b Backoff) withDefaults(lowest, highest time.Duration) Backoff {
	if b.Min <= 0 {
		b.Min = lowest
	}
	if b.Max <= 0 {
		b.Max = highest
	}
	b.Max = max(b.Max, b.Min)
	return b
}

// delay is the pause after the n-th failure in a row, n from 0.
func (b Backoff) delay(n int) time.Duration {
	d := b.Min
	for ; n > 0 && d < b.Max; n-- {
		d *= 2
	}
	d = min(d, b.Max)
	return d/2 + rand.N(d/2+1) //nolint:gosec // nothing secret
}

// wait pauses after the n-th failure in a row, or until ctx ends.
func (b Backoff) wait(ctx context.Context, n int) error {
	t := time.NewTimer(b.delay(n))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
