package schedule

import (
	"context"
	"time"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// days marks in the log that days have begun. One mark is for all days since the one
// before, so nothing waits for it: the sandbox clock does not stop at each midnight.
type days struct{}

func (days) called() string { return "days" }

func (days) next(context.Context, *Service, eventlog.Position) (time.Time, error) {
	return time.Time{}, nil
}

func (days) run(ctx context.Context, s *Service, at time.Time, p eventlog.Position) (eventlog.Position, error) {
	made, err := eventlog.BeginDay(ctx, s.executor.Log, at)
	if p.Before(made) {
		p = made
	}
	return p, err
}
