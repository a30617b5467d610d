package renewals

import (
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/device"
)

// Service has the use cases of renewals and grants.
type Service struct {
	executor *command.Executor
	access   *access.Control
	reader   query.Reader
	rules    device.Rules
}

// New makes the service.
func New(x *command.Executor, a *access.Control, reader query.Reader, rules device.Rules) *Service {
	return &Service{executor: x, access: a, reader: reader, rules: rules}
}
