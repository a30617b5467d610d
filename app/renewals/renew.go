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

// Renew applies a renewal order to devices, named by uid or serial number. Exactly
// one of Term, Until and Align.
type Renew struct {
	command.Command
	Devices     []string
	Term        calendar.Term
	Until       calendar.Date
	Align       device.Alignment
	OrderNumber string
	Note        string
	DryRun      bool
	Atomic      bool
}

// Renew applies a renewal order to devices of any accounts in which the caller
// has devices.renew; others are refused with missing_right, or device_not_found
// where the caller does not see them.
func (s *Service) Renew(ctx context.Context, caller access.Caller, c Renew) (command.BulkResult, error) {
	o, err := s.order(ctx, caller, c)
	if err != nil {
		return command.BulkResult{}, err
	}
	return o.bulk.Run(ctx, o.env)
}

// order is a renewal order with all that its decisions rest on.
type order struct {
	env      command.Env
	selected access.Selection
	bulk     command.Bulk
}

func (s *Service) order(ctx context.Context, caller access.Caller, c Renew) (order, error) {
	o := order{env: s.executor.Begin(caller.Actor, c.Command)}
	c, err := c.Normalise()
	if err != nil {
		return o, err
	}
	req := s.access.Request(caller)
	if err := req.MayWrite(ctx, rights.DevicesRenew); err != nil {
		return o, err
	}
	if o.selected, err = req.Select(ctx, c.Devices); err != nil {
		return o, err
	}
	renew := device.Renew{
		ID: o.env.Command.ID, Term: c.Term, Until: c.Until, Align: align(c.Align, o.selected, o.env.Today()),
		OrderNumber: c.OrderNumber, Note: c.Note, Today: o.env.Today(), Rules: s.rules,
	}
	o.bulk = command.Bulk{
		Items:   items(o.selected, c.Devices, func(d device.State) ([]domain.Event, error) { return device.DecideRenew(d, renew) }),
		Success: domain.OutcomeRenewed, DryRun: c.DryRun, Atomic: c.Atomic, Visible: o.selected.Sees,
	}
	return o, nil
}

// Normalise refuses what is wrong with an order as a whole, and trims its texts.
func (c Renew) Normalise() (Renew, error) {
	if err := c.Check(); err != nil {
		return c, err
	}
	var problems, p []domain.Problem
	if len(c.Devices) == 0 {
		problems = append(problems, domain.At("/devices", []domain.Problem{device.SelectionEmpty()})...)
	}
	c.OrderNumber, p = command.OrderNumber(c.OrderNumber)
	problems = append(problems, domain.At("/orderNumber", p)...)
	c.Note, p = command.Note(c.Note)
	return c, domain.Refuse(append(problems, domain.At("/note", p)...)...)
}
