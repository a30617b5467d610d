package partnership

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// DecideEstablish makes the two accounts partners; a partnership that was ended
// is established anew. An end that came by itself is recorded first.
func DecideEstablish(s State, reseller, customer uuid.UUID, profile rights.Profile, now time.Time) ([]domain.Event, error) {
	if s.ActiveAt(now) {
		return nil, nil
	}
	if problems := known(profile); problems != nil {
		return nil, domain.Refuse(problems...)
	}
	return append(lapsed(s, now), PartnershipEstablished{
		Partnership: UID(reseller, customer), Reseller: reseller, Customer: customer, Profile: profile.ID,
	}), nil
}

// DecidePartner makes the two accounts partners by the customer's choice, until
// an instant when that is not zero. Accounts that are partners on other terms
// are refused: the terms are changed by DecideAssign and DecideSetEnd.
func DecidePartner(s State, reseller, customer uuid.UUID, profile rights.Profile, until, now time.Time) ([]domain.Event, error) {
	if s.ActiveAt(now) {
		if s.Profile == profile.ID && s.Until.Equal(wholeSeconds(until)) {
			return nil, nil
		}
		return nil, domain.Refuse(alreadyPartnered())
	}
	until = wholeSeconds(until)
	problems := known(profile)
	if !until.IsZero() {
		problems = append(problems, ahead(until, now)...)
	}
	if len(problems) > 0 {
		return nil, domain.Refuse(problems...)
	}
	events, err := DecideEstablish(s, reseller, customer, profile, now)
	if err == nil && !until.IsZero() {
		events = append(events, PartnershipEndSet{Partnership: UID(reseller, customer), Until: until})
	}
	return events, err
}

// DecideAssign gives the reseller's users another profile, one of the customer's.
func DecideAssign(s State, profile rights.Profile, now time.Time) ([]domain.Event, error) {
	problems := append(known(profile), partnered(s, now)...)
	if len(problems) > 0 || s.Profile == profile.ID {
		return nil, domain.Refuse(problems...)
	}
	return []domain.Event{PartnerProfileAssigned{Partnership: s.UID, Profile: profile.ID}}, nil
}

// DecideSetEnd lets the partnership end by itself at an instant to come, in
// whole seconds; a zero one removes the end.
func DecideSetEnd(s State, until, now time.Time) ([]domain.Event, error) {
	until = wholeSeconds(until)
	problems := partnered(s, now)
	if !until.IsZero() {
		problems = append(problems, ahead(until, now)...)
	}
	switch {
	case len(problems) > 0 || s.Until.Equal(until):
		return nil, domain.Refuse(problems...)
	case until.IsZero():
		return []domain.Event{PartnershipEndRemoved{Partnership: s.UID}}, nil
	}
	return []domain.Event{PartnershipEndSet{Partnership: s.UID, Until: until}}, nil
}

func wholeSeconds(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// DecideEnd ends the partnership.
func DecideEnd(s State, reason string, now time.Time) ([]domain.Event, error) {
	if !s.ActiveAt(now) {
		return nil, nil
	}
	return []domain.Event{PartnershipEnded{Partnership: s.UID, Reason: reason}}, nil
}

// DecideStop ends the partnership, and a request for it that waits, since one of the
// two accounts was closed. It never refuses.
func DecideStop(s State, closed uuid.UUID, reason string, now time.Time) ([]domain.Event, error) {
	events, err := DecideEnd(s, reason, now)
	if s.Request.Status != Open {
		return events, err
	}
	answer := DecideDecline
	if closed == s.Request.Reseller {
		answer = DecideWithdrawRequest
	}
	answered, err := answer(s, reason)
	return append(events, answered...), err
}
