package transfers

import (
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
	planLife  time.Duration
}

// New makes the service. planLife is how long a plan can be carried out.
func New(x *command.Executor, a *access.Control, reader query.Reader, c *catalogues.Service, rules device.Rules, planLife time.Duration) *Service {
	return &Service{executor: x, access: a, reader: reader, catalogue: c, rules: rules, planLife: planLife}
}
