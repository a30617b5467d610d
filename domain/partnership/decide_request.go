package partnership

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Proposal is what a reseller asks an account for. Profile is a shipped one, or empty;
// a zero Until proposes no end.
type Proposal struct {
	Reseller, Customer uuid.UUID
	Profile            string
	Until              time.Time
	Note               string
}

// DecideRequest lets a reseller ask an account for a partnership, also anew after an
// answer. One request waits at a time: while it does, another changes nothing.
func DecideRequest(s State, p Proposal, now time.Time) ([]domain.Event, error) {
	switch {
	case s.ActiveAt(now):
		return nil, domain.Refuse(alreadyPartnered())
	case s.Request.Status == Open:
		return nil, nil
	}
	p.Until = wholeSeconds(p.Until)
	var problems []domain.Problem
	if profile, shipped := rights.Find(p.Profile); p.Profile != "" && !shipped {
		profile.ID = p.Profile
		problems = known(profile)
	}
	if !p.Until.IsZero() {
		problems = append(problems, ahead(p.Until, now)...)
	}
	if len(problems) > 0 {
		return nil, domain.Refuse(problems...)
	}
	return []domain.Event{PartnershipRequested{
		Partnership: UID(p.Reseller, p.Customer), Reseller: p.Reseller, Customer: p.Customer,
		Profile: p.Profile, Until: p.Until, Note: p.Note,
	}}, nil
}

// DecideAccept establishes the partnership that a reseller asks for, by the terms of
// DecidePartner. A request that was accepted by the same terms is unchanged.
func DecideAccept(s State, profile rights.Profile, until, now time.Time) ([]domain.Event, error) {
	if s.Request.Status != Open && s.ActiveAt(now) {
		return DecidePartner(s, s.Reseller, s.Customer, profile, until, now)
	}
	if problems := asked(s.Request); problems != nil {
		return nil, domain.Refuse(problems...)
	}
	return DecidePartner(s, s.Request.Reseller, s.Request.Customer, profile, until, now)
}

// DecideDecline declines the request of a reseller.
func DecideDecline(s State, reason string) ([]domain.Event, error) {
	if s.Request.Status == Declined {
		return nil, nil
	}
	if problems := asked(s.Request); problems != nil {
		return nil, domain.Refuse(problems...)
	}
	return []domain.Event{PartnershipRequestDeclined{Partnership: s.Request.partnership(), Reason: reason}}, nil
}

// DecideWithdrawRequest takes the request back.
func DecideWithdrawRequest(s State, reason string) ([]domain.Event, error) {
	if s.Request.Status == Withdrawn {
		return nil, nil
	}
	if problems := asked(s.Request); problems != nil {
		return nil, domain.Refuse(problems...)
	}
	return []domain.Event{PartnershipRequestWithdrawn{Partnership: s.Request.partnership(), Reason: reason}}, nil
}

func (r Request) partnership() uuid.UUID { return UID(r.Reseller, r.Customer) }
