package renewals

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/order"
)

// Stop takes back what an order waits for because an account was closed: the one that
// ordered, or one that had devices of it. The command's reason says so.
func (s *Service) Stop(ctx context.Context, env command.Env, uid, closed uuid.UUID) error {
	_, err := command.Execute(ctx, env, command.On(order.Aggregate, uid), func(o order.State) ([]domain.Event, error) {
		return order.DecideStop(o, closed, env.Command.Reason)
	})
	return err
}
