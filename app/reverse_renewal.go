package app

import (
	"context"
	"fmt"
	"slices"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// maxReversed is how many devices one reversal is about.
const maxReversed = 1000

var tooManyReversed = domain.Problem{
	Code:   CodeBatchTooLarge,
	Detail: fmt.Sprintf("The renewal has more than %d devices: name them, up to so many at a time.", maxReversed),
}

// ReverseRenewal takes a renewal order back on the devices it was applied to, as
// far as the caller sees them; it needs devices.renew in their accounts. A
// renewal without such a device is not found.
func (a *App) ReverseRenewal(ctx context.Context, caller Caller, c ReverseRenewal) (BulkResult, error) {
	if err := c.check(); err != nil {
		return BulkResult{}, err
	}
	x := a.access(caller)
	if err := x.open(ctx, rights.DevicesRenew); err != nil {
		return BulkResult{}, err
	}
	names, err := a.renewed(ctx, x, c)
	if err != nil {
		return BulkResult{}, err
	}
	selected, err := a.devicesNamed(ctx, names)
	if err != nil {
		return BulkResult{}, err
	}
	visible, err := a.visible(ctx, x, accountsOf(selected))
	if err != nil {
		return BulkResult{}, err
	}
	r := renewalReversal{w: a.write(caller, c.Command), command: c, seen: duplicates{}, access: x}
	b := bulk{success: OutcomeReversed, dryRun: c.DryRun, atomic: c.Atomic, visible: visible}
	for _, name := range names {
		b.items = append(b.items, r.item(ctx, name))
	}
	return a.carryOutBulk(ctx, r.w, b)
}

// renewed names the devices to look at: those of the command, or all of the
// renewal by a read model that knows of everything that was appended before.
func (a *App) renewed(ctx context.Context, x *access, c ReverseRenewal) ([]string, error) {
	fresh, err := a.youngest(ctx)
	if err != nil {
		return nil, err
	}
	q := DeviceQuery{
		Freshness: Freshness{MinPosition: fresh}, Page: Page{Limit: maxReversed, Sort: []string{"serialNumber"}}, Applied: c.Renewal,
	}
	var all []string
	for {
		page, err := a.reader.Devices(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, row := range page.Items {
			set, err := x.in(ctx, row.State.Account)
			if err != nil {
				return nil, err
			}
			if row.State.WasRenewedBy(c.Renewal) && set.Has(rights.DevicesRead) && x.actsFor(row.State.Account) {
				all = append(all, row.State.SerialNumber)
			}
		}
		if q.Cursor = page.NextCursor; q.Cursor == "" {
			break
		}
	}
	if len(all) == 0 {
		return nil, ErrNotFound
	}
	if len(c.Devices) > 0 {
		all = c.Devices
	}
	if len(all) > maxReversed {
		return nil, domain.Refuse(tooManyReversed)
	}
	return all, nil
}

// renewalReversal is what all devices of one reversal have in common.
type renewalReversal struct {
	w       write
	command ReverseRenewal
	seen    duplicates
	access  *access
}

func (r renewalReversal) item(ctx context.Context, name string) bulkItem {
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

func (r renewalReversal) decide(ctx context.Context, s device.State) ([]domain.Event, []domain.Problem) {
	set, err := r.access.in(ctx, s.Account) // known, unless the device has moved meanwhile
	seen := set.Has(rights.DevicesRead) || set.Has(rights.DevicesRenew)
	switch {
	case err != nil:
		return nil, []domain.Problem{device.Busy()}
	case !s.Exists() || !seen || !r.access.actsFor(s.Account):
		return nil, []domain.Problem{device.NotFound()}
	}
	events, problems := device.DecideReverseRenewal(s, device.ReverseRenewal{ID: r.w.command.ID, Renewal: r.command.Renewal})
	if !set.Has(rights.DevicesRenew) {
		return nil, append(slices.Clip(problems), device.MissingRight(string(rights.DevicesRenew), s.Account))
	}
	return events, problems
}
