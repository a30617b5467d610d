package partnerships

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Service carries out the use cases. It is safe for concurrent use.
type Service struct {
	executor *command.Executor
	access   *access.Control
	reader   query.Reader
}

// New makes a service.
func New(x *command.Executor, a *access.Control, reader query.Reader) *Service {
	return &Service{executor: x, access: a, reader: reader}
}

// requireChoice is what every command on a customer's partners checks first: the
// caller has partners.edit in the customer's account, and is no partner of it.
func requireChoice(ctx context.Context, req *access.Request, customer uuid.UUID, c command.Command) error {
	if err := c.Check(); err != nil {
		return err
	}
	return req.RequireOwnChoice(ctx, customer, rights.PartnersEdit)
}

// between is the partnership of a pair.
func between(reseller, customer uuid.UUID) command.Subject[partnership.State] {
	return command.On(partnership.Aggregate, partnership.UID(reseller, customer))
}
