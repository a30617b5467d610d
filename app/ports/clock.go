package ports

import (
	"context"
	"time"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// SandboxClock is a clock that can be moved ahead. It goes on ticking.
type SandboxClock interface {
	eventlog.Clock
	// Alone runs do while nobody else moves the clock, on whatever instance;
	// ErrBusy when somebody does.
	Alone(ctx context.Context, do func(context.Context) error) error
	// MoveTo sets the clock to an instant and keeps it there over restarts. It
	// never moves the clock back.
	MoveTo(ctx context.Context, t time.Time) error
}
