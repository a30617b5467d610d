package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/release"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// RequestRelease asks the owner of a device to release it for the account acted
// for. Exactly one of IMEI, MAC and ESN, which the caller reads from the device.
type RequestRelease struct {
	Command
	SerialNumber   string
	IMEI, MAC, ESN string
}

// ReleaseRow is a release request. Owner is uuid.Nil for who asked: it is not
// told who has the device.
type ReleaseRow struct {
	release.Request
	Owner       uuid.UUID
	Reason      string
	RequestedAt time.Time
	AnsweredAt  time.Time // zero while open
	Position    eventlog.Position
}

var ownDevice = domain.Problem{Code: CodeOwnDevice, Detail: "The device is in this account."}

// RequestRelease needs devices.register in the account acted for. A device that
// does not exist, is retired, or has another factor is ErrNotFound. An account
// has one open request per device; a second one is the first.
func (a *App) RequestRelease(ctx context.Context, caller access.Caller, c RequestRelease) (ReleaseRow, error) {
	if err := a.access(caller).write(ctx, caller.Account(), rights.DevicesRegister); err != nil {
		return ReleaseRow{}, err
	}
	serial, problems := device.NormaliseSerial(c.SerialNumber)
	problems = at("/serialNumber", problems)
	factor, p := device.ParseFactor(c.IMEI, c.MAC, c.ESN)
	problems = append(problems, at("", p)...)
	if err := c.check(); err != nil {
		return ReleaseRow{}, err
	}
	if caller.Account() == uuid.Nil {
		problems = append(problems, accountRequired)
	}
	if len(problems) > 0 {
		return ReleaseRow{}, domain.Refuse(problems...)
	}
	uid := device.UID(serial)
	d, err := load(ctx, a.log, eventlog.DeviceStream(uid), device.State{UID: uid}, device.Evolve)
	if err != nil || !d.state.Exists() || d.state.Factor != factor || d.state.LifeCycle == device.OutOfService {
		return ReleaseRow{}, orNotFound(err)
	}
	if d.state.Account == caller.Account() {
		return ReleaseRow{}, domain.Refuse(at("/serialNumber", []domain.Problem{ownDevice})...)
	}
	w := a.write(caller, c.Command)
	id, err := a.addressRelease(ctx, w, d.state.Account)
	if err != nil {
		return ReleaseRow{}, err
	}
	r, err := carryOut(ctx, a, w, releaseChange(d.state.Account, func(s release.State) ([]domain.Event, []domain.Problem) {
		return release.DecideRequest(s, release.ReleaseRequested{
			Request: id, Device: uid, SerialNumber: serial, Requester: caller.Account(),
		})
	}))
	if err != nil {
		return ReleaseRow{}, err
	}
	if _, known := r.state.Find(id); !known { // there is an open one
		open, _ := r.state.OpenFor(uid, caller.Account())
		id = open.Request
	}
	return a.ReleaseRequest(ctx, caller, id)
}

// addressRelease notes whom the request of the command goes to, once and for all.
func (a *App) addressRelease(ctx context.Context, w write, owner uuid.UUID) (uuid.UUID, error) {
	id := w.command.ID
	_, err := carryOut(ctx, a, w, change[uuid.UUID]{
		stream: eventlog.ReleaseStream(id), holder: id, evolve: evolveAddress,
		decide: func(known uuid.UUID) ([]domain.Event, []domain.Problem) {
			if known != uuid.Nil {
				return nil, nil
			}
			return []domain.Event{release.ReleaseAddressed{Request: id, Owner: owner}}, nil
		},
	})
	return id, err
}

func evolveAddress(owner uuid.UUID, e domain.Event) uuid.UUID {
	if addressed, ok := e.(release.ReleaseAddressed); ok {
		return addressed.Owner
	}
	return owner
}

func releaseChange(owner uuid.UUID, decide func(release.State) ([]domain.Event, []domain.Problem)) change[release.State] {
	return change[release.State]{stream: eventlog.ReleasesStream(owner), holder: owner, evolve: release.Evolve, decide: decide}
}

// ReleaseRequests are those to the account acted for, newest first, with
// devices.read there.
func (a *App) ReleaseRequests(ctx context.Context, caller access.Caller) ([]ReleaseRow, eventlog.Position, error) {
	owner := caller.Account()
	if owner == uuid.Nil {
		return nil, eventlog.Position{}, domain.Refuse(accountRequired)
	}
	if err := a.access(caller).require(ctx, owner, rights.DevicesRead); err != nil {
		return nil, eventlog.Position{}, err
	}
	rows, position, err := a.releases(ctx, owner)
	slices.Reverse(rows)
	return rows, position, err
}

// ReleaseRequest is one request, for the account that it went to, with
// devices.read, and for the one that asked, with devices.register; for auditors
// of either.
func (a *App) ReleaseRequest(ctx context.Context, caller access.Caller, id uuid.UUID) (ReleaseRow, error) {
	r, err := a.releaseRow(ctx, id)
	if err != nil {
		return ReleaseRow{}, err
	}
	x := a.access(caller)
	for _, side := range []struct {
		account uuid.UUID
		right   rights.Right
	}{{r.Owner, rights.DevicesRead}, {r.Requester, rights.DevicesRegister}} {
		if caller.Auditor() {
			side.right = rights.DevicesRead
		}
		set, err := x.in(ctx, side.account)
		if err != nil {
			return ReleaseRow{}, err
		}
		if !set.Has(side.right) || !x.actsFor(side.account) {
			continue
		}
		if side.account == r.Requester {
			r.Owner = uuid.Nil
		}
		return r, nil
	}
	return ReleaseRow{}, query.ErrNotFound
}

