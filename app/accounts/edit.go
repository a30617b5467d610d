package accounts

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Edit changes what is not nil. IfRevision nil: no expectation.
type Edit struct {
	command.Command
	Account    uuid.UUID
	Name       *string
	Billing    *EditBilling
	Offers     *[]catalogue.Offer // empty: all
	IfRevision *eventlog.Revision
}

// EditBilling says who is billed; Contact for direct billing only.
type EditBilling struct {
	Mode    account.BillingMode
	Contact *account.Contact
}

// Edit changes an account's details, all or none. It needs account.edit; what the
// account may run is the operator's to say.
func (s *Service) Edit(ctx context.Context, caller access.Caller, c Edit) (command.Receipt, error) {
	if err := c.Check(); err != nil {
		return command.Receipt{}, err
	}
	if err := s.access.Request(caller).RequireWrite(ctx, c.Account, rights.AccountEdit); err != nil {
		return command.Receipt{}, err
	}
	if c.Offers != nil {
		if err := access.OperatorOnly(caller, rights.AccountsManage); err != nil {
			return command.Receipt{}, err
		}
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	edit, err := c.read(env)
	if err != nil {
		return command.Receipt{}, err
	}
	decide := func(state account.State) ([]domain.Event, error) { return account.DecideEdit(state, edit) }
	return command.Receive(command.Execute(ctx, env, command.On(account.Aggregate, c.Account).Shown().If(c.IfRevision), decide))
}

// read checks the input and gives all its problems at once.
func (c Edit) read(env command.Env) (account.Edit, error) {
	var edit account.Edit
	var problems, found []domain.Problem
	if c.Name != nil {
		var name string
		name, _, found = account.NormaliseName(*c.Name)
		edit.Name, problems = &name, append(problems, domain.At("/name", found)...)
	}
	if c.Billing != nil {
		edit.Billing = &account.Billing{Mode: c.Billing.Mode}
		if c.Billing.Contact != nil {
			var contact account.Person
			contact, found = c.Billing.Contact.Person(env.Derive("billing contact"), "/billing/contact")
			edit.Billing.Contact, problems = &contact, append(problems, found...)
		}
	}
	if c.Offers != nil {
		edit.Offers, found = catalogue.OffersOrAll(*c.Offers)
		problems = append(problems, domain.At("/offers", found)...)
	}
	return edit, domain.Refuse(problems...)
}
