package app

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/reservation"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// CreateAccount opens a reseller or standard account. It is the operator's.
func (a *App) CreateAccount(ctx context.Context, caller access.Caller, c CreateAccount) (CreatedAccount, error) {
	if err := operatorOnly(caller, rights.AccountsManage); err != nil {
		return CreatedAccount{}, err
	}
	return a.createAccount(ctx, a.write(caller, c.Command), c, uuid.Nil)
}

// CreateCustomer opens a standard account, partnered at once with the reseller
// that the caller acts for. It needs customers.create there.
func (a *App) CreateCustomer(ctx context.Context, caller access.Caller, c CreateAccount) (CreatedAccount, error) {
	reseller := caller.Account()
	if err := a.access(caller).write(ctx, reseller, rights.CustomersCreate); err != nil {
		return CreatedAccount{}, err
	}
	if reseller == uuid.Nil {
		return CreatedAccount{}, domain.Refuse(accountRequired)
	}
	s, err := a.account(ctx, reseller)
	switch {
	case err != nil:
		return CreatedAccount{}, err
	case s.Status == "":
		return CreatedAccount{}, query.ErrNotFound
	case s.Status == account.Closed:
		return CreatedAccount{}, domain.Refuse(accountClosed)
	case s.Type != account.Reseller:
		return CreatedAccount{}, domain.Refuse(domain.Problem{Code: CodeNotAReseller, Detail: "Only a reseller account has customers."})
	}
	c.Type = account.Standard
	return a.createAccount(ctx, a.write(caller, c.Command), c, reseller)
}

func (a *App) createAccount(ctx context.Context, w write, c CreateAccount, reseller uuid.UUID) (CreatedAccount, error) {
	create, wants, err := newAccount(w, c, reseller)
	if err != nil {
		return CreatedAccount{}, err
	}
	// The uid follows from the command, so that a repeat finds what it created.
	// It moves on where a creation that died half way was fenced off.
	for n := 0; ; n++ {
		create.UID = w.derive(fmt.Sprintf("account/%d", n))
		create.Invitation = a.invitation(create.UID, 1, w.at)
		ch := accountChange(create.UID, func(s account.State) ([]domain.Event, []domain.Problem) {
			if s.Abandoned {
				return nil, nil
			}
			return account.DecideCreate(s, create)
		})
		ch.wants = func(account.State) []want { return wants }
		r, err := carryOut(ctx, a, w, ch)
		if err == nil {
			err = domain.Refuse(r.problems...)
		}
		if err != nil {
			return CreatedAccount{}, err
		}
		if !r.state.Abandoned {
			return a.partnerUp(ctx, w, r.state, r.position)
		}
	}
}

// newAccount checks the input and gives all its problems at once.
func newAccount(w write, c CreateAccount, reseller uuid.UUID) (account.Create, []want, error) {
	create := account.Create{Type: c.Type, Reseller: reseller}
	create.Administrator.ID = w.derive("administrator")
	var problems, p []domain.Problem
	var nameKey, emailKey string

	create.Name, nameKey, p = account.NormaliseName(c.Name)
	problems = append(problems, at("/name", p)...)
	create.Administrator.Email, emailKey, p = account.NormaliseEmail(c.Administrator.Email)
	problems = append(problems, at("/administrator/email", p)...)
	if c.Administrator.Name != "" {
		create.Administrator.Name, _, p = account.NormaliseName(c.Administrator.Name)
		problems = append(problems, at("/administrator/name", p)...)
	}
	create.Offers, p = offersOrAll(c.Offers)
	problems = append(problems, at("/offers", p)...)
	if c.Type != account.Reseller && c.Type != account.Standard {
		problems = append(problems, domain.Problem{Code: CodeTypeInvalid, Pointer: "/type", Detail: "A type is reseller or standard."})
	}
	_, p = freeText(c.Reason, maxReason, CodeReasonInvalid)
	problems = append(problems, at("/reason", p)...)
	wants := []want{
		{key: reservation.Unique(reservation.AccountName, nameKey), taken: accountNameTaken},
		{key: reservation.Unique(reservation.Email, emailKey), taken: emailTaken},
	}
	return create, wants, domain.Refuse(problems...)
}
