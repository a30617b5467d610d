package app

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// RenewDevices applies a renewal order to devices of any accounts in which the
// caller has devices.renew.
func (a *App) RenewDevices(ctx context.Context, caller Caller, c RenewDevices) (BulkResult, error) {
	w, b, err := a.renewing(ctx, caller, c)
	if err != nil {
		return BulkResult{}, err
	}
	return a.carryOutBulk(ctx, w, b)
}

// renewing makes the bulk command of an order.
func (a *App) renewing(ctx context.Context, caller Caller, c RenewDevices) (write, bulk, error) {
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
	r := renewing{app: a, w: w, command: c, seen: duplicates{}, access: x}
	b := bulk{success: OutcomeRenewed, dryRun: c.DryRun, atomic: c.Atomic, visible: visible}
	for _, name := range c.Devices {
		b.items = append(b.items, r.item(ctx, name))
	}
	return w, b, nil
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

// renewing is what all devices of one order have in common.
type renewing struct {
	app     *App
	w       write
	command RenewDevices
	seen    duplicates
	access  *access
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
			l, err := load(ctx, a.log, DeviceStream(uid), device.State{}, device.Evolve)
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
func align(ctx context.Context, x *access, to device.Alignment, selected []device.State, today calendar.Date) (device.Alignment, error) {
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

func (r renewing) item(ctx context.Context, name string) bulkItem {
	item := bulkItem{name: name}
	uid, ok := deviceUID(name)
	if !ok {
		item.problems = []domain.Problem{device.NotFound()}
		return item
	}
	if item.problems = r.seen.check(uid); len(item.problems) > 0 {
		return item
	}
	item.change = deviceChange(uid, func(s device.State) ([]domain.Event, []domain.Problem) { return r.decide(ctx, s) })
	return item
}

func (r renewing) decide(ctx context.Context, s device.State) ([]domain.Event, []domain.Problem) {
	set, err := r.access.in(ctx, s.Account) // known, unless the device has moved meanwhile
	seen := set.Has(rights.DevicesRead) || set.Has(rights.DevicesRenew)
	switch {
	case err != nil:
		return nil, []domain.Problem{device.Busy()}
	case !s.Exists() || !seen || !r.access.actsFor(s.Account):
		return nil, []domain.Problem{device.NotFound()}
	}
	events, problems := device.DecideRenew(s, device.Renew{
		ID: r.w.command.ID, Term: r.command.Term, Until: r.command.Until, Align: r.command.Align, OrderNumber: r.command.OrderNumber,
		Note: r.command.Note, Today: r.w.today(), Rules: r.app.rules,
	})
	if !set.Has(rights.DevicesRenew) {
		return nil, append(problems, device.MissingRight(string(rights.DevicesRenew), s.Account))
	}
	return events, problems
}
