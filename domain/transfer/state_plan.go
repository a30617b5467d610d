package transfer

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/aggregate"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

// PlanAggregate is the plan for a transfer.
var PlanAggregate = aggregate.Aggregate[Plan]{Category: "transferplan", Evolve: EvolvePlan}

// Plan is a plan folded from its events.
type Plan struct {
	TransferPlanned
	Devices []Planned
}

// Complete reports whether the plan has all its devices; one that has not is none.
func (p Plan) Complete() bool { return p.Plan != uuid.Nil && len(p.Devices) == p.Total }

// Promises are what the plan has told of its devices, the first time each is
// named: others are repetitions. Recorded is the day of the plan's first event,
// which plans of before count by.
func (p Plan) Promises(recorded calendar.Date) map[uuid.UUID]device.Promise {
	day := p.Day
	if day.IsZero() {
		day = recorded
	}
	promises := make(map[uuid.UUID]device.Promise, len(p.Devices))
	for _, d := range p.Devices {
		if _, named := promises[d.Device]; !named {
			promises[d.Device] = device.Promise{Day: day, Resulting: d.Resulting, Problems: d.Problems}
		}
	}
	return promises
}

// EvolvePlan folds one event into a plan. It shares nothing that changes with the
// plan before.
func EvolvePlan(p Plan, e domain.Event) Plan {
	switch e := e.(type) {
	case TransferPlanned:
		p = Plan{TransferPlanned: e}
	case DevicesPlanned:
		p.Devices = slices.Concat(p.Devices, e.Devices)
	}
	return p
}
