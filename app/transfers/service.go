package transfers

import (
	"cmp"
	"time"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/catalogues"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/device"
)

// DefaultPlanLife is how long a plan can be carried out.
const DefaultPlanLife = 24 * time.Hour

// Service has the use cases of transfers.
type Service struct {
	executor  *command.Executor
	access    *access.Control
	reader    query.Reader
	catalogue *catalogues.Service
	rules     device.Rules
	plans     PlanLimits
}

// PlanLimits are those of plans.
type PlanLimits struct {
	Life time.Duration // how long one can be carried out; zero: DefaultPlanLife
	Most int           // unexpired ones of an account; zero: any number
}

// New makes the service.
func New(x *command.Executor, a *access.Control, reader query.Reader, c *catalogues.Service, rules device.Rules, plans PlanLimits) *Service {
	plans.Life = cmp.Or(plans.Life, DefaultPlanLife)
	return &Service{executor: x, access: a, reader: reader, catalogue: c, rules: rules, plans: plans}
}
