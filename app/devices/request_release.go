package devices

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/release"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// RequestRelease asks the owner of a device to release it for the account acted
// for. Exactly one of IMEI, MAC and ESN, which the caller reads from the device.
type RequestRelease struct {
	command.Command
	SerialNumber   string
	IMEI, MAC, ESN string
}

// RequestRelease needs devices.register in the account acted for. A device that
// does not exist or has another factor is query.ErrNotFound. An account has one
// open request per device; a second one is the first. One for a retired device is
// granted by itself in the end, see ReleaseByItself.
func (s *Service) RequestRelease(ctx context.Context, caller access.Caller, c RequestRelease) (Release, error) {
	req := s.access.Request(caller)
	if err := req.RequireWrite(ctx, caller.Account(), rights.DevicesRegister); err != nil {
		return Release{}, err
	}
	serial, factor, problems := c.normalised()
	if err := c.Check(); err != nil {
		return Release{}, err
	}
	if caller.Account() == uuid.Nil {
		problems = append(problems, access.AccountRequired)
	}
	if len(problems) > 0 {
		return Release{}, domain.Refuse(problems...)
	}
	d, err := eventlog.Load(ctx, s.executor.Log, device.Aggregate, device.UID(serial))
	if err != nil || !d.State.Exists() || d.State.Factor != factor {
		return Release{}, access.OrNotFound(err)
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	if d.State.Account == caller.Account() {
		own := domain.Refuse(domain.At("/serialNumber", []domain.Problem{ownDevice})...)
		if err := command.UnlessDone(ctx, env, command.On(release.AddressAggregate, env.Command.ID), own); err != nil {
			return Release{}, err
		}
	}
	made, at, err := s.addRelease(ctx, env, d.State, caller.Account())
	if err != nil {
		return Release{}, err
	}
	if c.DryRun && made.Request == env.Command.ID {
		return Release{Request: made, Reason: c.Reason, RequestedAt: env.At}, nil
	}
	shown, err := s.releaseFor(ctx, req, made.Request)
	if made.Request == env.Command.ID { // as it was made, though it may have been answered since
		shown.Request, shown.AnsweredAt, shown.Position = made, time.Time{}, at
	}
	return shown, err
}

func (c RequestRelease) normalised() (serial string, f device.Factor, problems []domain.Problem) {
	serial, problems = device.NormaliseSerial(c.SerialNumber)
	problems = domain.At("/serialNumber", problems)
	f, p := device.ParseFactor(c.IMEI, c.MAC, c.ESN)
	return serial, f, append(problems, domain.At("", p)...)
}

// addRelease addresses the request to the device's owner, once and for all, and
// adds it to those the owner has. It gives the open request, and where the log was
// then: another one when there is one already. A repeat goes to the owner of the
// first attempt.
func (s *Service) addRelease(ctx context.Context, env command.Env, d device.State, requester uuid.UUID) (release.Request, eventlog.Position, error) {
	id := env.Command.ID
	addressed, err := command.Execute(ctx, env, command.On(release.AddressAggregate, id), func(known uuid.UUID) ([]domain.Event, error) {
		return release.DecideAddress(known, id, d.Account)
	})
	if err != nil {
		return release.Request{}, eventlog.Position{}, err
	}
	r, err := command.Execute(ctx, env, command.On(release.Aggregate, addressed.State), func(all release.State) ([]domain.Event, error) {
		return release.DecideRequest(all, release.ReleaseRequested{
			Request: id, Device: d.UID, SerialNumber: d.SerialNumber, Requester: requester,
		})
	})
	if err != nil {
		return release.Request{}, eventlog.Position{}, err
	}
	if made, known := r.State.Find(id); known {
		return made, r.Position, nil
	}
	open, _ := r.State.OpenFor(d.UID, requester)
	return open, r.Position, nil
}
