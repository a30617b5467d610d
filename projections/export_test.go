package projections

import (
	"context"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// Follower opens a runner's follower to tests that have several at work at
// once, which the lease forbids.
func (r *Runner) Follower(name string) (from func(context.Context) (eventlog.Position, error), apply func(context.Context, eventlog.Batch) error) {
	for _, f := range r.followers {
		if f.name == name {
			return f.from, f.apply
		}
	}
	return nil, nil
}
