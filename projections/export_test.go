package projections

import (
	"context"
	"time"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// Follower opens a runner's follower to tests that have several at work at
// once, which the lease forbids.
func (r *Runner) Follower(name string) (from func(context.Context) (eventlog.Position, error), apply func(context.Context, eventlog.Batch) error) {
	for _, f := range r.followers {
		if f.name == name {
			return func(ctx context.Context) (eventlog.Position, error) { return r.from(ctx, f) }, f.apply
		}
	}
	return nil, nil
}

// LookAt looks after all followers, at a time of the test's.
func (r *Runner) LookAt(ctx context.Context, now time.Time) {
	for _, f := range r.followers {
		r.look(ctx, f, now)
	}
}

// UnfitAt is Unfit at a time of the test's.
func (r *Runner) UnfitAt(now time.Time) error { return r.unfit(now) }

// Early reports whether a reaction waits for a time to come.
func (r *Runner) Early(name string) bool {
	for _, f := range r.followers {
		if f.name == name {
			f.mu.Lock()
			defer f.mu.Unlock()
			return f.early
		}
	}
	return false
}
