package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
)

// DueWork is something that happens by itself when its time has come. All of it
// stands in New; the jobs run it at the present instant, the sandbox clock at
// every instant on its way.
type DueWork interface {
	// Name is for logs and errors.
	Name() string
	// NextDue is the earliest instant at which something falls due that was not
	// done yet, perhaps a past one; zero when there is nothing. The read models
	// it asks are at p at least.
	NextDue(ctx context.Context, p eventlog.Position) (time.Time, error)
	// RunDue does all that is due at an instant, by the read models at p at
	// least, and gives the position of the last event it knows of. It may be
	// called again and on several instances at once: each thing is done once.
	// ErrBusy: something is kept from being done for the moment.
	RunDue(ctx context.Context, at time.Time, p eventlog.Position) (eventlog.Position, error)
}

// RunDue does all that is due by now. What goes wrong with one kind of work does
// not keep the others back.
func (a *App) RunDue(ctx context.Context) error {
	_, err := a.runDue(ctx, a.clock.Now(), eventlog.Position{})
	return err
}

func (a *App) runDue(ctx context.Context, at time.Time, p eventlog.Position) (eventlog.Position, error) {
	var errs []error
	for _, work := range a.due {
		reached, err := work.RunDue(ctx, at, p)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", work.Name(), err))
		}
		if p.Before(reached) {
			p = reached
		}
	}
	return p, errors.Join(errs...)
}

// nextDue is the earliest instant of all; zero when nothing falls due.
func (a *App) nextDue(ctx context.Context, p eventlog.Position) (time.Time, error) {
	var next time.Time
	for _, work := range a.due {
		at, err := work.NextDue(ctx, p)
		if err != nil {
			return next, fmt.Errorf("%s: %w", work.Name(), err)
		}
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next, nil
}

// youngest is a position that a read model has to reach to know of everything
// that was appended before this call.
func (a *App) youngest(ctx context.Context) (eventlog.Position, error) {
	known, err := a.reader.Devices(ctx, query.DeviceQuery{Page: query.Page{Limit: 1}})
	if err != nil {
		return eventlog.Position{}, err
	}
	last := known.Position
	for e, err := range a.log.ReadAll(ctx, last, "account-", "device-", "partnership-", "user-") {
		if err != nil {
			return last, err
		}
		last = e.Position
	}
	return last, nil
}
