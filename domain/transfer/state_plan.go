package transfer

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/aggregate"
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
