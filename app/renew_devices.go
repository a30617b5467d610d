package app

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// RenewDevices applies a renewal order to devices of any accounts in which the
// caller has devices.renew.
func (a *App) RenewDevices(ctx context.Context, caller access.Caller, c RenewDevices) (BulkResult, error) {
	w, b, err := a.renewing(ctx, caller, c)
	if err != nil {
		return BulkResult{}, err
	}
	return a.carryOutBulk(ctx, w, b)
}

// renewing makes the bulk command of an order.
func (a *App) renewing(ctx context.Context, caller access.Caller, c RenewDevices) (write, bulk, error) {
	w := a.write(caller, c.Command)
	c, err := c.checked()
	if err != nil {
		return w, bulk{}, err
	}
	x := a.access(caller)
	if err := x.open(ctx, rights.DevicesRenew); err != nil {
		return w, bulk{}, err
	}
	var selected []device.State
	if !caller.Operator() || c.Align.NeedsSelection() {
		if selected, err = a.devicesNamed(ctx, c.Devices); err != nil {
			return w, bulk{}, err
		}
	}
	visible, err := a.visible(ctx, x, accountsOf(selected))
	if err != nil {
		return w, bulk{}, err
	}
	if c.Align, err = align(ctx, x, c.Align, selected, w.today()); err != nil {
		return w, bulk{}, err
	}
	order := device.Renew{
		ID: w.command.ID, Term: c.Term, Until: c.Until, Align: c.Align, OrderNumber: c.OrderNumber, Note: c.Note, Today: w.today(), Rules: a.rules,
	}
	items := x.renewalItems(ctx, c.Devices, func(s device.State) ([]domain.Event, []domain.Problem) { return device.DecideRenew(s, order) })
	return w, bulk{items: items, success: domain.OutcomeRenewed, dryRun: c.DryRun, atomic: c.Atomic, visible: visible}, nil
}

// checked refuses what is wrong with the order as a whole.
func (c RenewDevices) checked() (RenewDevices, error) {
	if err := c.check(); err != nil {
		return c, err
	}
	var problems, p []domain.Problem
	if len(c.Devices) == 0 {
		problems = append(problems, at("/devices", []domain.Problem{device.SelectionEmpty()})...)
	}
	c.OrderNumber, p = freeText(c.OrderNumber, maxOrderNumber, CodeOrderInvalid)
	problems = append(problems, at("/orderNumber", p)...)
	c.Note, p = freeText(c.Note, maxNote, CodeNoteInvalid)
	return c, domain.Refuse(append(problems, at("/note", p)...)...)
}

// devicesNamed loads the devices of a request, so that the caller's rights in
// their accounts are known before the decisions begin; each device once.
func (a *App) devicesNamed(ctx context.Context, names []string) ([]device.State, error) {
	found := make([]device.State, len(names))
	seen := duplicates{}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for i, name := range names {
		uid, ok := deviceUID(name)
		if !ok || len(seen.check(uid)) > 0 {
			continue
		}
		g.Go(func() error {
			l, err := load(ctx, a.log, eventlog.DeviceStream(uid), device.State{}, device.Evolve)
			found[i] = l.state
			return err
		})
	}
	return found, g.Wait()
}

// accountsOf are the accounts that have the devices.
func accountsOf(devices []device.State) []uuid.UUID {
	var accounts []uuid.UUID
	for _, s := range devices {
		if s.Exists() {
			accounts = append(accounts, s.Account)
		}
	}
	slices.SortFunc(accounts, compareUIDs)
	return slices.Compact(accounts)
}

// align finds the day to align to among the devices that the caller may renew;
// others tell nothing.
func align(ctx context.Context, x *requestAccess, to device.Alignment, selected []device.State, today calendar.Date) (device.Alignment, error) {
	if !to.NeedsSelection() {
		return to, nil
	}
	var ends []device.Allocation
	for _, s := range selected {
		if !s.Exists() || s.LifeCycle == device.OutOfService {
			continue
		}
		set, err := x.in(ctx, s.Account)
		if err != nil {
			return to, err
		}
		if set.Has(rights.DevicesRenew) && x.actsFor(s.Account) {
			ends = append(ends, s.Renewable())
		}
	}
	return to.Among(ends, today), nil
}

// renewalItems makes the items of a request to renew devices, or to take that
// back: each device once, decided on as far as the caller sees it, and refused
// without devices.renew in its account.
func (x *requestAccess) renewalItems(ctx context.Context, names []string, decide func(device.State) ([]domain.Event, []domain.Problem)) []bulkItem {
	items, seen := make([]bulkItem, len(names)), duplicates{}
	for i, name := range names {
		items[i].name = name
		uid, ok := deviceUID(name)
		if !ok {
			items[i].problems = []domain.Problem{device.NotFound()}
			continue
		}
		items[i].problems = seen.check(uid)
		items[i].change = deviceChange(uid, func(s device.State) ([]domain.Event, []domain.Problem) { return x.mayRenew(ctx, s, decide) })
	}
	return items
}

// mayRenew is what was decided on a device, with what stands against the caller.
func (x *requestAccess) mayRenew(ctx context.Context, s device.State, decide func(device.State) ([]domain.Event, []domain.Problem)) ([]domain.Event, []domain.Problem) {
	set, err := x.in(ctx, s.Account) // known, unless the device has moved meanwhile
	seen := set.Has(rights.DevicesRead) || set.Has(rights.DevicesRenew)
	switch {
	case err != nil:
		return nil, []domain.Problem{device.Busy()}
	case !s.Exists() || !seen || !x.actsFor(s.Account):
		return nil, []domain.Problem{device.NotFound()}
	}
	events, problems := decide(s)
	if !set.Has(rights.DevicesRenew) {
		return nil, append(slices.Clip(problems), device.MissingRight(string(rights.DevicesRenew), s.Account))
	}
	return events, problems
}
