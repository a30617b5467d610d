package accounts

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Create opens an account: a reseller or standard account by the operator, or
// (through CreateCustomer, which sets the type) a customer by a reseller.
type Create struct {
	command.Command
	Name          string
	Type          account.Type
	Administrator account.Contact
	Offers        []catalogue.Offer // empty: all
}

// Create opens a reseller or standard account. It is the operator's. The receipt
// has the account's uid.
func (s *Service) Create(ctx context.Context, caller access.Caller, c Create) (command.Receipt, error) {
	if err := access.OperatorOnly(caller, rights.AccountsManage); err != nil {
		return command.Receipt{}, err
	}
	return s.create(ctx, s.executor.Begin(caller.Actor, c.Command), c, uuid.Nil)
}

// CreateCustomer opens a standard account, partnered at once with the reseller
// that the caller acts for. It needs customers.create there.
func (s *Service) CreateCustomer(ctx context.Context, caller access.Caller, c Create) (command.Receipt, error) {
	uid := caller.Account()
	req := s.access.Request(caller)
	if err := req.RequireWrite(ctx, uid, rights.CustomersCreate); err != nil {
		return command.Receipt{}, err
	}
	if uid == uuid.Nil {
		return command.Receipt{}, domain.Refuse(access.AccountRequired)
	}
	reseller, err := req.Account(ctx, uid)
	switch {
	case err != nil:
		return command.Receipt{}, err
	case !reseller.Exists():
		return command.Receipt{}, query.ErrNotFound
	case reseller.Status == account.Closed:
		return command.Receipt{}, domain.Refuse(access.AccountClosed)
	case reseller.Type != account.Reseller:
		return command.Receipt{}, domain.Refuse(notAReseller())
	}
	c.Type = account.Standard
	return s.create(ctx, s.executor.Begin(caller.Actor, c.Command), c, uid)
}

func (s *Service) create(ctx context.Context, env command.Env, c Create, reseller uuid.UUID) (command.Receipt, error) {
	create, err := c.read(env, reseller)
	if err != nil {
		return command.Receipt{}, err
	}
	created, err := s.appendNew(ctx, env, create)
	if err != nil {
		return command.Receipt{}, err
	}
	if c.DryRun { // a new partnership has nothing against it
		return created.Receipt(), nil
	}
	partnered, err := s.partnerships.PartnerUp(ctx, env, created.State)
	if err != nil {
		return command.Receipt{}, err
	}
	return created.Receipt().Reaching(partnered.Position), nil
}

// appendNew appends the account. Its uid follows from the command, so that a
// repeat finds what it created; it moves on where a creation that died half way
// was fenced off.
func (s *Service) appendNew(ctx context.Context, env command.Env, c account.Create) (command.Result[account.State], error) {
	env = s.access.Mails.Asking(env, access.MailInvitation, c.Administrator.Email)
	for n := 0; ; n++ {
		c.UID = env.Derive(fmt.Sprintf("account/%d", n))
		c.Invitation = s.invitation(c.UID, 1, env.At)
		r, err := command.Execute(ctx, env, command.On(account.Aggregate, c.UID), func(state account.State) ([]domain.Event, error) {
			return account.DecideCreate(state, c)
		})
		if !r.Before.Abandoned {
			return r, err
		}
	}
}

// read checks the input and gives all its problems at once.
func (c Create) read(env command.Env, reseller uuid.UUID) (account.Create, error) {
	create := account.Create{Type: c.Type, Reseller: reseller}
	var problems, found []domain.Problem
	create.Name, _, found = account.NormaliseName(c.Name)
	problems = append(problems, domain.At("/name", found)...)
	create.Administrator, found = c.Administrator.Person(env.Derive("administrator"), "/administrator")
	problems = append(problems, found...)
	create.Offers, found = catalogue.OffersOrAll(c.Offers)
	problems = append(problems, domain.At("/offers", found)...)
	if c.Type != account.Reseller && c.Type != account.Standard {
		problems = append(problems, typeInvalid())
	}
	problems = append(problems, c.Problems()...)
	return create, domain.Refuse(problems...)
}
