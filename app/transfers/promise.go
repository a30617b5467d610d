package transfers

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/transfer"
)

// promise holds a transfer to its plan: the same devices are moved, to the same
// service, or refused for the same reasons. What would come out otherwise is
// refused as changed_since_plan. The methods of a nil promise change nothing.
type promise struct {
	devices  []transfer.Planned // in request order
	byDevice map[uuid.UUID]transfer.Planned
}

// planned takes over what the plan says that the transfer carries out, if any.
func (s *Service) planned(ctx context.Context, req *access.Request, c Transfer) (Transfer, *promise, error) {
	if c.Plan == uuid.Nil {
		return c, nil, nil
	}
	p, err := s.seenPlan(ctx, req, c.Plan)
	if err != nil {
		return c, nil, err
	}
	if !s.executor.Clock.Now().Before(p.Expires) {
		return c, nil, refuseAt("/planId", planExpired)
	}
	c.From, c.To, c.Offer, c.Devices = p.From, p.To, p.Offer, nil
	for _, d := range p.Devices {
		c.Devices = append(c.Devices, d.Name)
	}
	if c.Reason == "" {
		c.Reason = p.Reason
	}
	return c, newPromise(p.Devices), nil
}

func newPromise(devices []transfer.Planned) *promise {
	p := &promise{devices: devices, byDevice: map[uuid.UUID]transfer.Planned{}}
	for _, d := range devices {
		if _, known := p.byDevice[d.Device]; !known { // the first counts, others are duplicates
			p.byDevice[d.Device] = d
		}
	}
	return p
}

// check refuses events that give a device something else than was planned.
func (p *promise) check(s device.State, events []domain.Event, r device.Rules) error {
	if p == nil || len(events) == 0 {
		return nil
	}
	now := device.Aggregate.Fold(s, events...).Resulting(r)
	var planned device.Resulting
	if was := p.byDevice[s.UID].Resulting; was != nil {
		if planned = *was; planned == now {
			return nil
		}
	}
	return domain.Refuse(device.ChangedSincePlan(planned, now))
}

// compare looks at the results, which know also what only a claim can tell. A
// device that others hold for the moment, or that shares the fate of another,
// has not changed.
func (p *promise) compare(results []command.Result[device.State]) {
	if p == nil {
		return
	}
	for i := range results {
		r, planned := &results[i], p.devices[i]
		others := slices.DeleteFunc(slices.Clone(r.Problems), changedSincePlan)
		codes := codesOf(others)
		switch {
		case len(r.Problems) == 0, slices.Equal(codes, []string{device.CodeBusy}), slices.Equal(codes, []string{command.CodeBatchRefused}):
		case len(codes) > 0 && slices.Equal(codes, codesOf(planned.Problems)):
			r.Problems = others // refused as planned
		case len(others) == len(r.Problems):
			var was device.Resulting
			if planned.Resulting != nil {
				was = *planned.Resulting
			}
			r.Problems = append([]domain.Problem{device.ChangedSincePlan(was, device.Resulting{})}, r.Problems...)
		}
	}
}

func changedSincePlan(p domain.Problem) bool { return p.Code == device.CodeChangedSincePlan }
