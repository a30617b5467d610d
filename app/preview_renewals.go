package app

import (
	"context"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

// RenewalPreview is what an order would do to one device. The dates are those
// of what is parked where Parked is true, else of the service. Device is the
// device as it is, nil where the caller may not see it, and the dates are zero
// then; NewEnd is zero unless the device would be renewed.
type RenewalPreview struct {
	Index      int
	Name       string // as in ItemResult
	Outcome    domain.Outcome
	Problems   []domain.Problem
	Device     *device.State
	Revision   eventlog.Revision
	CurrentEnd calendar.Date
	NewEnd     calendar.Date
	DaysGained int // days of service from today on that the order adds
	Parked     bool
}

// PreviewRenewals tells what an order would do, by the decisions of RenewDevices.
func (a *App) PreviewRenewals(ctx context.Context, caller access.Caller, c RenewDevices) ([]RenewalPreview, error) {
	w, b, err := a.renewing(ctx, caller, c)
	if err != nil {
		return nil, err
	}
	results, err := a.judgeAll(ctx, w, b.items)
	if err != nil {
		return nil, err
	}
	answer := b.answer(w.command.ID, results)
	previews := make([]RenewalPreview, len(results))
	for i, r := range results {
		item := answer.Results[i]
		p := RenewalPreview{Index: i, Name: item.Name, Outcome: item.Outcome, Problems: item.Problems}
		if r.before.Exists() && a.access(caller).actsFor(r.before.Account) && b.visible(r.before.Account) {
			p = p.of(r, w.today())
		}
		previews[i] = p
	}
	return previews, nil
}

// of adds what is to be told of a device that the caller sees.
func (p RenewalPreview) of(r result[device.State], today calendar.Date) RenewalPreview {
	p.Device, p.Revision = &r.before, r.revision
	p.CurrentEnd, p.Parked = r.before.Renewable().Until, r.before.Service.AutoRenew
	for _, e := range r.events {
		if renewed, ok := e.(device.ServiceRenewed); ok {
			p.NewEnd = renewed.NewEnd
			p.DaysGained = int(renewed.NewEnd - max(renewed.OldEnd, today.AddDays(-1)))
		}
	}
	return p
}
