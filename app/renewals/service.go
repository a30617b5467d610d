package renewals

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/catalogues"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
)

// Service has the use cases of renewals and grants.
type Service struct {
	executor  *command.Executor
	access    *access.Control
	reader    query.Reader
	catalogue *catalogues.Service
	rules     device.Rules
	automatic bool
}

// New makes the service. automatic: an order is applied at once for the devices
// on which the caller has devices.renew, whoever it is.
func New(x *command.Executor, a *access.Control, reader query.Reader, c *catalogues.Service, rules device.Rules, automatic bool) *Service {
	return &Service{executor: x, access: a, reader: reader, catalogue: c, rules: rules, automatic: automatic}
}

// uidsOf are the devices that a command names.
func uidsOf(names []string) ([]uuid.UUID, error) {
	uids := make([]uuid.UUID, len(names))
	for i, name := range names {
		uid, ok := device.Named(name)
		if !ok {
			return nil, domain.Refuse(domain.At("/devices", []domain.Problem{device.NotFound()})...)
		}
		uids[i] = uid
	}
	return uids, nil
}
