package partnerships

import (
	"cmp"
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Establish makes a reseller the partner of a customer. An empty profile is
// read-only; a zero Until lets the partnership last.
type Establish struct {
	command.Command
	Reseller, Customer uuid.UUID
	Profile            string
	Until              time.Time
}

// Establish needs partners.edit in the customer's account, as the customer's own
// choice: it is the customer who gives the reseller access, and nobody gives more than
// it has there (access.CodeRightNotHeld). Whoever knows a
// reseller's UID may choose it, as one may register devices into an account whose
// UID is known; the reseller gains by it and need not agree.
func (s *Service) Establish(ctx context.Context, caller access.Caller, c Establish) (command.Receipt, error) {
	req := s.access.Request(caller)
	if err := requireChoice(ctx, req, c.Customer, c.Command); err != nil {
		return command.Receipt{}, err
	}
	customer, err := req.Account(ctx, c.Customer)
	if err != nil {
		return command.Receipt{}, err
	}
	reseller, err := req.Account(ctx, c.Reseller)
	if err != nil {
		return command.Receipt{}, err
	}
	held, err := req.In(ctx, c.Customer)
	if err != nil {
		return command.Receipt{}, err
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	refusal := domain.Refuse(cannotPartner(reseller, customer)...)
	if err := command.UnlessDone(ctx, env, between(c.Reseller, c.Customer), refusal); err != nil {
		return command.Receipt{}, err
	}
	profile := customer.Profile(cmp.Or(c.Profile, rights.ReadOnly))
	partner := func(p partnership.State) ([]domain.Event, error) {
		events, err := partnership.DecidePartner(p, c.Reseller, c.Customer, profile, c.Until, env.At)
		return givenBy(held, profile, events, err)
	}
	return command.Receive(command.Execute(ctx, env, between(c.Reseller, c.Customer), partner))
}

// givenBy is a decision that gives a reseller a profile, if whoever gives it has all of
// its rights.
func givenBy(held rights.Set, profile rights.Profile, events []domain.Event, err error) ([]domain.Event, error) {
	if err == nil && len(events) > 0 {
		err = domain.Refuse(access.Giving(profile.Rights, nil, held, "/profile")...)
	}
	return events, pointed(err)
}

// cannotPartner is what the accounts themselves have against a partnership.
func cannotPartner(reseller, customer account.State) []domain.Problem {
	var problems []domain.Problem
	switch {
	case customer.Type == account.Reseller:
		problems = append(problems, notACustomer())
	case customer.Status == account.Closed:
		problems = append(problems, access.AccountClosed)
	}
	if reseller.Type != account.Reseller || reseller.Status == account.Closed {
		problems = append(problems, partnerUnknown())
	}
	return problems
}

// PartnerUp establishes the partnership of a new customer with the reseller that
// created it; it does nothing for an account that no reseller created. The receipt
// is the partnership's. What a command leaves undone here the reactions do.
func (s *Service) PartnerUp(ctx context.Context, env command.Env, customer account.State) (command.Receipt, error) {
	if customer.Reseller == uuid.Nil {
		return command.Receipt{}, nil
	}
	profile := customer.Profile(rights.ReadOnly)
	establish := func(p partnership.State) ([]domain.Event, error) {
		if p.UID != uuid.Nil {
			return nil, nil // established, and perhaps changed or ended since
		}
		return partnership.DecideEstablish(p, customer.Reseller, customer.UID, profile, env.At)
	}
	return command.Receive(command.Execute(ctx, env, between(customer.Reseller, customer.UID), establish))
}
