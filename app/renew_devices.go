package app

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// RenewDevices applies a renewal order to devices of any accounts in which the
// caller has devices.renew.
func (a *App) RenewDevices(ctx context.Context, caller Caller, c RenewDevices) (BulkResult, error) {
	c, err := c.checked()
	if err != nil {
		return BulkResult{}, err
	}
	x := a.access(caller)
	if err := x.open(ctx); err != nil {
		return BulkResult{}, err
	}
	r := renewing{app: a, w: a.write(caller, c.Command), command: c, seen: duplicates{}, access: x}
	owners, err := r.owners(ctx)
	if err != nil {
		return BulkResult{}, err
	}
	visible, err := a.visible(ctx, x, owners)
	if err != nil {
		return BulkResult{}, err
	}
	b := bulk{success: OutcomeRenewed, dryRun: c.DryRun, atomic: c.Atomic, visible: visible}
	for _, name := range c.Devices {
		b.items = append(b.items, r.item(ctx, name))
	}
	return a.carryOutBulk(ctx, r.w, b)
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

// owners finds the accounts that have the devices, so that the caller's rights
// in them are known before the decisions begin. The operator has them all.
func (r renewing) owners(ctx context.Context) ([]uuid.UUID, error) {
	if r.access.caller.Operator() {
		return nil, nil
	}
	found := make([]uuid.UUID, len(r.command.Devices))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for i, name := range r.command.Devices {
		uid, ok := deviceUID(name)
		if !ok {
			continue
		}
		g.Go(func() error {
			l, err := load(ctx, r.app.log, DeviceStream(uid), device.State{}, device.Evolve)
			found[i] = l.state.Account
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(found, compareUIDs)
	return slices.Compact(found), nil
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
		ID: r.w.command.ID, Term: r.command.Term, Until: r.command.Until, OrderNumber: r.command.OrderNumber,
		Note: r.command.Note, Today: r.w.today(), Rules: r.app.rules,
	})
	if !set.Has(rights.DevicesRenew) {
		return nil, append(problems, device.MissingRight(string(rights.DevicesRenew), s.Account))
	}
	return events, problems
}
