package people

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/user"
)

// Deactivate keeps a user out from now on: sessions and personal tokens end at
// once. Let in again, the user comes from the issuer as if for the first time.
// The last administrator cannot be deactivated. It needs users.manage in the
// account.
func (s *Service) Deactivate(ctx context.Context, caller access.Caller, c UserCommand) (command.Receipt, error) {
	receipt, err := s.changeAccess(ctx, caller, c, account.DecideWithdraw)
	if err != nil || c.DryRun {
		return receipt, err
	}
	if err := s.options.Store.EndSessions(ctx, c.User); err != nil {
		s.executor.Logger.WarnContext(ctx, "sessions of a deactivated user stay, of no use", "user", c.User, "error", err)
	}
	if err := s.options.Store.DropIdentities(ctx, c.User); err != nil {
		s.executor.Logger.WarnContext(ctx, "identities of a deactivated user stay", "user", c.User, "error", err)
	}
	return receipt, nil
}

// Reactivate lets a deactivated user in again, with the profiles from before. It
// needs users.manage in the account.
func (s *Service) Reactivate(ctx context.Context, caller access.Caller, c UserCommand) (command.Receipt, error) {
	return s.changeAccess(ctx, caller, c, account.DecideRestore)
}

// changeAccess carries out a decision of the account about a user; the user's
// stream follows, by the reactions should this command die.
func (s *Service) changeAccess(ctx context.Context, caller access.Caller, c UserCommand,
	decide func(account.State, uuid.UUID) ([]domain.Event, error),
) (command.Receipt, error) {
	_, found, err := s.managed(ctx, caller, c)
	switch {
	case err != nil:
		return command.Receipt{}, err
	case found.State.Status == user.Pending:
		return command.Receipt{}, domain.Refuse(notActive(found.State))
	case found.State.Status == user.Revoked:
		return command.Receipt{}, query.ErrNotFound
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	changed, err := command.Execute(ctx, env, command.On(account.Aggregate, c.Account), func(acc account.State) ([]domain.Event, error) {
		return decide(acc, c.User)
	})
	if err != nil {
		return command.Receipt{}, err
	}
	followed, err := s.followAccess(ctx, env, changed.State, c.User)
	if err != nil {
		return command.Receipt{}, err
	}
	return followed.Reaching(changed.Position), nil
}

// FollowAccess brings a user's stream in line with what the account says by now.
func (s *Service) FollowAccess(ctx context.Context, env command.Env, uid, person uuid.UUID) (command.Receipt, error) {
	acc, err := s.account(ctx, uid)
	if err != nil {
		return command.Receipt{}, err
	}
	return s.followAccess(ctx, env, acc.State, person)
}

func (s *Service) followAccess(ctx context.Context, env command.Env, acc account.State, person uuid.UUID) (command.Receipt, error) {
	return command.Receive(command.Execute(ctx, env, command.On(user.Aggregate, person), func(u user.State) ([]domain.Event, error) {
		return user.DecideAccess(u, acc.KeepsOut(person))
	}))
}
