package renewals

import (
	"context"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Grant lets a device run until a date. Exactly one of Term (from today) and
// Until.
type Grant struct {
	command.Command
	Device string // uid or serial number
	Term   calendar.Term
	Until  calendar.Date
}

// Grant lets a device run until a date. It needs allocations.grant, which only the
// operator has. query.ErrNotFound: there is no such device in the account that
// the operator acts for.
func (s *Service) Grant(ctx context.Context, caller access.Caller, c Grant) (command.Receipt, error) {
	if err := access.OperatorOnly(caller, rights.AllocationsGrant); err != nil {
		return command.Receipt{}, err
	}
	if err := c.Check(); err != nil {
		return command.Receipt{}, err
	}
	found, err := s.access.Request(caller).Device(ctx, c.Device, rights.AllocationsGrant)
	if err != nil {
		return command.Receipt{}, err
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	grant := device.Grant{ID: env.Command.ID, Term: c.Term, Until: c.Until, Reason: c.Reason, Today: env.Today()}
	return command.Receive(command.Execute(ctx, env, command.Loaded(device.Aggregate, found), func(d device.State) ([]domain.Event, error) {
		if d.Account != found.State.Account { // it has moved since it was found
			return nil, domain.Refuse(device.Busy())
		}
		return device.DecideGrant(d, grant)
	}))
}
