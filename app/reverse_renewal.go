package app

import (
	"context"
	"fmt"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/query"
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
func (a *App) ReverseRenewal(ctx context.Context, caller access.Caller, c ReverseRenewal) (BulkResult, error) {
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
	w := a.write(caller, c.Command)
	reversal := device.ReverseRenewal{ID: w.command.ID, Renewal: c.Renewal}
	items := x.renewalItems(ctx, names, func(s device.State) ([]domain.Event, []domain.Problem) {
		return device.DecideReverseRenewal(s, reversal)
	})
	return a.carryOutBulk(ctx, w, bulk{items: items, success: domain.OutcomeReversed, dryRun: c.DryRun, atomic: c.Atomic, visible: visible})
}

// renewed names the devices to look at: those of the command, or all of the
// renewal by a read model that knows of everything that was appended before.
func (a *App) renewed(ctx context.Context, x *requestAccess, c ReverseRenewal) ([]string, error) {
	fresh, err := a.youngest(ctx)
	if err != nil {
		return nil, err
	}
	q := query.DeviceQuery{
		Freshness: query.Freshness{MinPosition: fresh}, Page: query.Page{Limit: maxReversed, Sort: []string{"serialNumber"}}, Applied: c.Renewal,
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
		return nil, query.ErrNotFound
	}
	if len(c.Devices) > 0 {
		all = c.Devices
	}
	if len(all) > maxReversed {
		return nil, domain.Refuse(tooManyReversed)
	}
	return all, nil
}
