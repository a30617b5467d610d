package app

import (
	"cmp"
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/rights"
)

func partnershipChange(reseller, customer uuid.UUID, decide func(partnership.State) ([]domain.Event, []domain.Problem)) change[partnership.State] {
	uid := partnership.UID(reseller, customer)
	return change[partnership.State]{stream: eventlog.PartnershipStream(uid), holder: uid, evolve: partnership.Evolve, decide: decide}
}

// partnerUp establishes the partnership of a new customer with the reseller
// that created it. When it fails, the processes do it.
func (a *App) partnerUp(ctx context.Context, w write, s account.State, created eventlog.Position) (CreatedAccount, error) {
	answer := CreatedAccount{UID: s.UID, Position: created}
	if s.Reseller == uuid.Nil {
		return answer, nil
	}
	r, err := carryOut(ctx, a, w, partnershipChange(s.Reseller, s.UID, func(p partnership.State) ([]domain.Event, []domain.Problem) {
		if p.UID != uuid.Nil {
			return nil, nil // established, and perhaps changed or ended since
		}
		return partnership.DecideEstablish(p, s.Reseller, s.UID, s.Profile(rights.ReadOnly), w.at)
	}))
	if err == nil {
		err = domain.Refuse(r.problems...)
	}
	if created.Before(r.position) {
		answer.Position = r.position
	}
	return answer, err
}

// EstablishPartnership makes a reseller the partner of a customer. An empty
// profile is read-only; a zero Until lets the partnership last.
type EstablishPartnership struct {
	Command
	Reseller, Customer uuid.UUID
	Profile            string
	Until              time.Time
}

var (
	partnerUnknown = domain.Problem{Code: CodePartnerUnknown, Pointer: "/partner", Detail: "There is no reseller account with this UID."}
	notACustomer   = domain.Problem{Code: CodeNotACustomer, Detail: "Only a standard account chooses its partners; a reseller is chosen."}
)

// EstablishPartnership needs partners.edit in the customer's account, as the
// customer's own choice: it is the customer who gives the reseller access. Who
// knows a reseller's UID may choose it, as one may register devices into an
// account whose UID is known; the reseller gains by it and need not agree.
func (a *App) EstablishPartnership(ctx context.Context, caller access.Caller, c EstablishPartnership) (Written, error) {
	if err := a.choosesPartners(ctx, caller, c.Customer, c.Command); err != nil {
		return Written{}, err
	}
	customer, err := a.account(ctx, c.Customer)
	if err != nil {
		return Written{}, err
	}
	reseller, err := a.account(ctx, c.Reseller)
	if err != nil {
		return Written{}, err
	}
	var problems []domain.Problem
	switch {
	case customer.Type == account.Reseller:
		problems = append(problems, notACustomer)
	case customer.Status == account.Closed:
		problems = append(problems, accountClosed)
	}
	if reseller.Type != account.Reseller || reseller.Status == account.Closed {
		problems = append(problems, partnerUnknown)
	}
	if len(problems) > 0 {
		return Written{}, domain.Refuse(problems...)
	}
	w := a.write(caller, c.Command)
	profile := customer.Profile(cmp.Or(c.Profile, rights.ReadOnly))
	r, err := carryOut(ctx, a, w, partnershipChange(c.Reseller, c.Customer, func(s partnership.State) ([]domain.Event, []domain.Problem) {
		return partnership.DecidePartner(s, c.Reseller, c.Customer, profile, c.Until, w.at)
	}))
	if err != nil {
		return Written{}, err
	}
	for i, p := range r.problems {
		r.problems[i].Pointer = map[string]string{partnership.CodeProfileUnknown: "/profile", partnership.CodeUntilInPast: "/until"}[p.Code]
	}
	return r.written(partnership.UID(c.Reseller, c.Customer))
}

// AssignPartnerProfile chooses what a reseller's users may do in a customer's
// account, and until when. An empty profile stays as it is, and so does an end
// that is nil; a zero one takes the end away.
type AssignPartnerProfile struct {
	Command
	Reseller, Customer uuid.UUID
	Profile            string
	Until              *time.Time
}

// AssignPartnerProfile changes the profile and the end of a partnership. It
// needs partners.edit in the customer's account, as the customer's own choice:
// no partner gives itself more rights.
func (a *App) AssignPartnerProfile(ctx context.Context, caller access.Caller, c AssignPartnerProfile) (Written, error) {
	w := a.write(caller, c.Command)
	return a.asCustomer(ctx, caller, w, c.Reseller, c.Customer, func(customer account.State, s partnership.State) (events []domain.Event, problems []domain.Problem) {
		if c.Profile != "" {
			var p []domain.Problem
			events, p = partnership.DecideAssign(s, customer.Profile(c.Profile), w.at)
			problems = append(problems, at("/profile", p)...)
		}
		if c.Until != nil {
			set, p := partnership.DecideSetEnd(s, *c.Until, w.at)
			events, problems = append(events, set...), append(problems, at("/until", p)...)
		}
		if len(problems) > 0 {
			return nil, problems
		}
		return events, nil
	})
}

// EndPartnership ends a reseller's access to a customer's account at once. It
// needs partners.edit, as AssignPartnerProfile. Devices stay where they are.
func (a *App) EndPartnership(ctx context.Context, caller access.Caller, reseller, customer uuid.UUID, c Command) (Written, error) {
	w := a.write(caller, c)
	return a.asCustomer(ctx, caller, w, reseller, customer, func(_ account.State, s partnership.State) ([]domain.Event, []domain.Problem) {
		return partnership.DecideEnd(s, c.Reason, w.at)
	})
}

// choosesPartners is nil for who decides on a customer's partners.
func (a *App) choosesPartners(ctx context.Context, caller access.Caller, customer uuid.UUID, c Command) error {
	if err := c.check(); err != nil {
		return err
	}
	if err := a.access(caller).write(ctx, customer, rights.PartnersEdit); err != nil {
		return err
	}
	if !caller.Operator() && caller.Own() != customer {
		return &access.Forbidden{Right: rights.PartnersEdit, Account: customer}
	}
	return nil
}

// asCustomer carries out what the customer decides about a partnership.
func (a *App) asCustomer(ctx context.Context, caller access.Caller, w write, reseller, customer uuid.UUID,
	decide func(account.State, partnership.State) ([]domain.Event, []domain.Problem),
) (Written, error) {
	if err := a.choosesPartners(ctx, caller, customer, w.command); err != nil {
		return Written{}, err
	}
	state, err := a.account(ctx, customer)
	if err != nil {
		return Written{}, err
	}
	active := false
	r, err := carryOut(ctx, a, w, partnershipChange(reseller, customer, func(s partnership.State) ([]domain.Event, []domain.Problem) {
		if active = s.ActiveAt(w.at); !active {
			return nil, nil
		}
		return decide(state, s)
	}))
	if err != nil {
		return Written{}, err
	}
	if !active && !r.done {
		return Written{}, query.ErrNotFound
	}
	return r.written(r.state.UID)
}
