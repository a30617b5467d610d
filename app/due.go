package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
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
	NextDue(ctx context.Context, p Position) (time.Time, error)
	// RunDue does all that is due at an instant, by the read models at p at
	// least, and gives the position of the last event it knows of. It may be
	// called again and on several instances at once: each thing is done once.
	// ErrBusy: something is kept from being done for the moment.
	RunDue(ctx context.Context, at time.Time, p Position) (Position, error)
}

// DueKind is a kind of thing that falls due by itself.
type DueKind string

// The kinds.
const (
	DueRenewals           DueKind = "renewals" // of free terms
	DuePartnershipEnds    DueKind = "partnership ends"
	DuePartnershipWarning DueKind = "warnings of partnership ends"
	DueInvitations        DueKind = "invitations of accounts that run out"
	DueUserInvitations    DueKind = "invitations of users that run out"
)

// DueQuery asks what of a kind falls due and was not done yet, the earliest
// first.
type DueQuery struct {
	Kind        DueKind
	MinPosition Position
	Upto        time.Time // zero: whenever
	After       DueRow    // the last row of the page before
	Limit       int
	WarnDays    []int // days before a partnership's end on which a warning is due
}

// DueRow is a thing and the instant, in whole microseconds, from which it is due.
type DueRow struct {
	UID uuid.UUID
	At  time.Time
}

// RunDue does all that is due by now. What goes wrong with one kind of work does
// not keep the others back.
func (a *App) RunDue(ctx context.Context) error {
	_, err := a.runDue(ctx, a.clock.Now(), Position{})
	return err
}

func (a *App) runDue(ctx context.Context, at time.Time, p Position) (Position, error) {
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
func (a *App) nextDue(ctx context.Context, p Position) (time.Time, error) {
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
func (a *App) youngest(ctx context.Context) (Position, error) {
	known, err := a.reader.Devices(ctx, DeviceQuery{Page: Page{Limit: 1}})
	if err != nil {
		return Position{}, err
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
