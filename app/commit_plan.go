package app

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/transfer"
)

// commit holds a transfer to its plan: the same devices are moved, to the same
// service, or refused for the same reasons. What would come out otherwise is
// refused as changed_since_plan. The methods of a nil commit change nothing.
type commit struct {
	devices  []transfer.Planned // in request order
	byDevice map[uuid.UUID]transfer.Planned
}

func newCommit(devices []transfer.Planned) *commit {
	c := &commit{devices: devices, byDevice: map[uuid.UUID]transfer.Planned{}}
	for _, d := range devices {
		if _, known := c.byDevice[d.Device]; !known { // the first has the say, others are duplicates
			c.byDevice[d.Device] = d
		}
	}
	return c
}

// decide passes the events of a device on when they give what was planned.
func (c *commit) decide(s device.State, events []domain.Event, r device.Rules) ([]domain.Event, []domain.Problem) {
	if c == nil || len(events) == 0 {
		return events, nil
	}
	after := s
	for _, e := range events {
		after = device.Evolve(after, e)
	}
	now := after.Resulting(r)
	var planned device.Resulting
	if p := c.byDevice[s.UID].Resulting; p != nil {
		if planned = *p; planned == now {
			return events, nil
		}
	}
	return nil, []domain.Problem{device.ChangedSincePlan(planned, now)}
}

// compare looks at the results, which know also what only a claim can tell. A
// device that others hold for the moment, or that shares the fate of another,
// has not changed.
func (c *commit) compare(results []result[device.State]) {
	if c == nil {
		return
	}
	for i := range results {
		r, planned := &results[i], c.devices[i]
		now := slices.DeleteFunc(codesOf(r.problems), func(code string) bool { return code == device.CodeChangedSincePlan })
		changed := len(now) < len(r.problems)
		switch {
		case len(r.problems) == 0, slices.Equal(now, []string{device.CodeBusy}), slices.Equal(now, []string{CodeBatchRefused}):
		case len(now) > 0 && slices.Equal(now, codesOf(planned.Problems)):
			r.problems = slices.DeleteFunc(r.problems, func(p domain.Problem) bool { return p.Code == device.CodeChangedSincePlan })
		case !changed:
			var was device.Resulting
			if planned.Resulting != nil {
				was = *planned.Resulting
			}
			r.problems = append([]domain.Problem{device.ChangedSincePlan(was, device.Resulting{})}, r.problems...)
		}
	}
}

// codesOf lists the codes in order.
func codesOf(problems []domain.Problem) []string {
	codes := make([]string, len(problems))
	for i, p := range problems {
		codes[i] = p.Code
	}
	slices.Sort(codes)
	return codes
}
