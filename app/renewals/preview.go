package renewals

import (
	"context"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
)

// Preview is what an order would do to one device. The dates are those of what
// is parked where Parked is true, else of the service. Device is the device as it
// is, nil where the caller may not see it, and the dates are zero then; NewEnd is
// zero unless the device would be renewed.
type Preview struct {
	Index      int
	Name       string // as in command.ItemResult
	Outcome    domain.Outcome
	Problems   []domain.Problem
	Device     *device.State
	Revision   eventlog.Revision
	CurrentEnd calendar.Date
	NewEnd     calendar.Date
	DaysGained int // days of service from today on that the order adds
	Parked     bool
	Offer      catalogue.Offer // after the order; empty where Device is nil
}

// Preview tells what an order would do, by the decisions of Renew and with its
// errors.
func (s *Service) Preview(ctx context.Context, caller access.Caller, c Renew) ([]Preview, error) {
	o, err := s.ordering(ctx, caller, c)
	if err != nil {
		return nil, err
	}
	results, err := o.consider(ctx)
	if err != nil {
		return nil, err
	}
	answer := o.answer(results, nil)
	previews := make([]Preview, len(results))
	for i, r := range results {
		item := answer.Results[i]
		p := Preview{Index: i, Name: item.Name, Outcome: item.Outcome, Problems: item.Problems}
		if r.Before.Exists() && caller.ActsFor(r.Before.Account) && o.selected.Sees(r.Before.Account) {
			p = p.of(r, o.env.Today())
		}
		previews[i] = p
	}
	return previews, nil
}

// of adds what is to be told of a device that the caller sees.
func (p Preview) of(r command.Result[device.State], today calendar.Date) Preview {
	p.Device, p.Revision = &r.Before, r.Revision
	p.Offer = r.State.Service.Offer
	p.CurrentEnd, p.Parked = r.Before.Allocation().Until, r.Before.Service.AutoRenew
	for _, e := range r.Events {
		if renewed, ok := e.(device.ServiceRenewed); ok {
			p.NewEnd = renewed.NewEnd
			p.DaysGained = int(renewed.NewEnd - max(renewed.OldEnd, today.AddDays(-1)))
		}
	}
	return p
}
