package devices

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/release"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// AnswerRelease grants or denies a request. It needs devices.transfer in the
// account that the request went to; for others it is query.ErrNotFound. The
// account that asked can register a granted device. Another answer than the one
// given before is a refusal. ReleaseGranted goes on should this command die.
func (s *Service) AnswerRelease(ctx context.Context, caller access.Caller, id uuid.UUID, grant bool, c command.Command) (Release, error) {
	if err := c.Check(); err != nil {
		return Release{}, err
	}
	r, err := s.findRelease(ctx, id)
	if err != nil {
		return Release{}, err
	}
	if !caller.ActsFor(r.Owner) {
		return Release{}, query.ErrNotFound
	}
	if err := s.access.Request(caller).RequireWrite(ctx, r.Owner, rights.DevicesTransfer); err != nil {
		return Release{}, err
	}
	on := command.On(device.Aggregate, r.Device)
	if grant && r.Answer == release.Open { // a device that cannot be released leaves the request open
		d, err := eventlog.Load(ctx, s.executor.Log, device.Aggregate, r.Device)
		if err != nil {
			return Release{}, err
		}
		if _, err := device.DecideRelease(d.State, r.release()); err != nil {
			return Release{}, err
		}
		on = command.Loaded(device.Aggregate, d)
	}
	env := s.executor.Begin(caller.Actor, c)
	answered, err := command.Execute(ctx, env, command.On(release.Aggregate, r.Owner), func(all release.State) ([]domain.Event, error) {
		return release.DecideAnswer(all, id, grant)
	})
	if err == nil && grant {
		err = releaseDevice(ctx, env, on, r)
	}
	if err != nil {
		return Release{}, err
	}
	if c.DryRun && answered.Done {
		r.Request, _ = answered.State.Find(id)
		r.AnsweredAt, r.Position = env.At, eventlog.Position{}
		return r, nil
	}
	return s.findRelease(ctx, id)
}

// ReleaseGranted releases a device whose owner has agreed to it, if the command
// that said so died before. A device that can no longer be released, since it is
// not the owner's any more, stays as it is.
func (s *Service) ReleaseGranted(ctx context.Context, env command.Env, request uuid.UUID) error {
	r, err := s.findRelease(ctx, request)
	if err != nil {
		return err
	}
	d, err := eventlog.Load(ctx, env.Log, device.Aggregate, r.Device)
	if err != nil {
		return err
	}
	on := command.Loaded(device.Aggregate, d)
	if d.State.HeldBy != uuid.Nil { // the batch has to end first
		if err := env.SettleHolds(ctx, d.State.HeldBy, r.Device); err != nil {
			return err
		}
		on = command.On(device.Aggregate, r.Device)
	}
	err = releaseDevice(ctx, env, on, r)
	if len(domain.ProblemsOf(err)) > 0 {
		env.Logger.InfoContext(ctx, "a granted device is not released", "request", request, "reason", err)
		return nil
	}
	return err
}

// EndRelease ends a request that has no answer because one of its two accounts was
// closed. The command's reason says so.
func (s *Service) EndRelease(ctx context.Context, env command.Env, owner, request uuid.UUID) error {
	_, err := command.Execute(ctx, env, command.On(release.Aggregate, owner), func(all release.State) ([]domain.Event, error) {
		return release.DecideEnd(all, request, env.Command.Reason)
	})
	return err
}

// ReleaseByItself grants a request that its account has not answered in time at an
// instant, and says where the log was then. One that has an answer stays as it is, and so
// does one for a device that was not retired for long enough; ReleaseGranted goes on
// should this command die.
func (s *Service) ReleaseByItself(ctx context.Context, env command.Env, request uuid.UUID, at time.Time) (eventlog.Position, error) {
	r, err := s.findRelease(ctx, request)
	if err != nil {
		return eventlog.Position{}, err
	}
	d, err := eventlog.Load(ctx, env.Log, device.Aggregate, r.Device)
	if err != nil {
		return eventlog.Position{}, err
	}
	since := r.RequestedAt
	for _, e := range d.Events {
		if _, retired := e.Event.(device.Retired); retired && e.Metadata.OccurredAt.After(since) {
			since = e.Metadata.OccurredAt
		}
	}
	if d.State.Account != r.Owner || !d.State.ReleasedByItself(since, at, s.rules) {
		return d.Position, nil
	}
	granted, err := command.Execute(ctx, env, command.On(release.Aggregate, r.Owner), func(all release.State) ([]domain.Event, error) {
		return release.DecideGrantByItself(all, request)
	})
	if err != nil {
		return eventlog.Position{}, err
	}
	if !granted.Done {
		return granted.Position, nil
	}
	return granted.Position, s.ReleaseGranted(ctx, env, request)
}

// releaseDevice releases a device as a request was granted. One that a batch
// holds is eventlog.ErrBusy: that is not for good.
func releaseDevice(ctx context.Context, env command.Env, on command.Subject[device.State], r Release) error {
	_, err := command.Execute(ctx, env, on, func(d device.State) ([]domain.Event, error) {
		return device.DecideRelease(d, r.release())
	})
	if p := domain.ProblemsOf(err); len(p) == 1 && p[0].Code == device.CodeBusy {
		return fmt.Errorf("release %s: %w", r.Device, eventlog.ErrBusy)
	}
	return err
}
