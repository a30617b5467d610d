package command

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
)

// How often and how long things are tried again.
const (
	conflictTries = 16               // of a command, when others were faster
	claimTries    = 40               // of a claim: one stream serves all of a reseller's devices
	appendTime    = 10 * time.Second // of an append whose outcome is unknown; less when the context ends before
)

// Retry calls do until it gives another error than eventlog.ErrConflict, with
// growing pauses. What others were faster at each time is eventlog.ErrBusy.
func Retry(ctx context.Context, what string, do func() error) error {
	return retry(ctx, conflictTries, what, do)
}

func retry(ctx context.Context, tries int, what string, do func() error) error {
	for try := range tries {
		err := do()
		if !errors.Is(err, eventlog.ErrConflict) {
			return err
		}
		if err := Pause(ctx, try); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s: %w", what, eventlog.ErrBusy)
}

// errAuditorWrites says that a use case has let an auditor write. That is a
// mistake in the use case; nothing was written.
var errAuditorWrites = errors.New("an auditor writes nothing")

// Append appends, and repeats an append whose outcome is unknown with the same
// ids and expectation until the store answers or time is up.
func (x *Executor) Append(ctx context.Context, stream string, expected eventlog.Revision, events ...eventlog.NewEvent) (eventlog.Revision, eventlog.Position, error) {
	for _, e := range events {
		if e.Metadata.Actor.Kind == domain.ActorAuditor {
			return 0, eventlog.Position{}, fmt.Errorf("append to %s: %w", stream, errAuditorWrites)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, appendTime)
	defer cancel()
	for try := 0; ; try++ {
		revision, position, err := x.Log.Append(ctx, stream, expected, events...)
		if !errors.Is(err, eventlog.ErrUnavailable) {
			if err != nil {
				err = fmt.Errorf("append to %s: %w", stream, err)
			}
			return revision, position, err
		}
		if Pause(ctx, try) != nil {
			return 0, eventlog.Position{}, fmt.Errorf("append to %s: %w", stream, err)
		}
	}
}

// Pause waits before another try, each time about twice as long, with jitter.
func Pause(ctx context.Context, try int) error {
	limit := time.Millisecond << min(try, 7)
	t := time.NewTimer(limit/2 + rand.N(limit)) //nolint:gosec // jitter is no secret
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
