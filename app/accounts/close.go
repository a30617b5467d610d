package accounts

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Close ends an account, at the given revision unless that is nil. It is the
// operator's.
func (s *Service) Close(ctx context.Context, caller access.Caller, uid uuid.UUID, c command.Command, ifRevision *eventlog.Revision) (command.Receipt, error) {
	if err := access.OperatorOnly(caller, rights.AccountsManage); err != nil {
		return command.Receipt{}, err
	}
	if err := c.Check(); err != nil {
		return command.Receipt{}, err
	}
	env := s.executor.Begin(caller.Actor, c)
	end := existing(func(state account.State) ([]domain.Event, error) {
		return account.DecideClose(state, account.Close{Reason: c.Reason, Confirm: true})
	})
	return command.Receive(command.Execute(ctx, env, command.On(account.Aggregate, uid).If(ifRevision), end))
}
