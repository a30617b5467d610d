// Package backoff spaces repeated attempts at something that failed.
package backoff

import (
	"math/rand/v2"
	"time"
)

// Backoff doubles the delay after each failure in a row, from Min up to Max.
// Half of each delay is random, so that what failed together does not come back
// together.
type Backoff struct{ Min, Max time.Duration }

// Delay is the pause after the n-th failure in a row, counted from 1: from half
// of the doubled Min up to all of it.
func (b Backoff) Delay(n int) time.Duration {
	d := min(b.Min<<min(max(n-1, 0), 16), b.Max)
	return d/2 + rand.N(d/2+1) //nolint:gosec // no secret
}
