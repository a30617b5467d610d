package devices

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/catalogues"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Service has the use cases of this package. It is safe for concurrent use.
type Service struct {
	executor  *command.Executor
	access    *access.Control
	reader    query.Reader
	catalogue *catalogues.Service
	rules     device.Rules
	sealed    eventlog.SealedLog
}

// New makes the service.
func New(x *command.Executor, a *access.Control, reader query.Reader, c *catalogues.Service, rules device.Rules, sealed eventlog.SealedLog) *Service {
	return &Service{executor: x, access: a, reader: reader, catalogue: c, rules: rules, sealed: sealed}
}

// onDevice is the device that a command is about, by uid or serial number, the
// right that it needs, and the revision it expects; nil expects none.
type onDevice struct {
	name       string
	right      rights.Right
	ifRevision *eventlog.Revision
	// inAccount is told the device and the account that has it, before the
	// decision; nil: the decision does not need them.
	inAccount func(device.State, device.Owner)
}

// decideOn carries out a decision on one device. The device is read once, for
// the access check, and handed on to the decision; so a rename reads the device,
// the caller's own account unless that is the operator, and the reservation of
// the old name, and appends three times: the new name's claim, the event, the old
// name's release. A partner's call also reads the partnership, and the device's
// account where the profile is one of its own.
func (s *Service) decideOn(ctx context.Context, caller access.Caller, c command.Command, on onDevice, decide command.Decide[device.State]) (command.Receipt, error) {
	if err := c.Check(); err != nil {
		return command.Receipt{}, err
	}
	env := s.executor.Begin(caller.Actor, c)
	req := s.access.Request(caller)
	l, err := req.Device(ctx, on.name, on.right)
	if err != nil {
		return command.Receipt{}, err
	}
	if err := req.MayWrite(ctx, on.right); err != nil {
		return command.Receipt{}, err
	}
	if on.inAccount != nil {
		owners, err := req.Owners(ctx, []uuid.UUID{l.State.Account})
		if err != nil {
			return command.Receipt{}, err
		}
		on.inAccount(l.State, owners[l.State.Account])
	}
	subject := command.Loaded(device.Aggregate, l).Shown().If(on.ifRevision)
	return command.Receive(command.Execute(ctx, env, subject, unmoved(l.State.Account, decide)))
}

// unmoved lets a decision pass only while the device is in the account in which
// the caller's right was checked; one that has moved meanwhile is refused with
// device.Busy.
func unmoved(account uuid.UUID, decide command.Decide[device.State]) command.Decide[device.State] {
	return func(s device.State) ([]domain.Event, error) {
		if s.Account != account {
			return nil, domain.Refuse(device.Busy())
		}
		return decide(s)
	}
}
