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

// Reopen takes the closing of an account back. Name, when not empty, is another
// one, for an account whose own name went to another.
type Reopen struct {
	command.Command
	Account    uuid.UUID
	Name       string
	IfRevision *eventlog.Revision
}

// Reopen opens a closed account again. It is the operator's. Tokens that ended with
// the account stay ended, and so does all else that stopped.
func (s *Service) Reopen(ctx context.Context, caller access.Caller, c Reopen) (command.Receipt, error) {
	if err := access.OperatorOnly(caller, rights.AccountsManage); err != nil {
		return command.Receipt{}, err
	}
	problems := c.Problems()
	var name string
	if c.Name != "" {
		var found []domain.Problem
		name, _, found = account.NormaliseName(c.Name)
		problems = append(problems, domain.At("/name", found)...)
	}
	if len(problems) > 0 {
		return command.Receipt{}, domain.Refuse(problems...)
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	reopen := existing(func(state account.State) ([]domain.Event, error) {
		return account.DecideReopen(state, name, c.Reason)
	})
	return command.Receive(command.Execute(ctx, env, command.On(account.Aggregate, c.Account).Shown().If(c.IfRevision), reopen))
}
