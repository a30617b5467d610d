package renewals

import (
	"context"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Grant lets a device run until a date. Exactly one of Term, from the later of
// today and the end of what it has, and Until.
type Grant struct {
	command.Command
	Device string // uid or serial number
	Term   calendar.Term
	Until  calendar.Date
}

// Grant lets a device run until a date, and gives the device after it. It needs
// allocations.grant, which only the operator has. query.ErrNotFound: there is no
// such device in the account that the operator acts for.
func (s *Service) Grant(ctx context.Context, caller access.Caller, c Grant) (command.Result[device.State], error) {
	var none command.Result[device.State]
	if err := access.OperatorOnly(caller, rights.AllocationsGrant); err != nil {
		return none, err
	}
	if err := c.Check(); err != nil {
		return none, err
	}
	found, err := s.access.Request(caller).Device(ctx, c.Device, rights.AllocationsGrant)
	if err != nil {
		return none, err
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	grant := device.Grant{ID: env.Command.ID, Term: c.Term, Until: c.Until, Reason: c.Reason, Today: env.Today()}
	return command.Execute(ctx, env, command.Loaded(device.Aggregate, found).Shown(), func(d device.State) ([]domain.Event, error) {
		if d.Account != found.State.Account { // it has moved since it was found
			return nil, domain.Refuse(device.Busy())
		}
		return device.DecideGrant(d, grant)
	})
}

// Allocations is a page of what was granted to devices in accounts in which the
// caller has devices.read; account narrows it to the one that had the device.
func (s *Service) Allocations(ctx context.Context, caller access.Caller, q query.AllocationQuery) (query.List[query.AllocationRow], error) {
	scope, err := s.access.Request(caller).Scope(ctx, rights.DevicesRead, q.Freshness)
	if err != nil {
		return query.List[query.AllocationRow]{}, err
	}
	q.Accounts = access.Narrow(scope, q.Accounts)
	return s.reader.Allocations(ctx, q)
}
