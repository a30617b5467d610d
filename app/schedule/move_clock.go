package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// MoveClock moves the sandbox clock: exactly one of Advance and To.
type MoveClock struct {
	Advance calendar.Span
	To      time.Time
}

// Codes of refusals to move the clock. They are part of the interface and never
// change.
const (
	CodeClockTarget    = "clock_target_invalid"
	CodeClockBackwards = "clock_backwards"
	CodeClockTooFar    = "clock_too_far"
)

// clockEnd is as far as the sandbox goes.
var clockEnd = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)

// dueTries is how often the same instant is tried when something that is due
// there cannot be done for the moment.
const dueTries = 12

// SandboxTime is what the sandbox clock shows. It is the operator's;
// query.ErrNotFound where there is no sandbox.
func (s *Service) SandboxTime(caller access.Caller) (time.Time, error) {
	if s.sandbox == nil {
		return time.Time{}, query.ErrNotFound
	}
	if err := access.OperatorOnly(caller, rights.SandboxClock); err != nil {
		return time.Time{}, err
	}
	return s.sandbox.Now(), nil
}

// MoveClock moves the sandbox clock ahead, from one instant at which something
// falls due to the next, and does there what is due, before it gives the time
// and the position then. After an error the clock stands where it got to, and
// moving it to the same instant goes on from there.
func (s *Service) MoveClock(ctx context.Context, caller access.Caller, c MoveClock) (time.Time, eventlog.Position, error) {
	if _, err := s.SandboxTime(caller); err != nil {
		return time.Time{}, eventlog.Position{}, err
	}
	var reached eventlog.Position
	err := s.sandbox.Alone(ctx, func(ctx context.Context) error {
		target, err := c.target(s.sandbox.Now())
		if err != nil {
			return err
		}
		if reached, err = s.liveUntil(ctx, target); err != nil {
			return fmt.Errorf("on the way to %s: %w", target.Format(time.RFC3339), err)
		}
		if err := s.sandbox.MoveTo(ctx, target); err != nil {
			return err
		}
		reached, err = days{}.run(ctx, s, target, reached)
		return err
	})
	return s.sandbox.Now(), reached, err
}

func (c MoveClock) target(now time.Time) (time.Time, error) {
	refuse := func(code, detail string) (time.Time, error) {
		return time.Time{}, domain.Refuse(domain.Problem{Code: code, Detail: detail})
	}
	if (c.Advance == calendar.Span{}) == c.To.IsZero() {
		return refuse(CodeClockTarget, "Give one of a span to advance by and an instant.")
	}
	target := c.To
	if target.IsZero() {
		target = c.Advance.From(now)
	}
	switch {
	case target.Before(now):
		return refuse(CodeClockBackwards, "The clock does not go back; it shows "+now.Format(time.RFC3339Nano)+".")
	case !target.Before(clockEnd):
		return refuse(CodeClockTooFar, "The clock goes up to the year "+clockEnd.AddDate(-1, 0, 0).Format("2006")+".")
	}
	return target, nil
}

// liveUntil moves the clock through everything that falls due up to an instant.
func (s *Service) liveUntil(ctx context.Context, target time.Time) (eventlog.Position, error) {
	reached, err := query.Latest(ctx, s.executor.Log, s.reader)
	if err != nil {
		return reached, err
	}
	begun := s.sandbox.Now()
	var last time.Time
	for try := 0; ; {
		due, err := s.nextDue(ctx, reached)
		if err != nil || due.IsZero() || due.After(target) {
			return reached, err
		}
		if try++; due.After(last) {
			try, last = 0, due
		}
		if try == dueTries {
			return reached, fmt.Errorf("due at %s: %w", due.Format(time.RFC3339), eventlog.ErrBusy)
		}
		if err := s.sandbox.MoveTo(ctx, due); err != nil {
			return reached, err
		}
		// What was left over is done as of now, not as of the past. On the way it
		// is the instant itself: the clock has ticked on since.
		at := due
		if at.Before(begun) {
			at = begun
		}
		reached, err = s.runDue(ctx, at, reached)
		if err != nil && !errors.Is(err, eventlog.ErrBusy) {
			return reached, err
		}
		if err != nil || try > 0 {
			if err := command.Pause(ctx, try); err != nil {
				return reached, err
			}
		}
	}
}
