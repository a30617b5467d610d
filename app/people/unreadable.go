package people

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/person"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// GiveUp goes on without the personal data of somebody whose key is lost, which the
// streams name: from then on it reads "unreadable", instead of stopping whoever
// reads it. It is the operator's. What is recorded of the person afterwards can be
// read, and the person can be erased.
//
// The event comes first: when the command dies behind it, the data still stops its
// readers, and the command is given again.
func (s *Service) GiveUp(ctx context.Context, caller access.Caller, lost uuid.UUID, streams []string, c command.Command) (command.Receipt, error) {
	if err := access.OperatorOnly(caller, rights.AccountsManage); err != nil {
		return command.Receipt{}, err
	}
	if err := c.Check(); err != nil {
		return command.Receipt{}, err
	}
	receipt, err := command.Receive(command.Execute(ctx, s.executor.Begin(caller.Actor, c), command.On(person.Aggregate, lost),
		func(state person.State) ([]domain.Event, error) { return person.DecideUnreadable(state, lost), nil }))
	if err != nil || c.DryRun {
		return receipt, err
	}
	return receipt, s.persons.GiveUp(ctx, lost, streams)
}
