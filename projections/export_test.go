package projections

import (
	"context"

	"github.com/fleetledger/fleetledger/app"
)

// Follower opens a runner's follower to tests that have several at work at
// once, which the lease forbids.
func (r *Runner) Follower(name string) (from func(context.Context) (app.Position, error), apply func(context.Context, app.Batch) error) {
	for _, f := range r.followers {
		if f.name == name {
			return f.from, f.apply
		}
	}
	return nil, nil
}
