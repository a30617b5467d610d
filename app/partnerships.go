package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/rights"
)

func partnershipChange(reseller, customer uuid.UUID, decide func(partnership.State) ([]domain.Event, []domain.Problem)) change[partnership.State] {
	uid := partnership.UID(reseller, customer)
	return change[partnership.State]{stream: PartnershipStream(uid), holder: uid, evolve: partnership.Evolve, decide: decide}
}

// partnerUp establishes the partnership of a new customer with the reseller
// that created it. When it fails, the processes do it.
func (a *App) partnerUp(ctx context.Context, w write, s account.State, created Position) (CreatedAccount, error) {
	answer := CreatedAccount{UID: s.UID, Position: created}
	if s.Reseller == uuid.Nil {
		return answer, nil
	}
	r, err := carryOut(ctx, a, w, partnershipChange(s.Reseller, s.UID, func(p partnership.State) ([]domain.Event, []domain.Problem) {
		if p.UID != uuid.Nil {
			return nil, nil // established, and perhaps changed or ended since
		}
		return partnership.DecideEstablish(p, s.Reseller, s.UID, rights.ReadOnly)
	}))
	if err == nil {
		err = domain.Refuse(r.problems...)
	}
	if created.Before(r.position) {
		answer.Position = r.position
	}
	return answer, err
}

// AssignPartnerProfile chooses what a reseller's users may do in a customer's
// account.
type AssignPartnerProfile struct {
	Command
	Reseller, Customer uuid.UUID
	Profile            string
}

// AssignPartnerProfile changes the profile. It needs partners.edit in the
// customer's account, as the customer's own choice: no partner gives itself
// more rights.
func (a *App) AssignPartnerProfile(ctx context.Context, caller Caller, c AssignPartnerProfile) (Written, error) {
	if err := c.check(); err != nil {
		return Written{}, err
	}
	if err := a.access(caller).write(ctx, c.Customer, rights.PartnersEdit); err != nil {
		return Written{}, err
	}
	if !caller.Operator() && caller.Own() != c.Customer {
		return Written{}, &Forbidden{Right: rights.PartnersEdit, Account: c.Customer}
	}
	if p, err := a.partnership(ctx, c.Reseller, c.Customer); err != nil || !p.Active() {
		return Written{}, orNotFound(err)
	}
	r, err := carryOut(ctx, a, a.write(caller, c.Command), partnershipChange(c.Reseller, c.Customer,
		func(s partnership.State) ([]domain.Event, []domain.Problem) {
			events, problems := partnership.DecideAssign(s, c.Profile)
			return events, at("/profile", problems)
		}))
	if err != nil {
		return Written{}, err
	}
	return r.written(r.state.UID)
}
