package accounts

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// AssignedContact answers AssignChannelContact.
type AssignedContact struct {
	command.Receipt
	Contact account.Person
}

// AssignChannelContact gives a reseller a channel contact. It is the operator's.
// A person who is one already, by the e-mail address, takes the name, if one is
// given.
func (s *Service) AssignChannelContact(ctx context.Context, caller access.Caller, uid uuid.UUID, c command.Command, contact account.Contact) (AssignedContact, error) {
	if err := requireOperator(caller, c); err != nil {
		return AssignedContact{}, err
	}
	env := s.executor.Begin(caller.Actor, c)
	person, problems := contact.Person(env.Derive("channel contact"), "")
	if len(problems) > 0 {
		return AssignedContact{}, domain.Refuse(problems...)
	}
	assign := existing(func(state account.State) ([]domain.Event, error) {
		return account.DecideAssignContact(state, person)
	})
	r, err := command.Execute(ctx, env, command.On(account.Aggregate, uid).Shown(), assign)
	if err != nil {
		return AssignedContact{}, err
	}
	if known, is := r.State.ContactOf(person.Email); is { // perhaps one already, with an id of its own
		person = known
	}
	return AssignedContact{Receipt: r.Receipt(), Contact: person}, nil
}

// RemoveChannelContact takes a channel contact away. It is the operator's;
// query.ErrNotFound when the account has no such contact.
func (s *Service) RemoveChannelContact(ctx context.Context, caller access.Caller, uid, contact uuid.UUID, c command.Command) (command.Receipt, error) {
	if err := requireOperator(caller, c); err != nil {
		return command.Receipt{}, err
	}
	known := func(state account.State) bool {
		return slices.ContainsFunc(state.ChannelContacts, func(p account.Person) bool { return p.ID == contact })
	}
	env := s.executor.Begin(caller.Actor, c)
	remove := having(known, func(state account.State) ([]domain.Event, error) {
		return account.DecideRemoveContact(state, contact)
	})
	return command.Receive(command.Execute(ctx, env, command.On(account.Aggregate, uid).Shown(), remove))
}

// requireOperator is what a command on channel contacts checks first.
func requireOperator(caller access.Caller, c command.Command) error {
	if err := c.Check(); err != nil {
		return err
	}
	return access.OperatorOnly(caller, rights.AccountsManage)
}
