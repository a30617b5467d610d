package partnerships

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/partnership"
)

// Stop ends a partnership, and a request for it that waits, because one of its two
// accounts was closed. The command's reason says so.
func (s *Service) Stop(ctx context.Context, env command.Env, uid, closed uuid.UUID) error {
	_, err := command.Execute(ctx, env, command.On(partnership.Aggregate, uid), func(p partnership.State) ([]domain.Event, error) {
		return partnership.DecideStop(p, closed, env.Command.Reason, env.At)
	})
	return err
}