// AnswerRelease grants or denies a request. It needs devices.transfer in the
// account that it went to. A granted device can be registered by who asked.
// The Processes release what was granted should this command die.
func (a *App) AnswerRelease(ctx context.Context, caller access.Caller, id uuid.UUID, grant bool, c Command) (ReleaseRow, error) {
	if err := c.check(); err != nil {
		return ReleaseRow{}, err
	}
	r, err := a.releaseRow(ctx, id)
	if err != nil {
		return ReleaseRow{}, err
	}
	x := a.access(caller)
	if !x.actsFor(r.Owner) {
		return ReleaseRow{}, query.ErrNotFound
	}
	if err := x.write(ctx, r.Owner, rights.DevicesTransfer); err != nil {
		return ReleaseRow{}, err
	}
	if grant && r.Answer == release.Open { // a device that cannot be released leaves the request open
		d, err := load(ctx, a.log, eventlog.DeviceStream(r.Device), device.State{UID: r.Device}, device.Evolve)
		if err != nil {
			return ReleaseRow{}, err
		}
		if _, problems := device.DecideRelease(d.state, r.grant()); len(problems) > 0 {
			return ReleaseRow{}, domain.Refuse(problems...)
		}
	}
	w := a.write(caller, c)
	answered, err := carryOut(ctx, a, w, releaseChange(r.Owner, func(s release.State) ([]domain.Event, []domain.Problem) {
		return release.DecideAnswer(s, id, grant)
	}))
	if err == nil {
		err = domain.Refuse(answered.problems...)
	}
	if err == nil && grant {
		err = a.releaseDevice(ctx, w, r)
	}
	if err != nil {
		return ReleaseRow{}, err
	}
	return a.releaseRow(ctx, id)
}

func (r ReleaseRow) grant() device.Release {
	return device.Release{Request: r.Request.Request, Owner: r.Owner, To: r.Requester}
}

func (a *App) releaseDevice(ctx context.Context, w write, r ReleaseRow) error {
	ch := deviceChange(r.Device, func(s device.State) ([]domain.Event, []domain.Problem) {
		return device.DecideRelease(s, r.grant())
	})
	released, err := carryOut(ctx, a, w, ch)
	if err == nil && slices.Equal(codesOf(released.problems), []string{device.CodeBusy}) {
		err = fmt.Errorf("release %s: %w", r.Device, eventlog.ErrBusy) // not for good
	}
	return refusal(err, released.problems)
}

// releaseGranted releases a device whose owner has agreed to it, if the command
// that said so died before. A device that is not the owner's any more stays.
func (a *App) releaseGranted(ctx context.Context, w write, id uuid.UUID) error {
	r, err := a.releaseRow(ctx, id)
	if err != nil {
		return err
	}
	d, err := load(ctx, a.log, eventlog.DeviceStream(r.Device), device.State{UID: r.Device}, device.Evolve)
	if err != nil {
		return err
	}
	if d.state.HeldBy != uuid.Nil { // the batch has to end first
		if err := a.settleHolds(ctx, d.state.HeldBy, r.Device); err != nil {
			return err
		}
	}
	return a.orRefused(ctx, a.releaseDevice(ctx, w, r))
}

// releaseRow finds a request by the account that it went to.
func (a *App) releaseRow(ctx context.Context, id uuid.UUID) (ReleaseRow, error) {
	owner, err := load(ctx, a.log, eventlog.ReleaseStream(id), uuid.Nil, evolveAddress)
	if err != nil || owner.state == uuid.Nil {
		return ReleaseRow{}, orNotFound(err)
	}
	rows, _, err := a.releases(ctx, owner.state)
	i := slices.IndexFunc(rows, func(r ReleaseRow) bool { return r.Request.Request == id })
	if err != nil || i < 0 {
		return ReleaseRow{}, orNotFound(err)
	}
	return rows[i], nil
}

// releases are the requests to an account, oldest first.
func (a *App) releases(ctx context.Context, owner uuid.UUID) ([]ReleaseRow, eventlog.Position, error) {
	var s release.State
	var position eventlog.Position
	made, answered := map[uuid.UUID]eventlog.Recorded{}, map[uuid.UUID]eventlog.Recorded{}
	for e, err := range a.log.ReadStream(ctx, eventlog.ReleasesStream(owner), 0) {
		if err != nil {
			return nil, position, fmt.Errorf("load %s: %w", eventlog.ReleasesStream(owner), err)
		}
		s, position = release.Evolve(s, e.Event), e.Position
		switch event := e.Event.(type) {
		case release.ReleaseRequested:
			made[event.Request] = e
		case release.ReleaseRequestGranted:
			answered[event.Request] = e
		case release.ReleaseRequestDenied:
			answered[event.Request] = e
		}
	}
	rows := make([]ReleaseRow, len(s.Requests))
	for i, r := range s.Requests {
		request, answer := made[r.Request], answered[r.Request]
		rows[i] = ReleaseRow{
			Request: r, Owner: owner, Reason: request.Metadata.Reason, RequestedAt: request.Metadata.OccurredAt.UTC(),
			AnsweredAt: answer.Metadata.OccurredAt.UTC(), Position: request.Position,
		}
		if rows[i].Position.Before(answer.Position) {
			rows[i].Position = answer.Position
		}
	}
	return rows, position, nil
}
