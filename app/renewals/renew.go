package renewals

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/order"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Renew orders a renewal of devices, named by uid or serial number. Exactly one of
// Term, Until and Align, or none for another Offer alone. Part tells the parts of one long command apart, each of
// which is an order of its own.
type Renew struct {
	command.Command
	Devices     []string
	Term        calendar.Term
	Until       calendar.Date
	Align       device.Alignment
	Offer       catalogue.Offer // that the devices are to run on; empty: as they do
	OrderNumber string
	Note        string
	Part        int
	Atomic      bool
}

// Renew orders a renewal of devices of any accounts in which the caller has
// devices.read; others are refused with device_not_found. The order waits, or is
// applied at once (see the package). The result's ID names the order; it is
// uuid.Nil when nothing was ordered.
func (s *Service) Renew(ctx context.Context, caller access.Caller, c Renew) (command.BulkResult, error) {
	o, err := s.ordering(ctx, caller, c)
	if err != nil {
		return command.BulkResult{}, err
	}
	if err := o.bulk.Check(); err != nil {
		return command.BulkResult{}, err
	}
	results, err := o.consider(ctx)
	if err != nil {
		return command.BulkResult{}, err
	}
	if c.DryRun {
		return o.answer(results, nil), nil
	}
	return o.place(ctx, results)
}

// ordering makes an order of a request, with all that its decisions rest on.
func (s *Service) ordering(ctx context.Context, caller access.Caller, c Renew) (*ordering, error) {
	c, err := c.Normalise()
	if err != nil {
		return nil, err
	}
	req := s.access.Request(caller)
	if err := req.MayWrite(ctx, rights.DevicesRenew); err != nil {
		return nil, err
	}
	o := &ordering{service: s, env: s.executor.Begin(caller.Actor, c.Command), request: c}
	if o.selected, err = req.Select(ctx, c.Devices); err != nil {
		return nil, err
	}
	if err := o.name(ctx); err != nil {
		return nil, err
	}
	var accounts []uuid.UUID
	for d := range o.selected.States() {
		accounts = append(accounts, d.Account)
	}
	on, err := s.offering(ctx, req, c.Offer, accounts)
	if err != nil {
		return nil, err
	}
	o.renew = device.Renew{
		ID: o.uid, Term: c.Term, Until: c.Until, Align: align(c.Align, o.selected, o.env.Today()),
		Offer: c.Offer, OrderNumber: c.OrderNumber, Note: c.Note, Today: o.env.Today(), Rules: s.rules,
	}
	renew := func(d device.State) ([]domain.Event, error) {
		c, err := on.renew(d, o.renew)
		if err != nil {
			return nil, err
		}
		return device.DecideRenew(d, c)
	}
	o.bulk = command.Bulk{
		Items:   items(o.selected, c.Devices, renew),
		Success: domain.OutcomeOrdered, DryRun: true, Atomic: c.Atomic, Visible: o.selected.Sees,
	}
	return o, nil
}

// name finds the order's uid: that of the command, or one that follows from it
// when an earlier attempt died half way.
func (o *ordering) name(ctx context.Context) error {
	o.uid = o.env.Command.ID
	if o.request.Part > 0 {
		o.uid = o.env.Derive(fmt.Sprintf("part/%d", o.request.Part))
	}
	for n := 1; ; n++ {
		l, err := eventlog.Load(ctx, o.env.Log, order.Aggregate, o.uid)
		if err != nil {
			return err
		}
		if !l.State.Abandoned {
			o.found = l.State
			return nil
		}
		o.uid = uuid.NewSHA1(o.env.Command.ID, fmt.Appendf(nil, "order/%d/%d", o.request.Part, n))
	}
}

// Normalise refuses what is wrong with an order as a whole, and trims its texts.
func (c Renew) Normalise() (Renew, error) {
	if err := c.Check(); err != nil {
		return c, err
	}
	var p []domain.Problem
	problems := device.CheckRenewal(device.Renew{Term: c.Term, Until: c.Until, Align: c.Align, Offer: c.Offer})
	if len(c.Devices) == 0 {
		problems = append(problems, domain.At("/devices", []domain.Problem{device.SelectionEmpty()})...)
	}
	if c.Offer != "" && !c.Offer.Valid() {
		problems = append(problems, domain.At("/offer", []domain.Problem{catalogue.OfferInvalid()})...)
	}
	c.OrderNumber, p = command.OrderNumber(c.OrderNumber)
	problems = append(problems, domain.At("/orderNumber", p)...)
	c.Note, p = command.Note(c.Note)
	return c, domain.Refuse(append(problems, domain.At("/note", p)...)...)
}
