package notices

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/notice"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Acknowledge says that devices of a notice were seen, by uid or serial number;
// Devices nil: all.
type Acknowledge struct {
	command.Command
	Notice  uuid.UUID
	Devices []string
}

// Acknowledge records that devices were seen. It needs devices.renew in the
// reseller's account; to others, but its customers and the operator, the notice is
// query.ErrNotFound.
func (s *Service) Acknowledge(ctx context.Context, caller access.Caller, c Acknowledge) (command.Receipt, error) {
	if caller.Auditor() {
		return command.Receipt{}, &access.Forbidden{Right: rights.DevicesRenew}
	}
	l, err := eventlog.Load(ctx, s.executor.Log, notice.Aggregate, c.Notice)
	if err != nil || !l.State.Exists() {
		return command.Receipt{}, access.OrNotFound(err)
	}
	if err := s.mayAcknowledge(ctx, caller, l.State); err != nil {
		return command.Receipt{}, err
	}
	if err := c.Check(); err != nil {
		return command.Receipt{}, err
	}
	var uids []uuid.UUID
	for _, name := range c.Devices {
		uid, ok := device.Named(name)
		if !ok {
			return command.Receipt{}, domain.Refuse(domain.At("/devices", []domain.Problem{device.NotFound()})...)
		}
		uids = append(uids, uid)
	}
	return command.Receive(command.Execute(ctx, s.executor.Begin(caller.Actor, c.Command), command.Loaded(notice.Aggregate, l),
		func(state notice.State) ([]domain.Event, error) { return notice.DecideAcknowledge(state, uids) }))
}

func (s *Service) mayAcknowledge(ctx context.Context, caller access.Caller, n notice.State) error {
	req := s.access.Request(caller)
	if caller.Operator() || caller.Own() == n.Reseller {
		if !caller.ActsFor(n.Reseller) && !caller.ActsFor(n.Customer) {
			return query.ErrNotFound
		}
		return req.RequireWrite(ctx, n.Reseller, rights.DevicesRenew)
	}
	// Who may look at it is told what is missing.
	if _, err := s.Get(ctx, caller, n.Notice, query.Freshness{}); err != nil {
		return err
	}
	return &access.Forbidden{Right: rights.DevicesRenew}
}
