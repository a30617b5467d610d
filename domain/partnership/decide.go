package partnership

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// The codes of refusals. They are part of the interface and never change.
const (
	CodeNotPartnered     = "not_partnered"
	CodeAlreadyPartnered = "already_partnered"
	CodeProfileUnknown   = "profile_unknown"
	CodeUntilInPast      = "until_in_past"
)

// DecideEstablish makes the two accounts partners; a partnership that was ended
// is established anew. An end that came by itself is recorded before.
func DecideEstablish(s State, reseller, customer uuid.UUID, profile rights.Profile, now time.Time) ([]domain.Event, []domain.Problem) {
	if s.ActiveAt(now) {
		return nil, nil
	}
	if problems := known(profile); problems != nil {
		return nil, problems
	}
	return append(DecideLapse(s, now), PartnershipEstablished{
		Partnership: UID(reseller, customer), Reseller: reseller, Customer: customer, Profile: profile.ID,
	}), nil
}

// DecidePartner makes the two accounts partners by the customer's choice, until
// an instant when that is not zero. Partners who are that on other terms stay
// so, and the terms are changed by DecideAssign and DecideSetEnd.
func DecidePartner(s State, reseller, customer uuid.UUID, profile rights.Profile, until, now time.Time) ([]domain.Event, []domain.Problem) {
	if s.ActiveAt(now) {
		if s.Profile == profile.ID && s.Until.Equal(wholeSeconds(until)) {
			return nil, nil
		}
		return nil, []domain.Problem{{Code: CodeAlreadyPartnered, Detail: "The two accounts are partners already. Change the partnership instead."}}
	}
	events, problems := DecideEstablish(s, reseller, customer, profile, now)
	if until.IsZero() {
		return events, problems
	}
	established := State{UID: UID(reseller, customer)}
	set, p := DecideSetEnd(established, until, now)
	if problems = append(problems, p...); len(problems) > 0 {
		return nil, problems
	}
	return append(events, set...), nil
}

// DecideAssign gives the reseller's users another profile, one of the customer's.
func DecideAssign(s State, profile rights.Profile, now time.Time) ([]domain.Event, []domain.Problem) {
	problems := append(known(profile), partnered(s, now)...)
	if len(problems) > 0 || s.Profile == profile.ID {
		return nil, problems
	}
	return []domain.Event{PartnerProfileAssigned{Partnership: s.UID, Profile: profile.ID}}, nil
}

// DecideSetEnd lets the partnership end by itself at an instant to come, in
// whole seconds; a zero one removes the end.
func DecideSetEnd(s State, until, now time.Time) ([]domain.Event, []domain.Problem) {
	until = wholeSeconds(until)
	problems := partnered(s, now)
	if !until.IsZero() && !until.After(now) {
		problems = append(problems, domain.Problem{Code: CodeUntilInPast, Detail: "A partnership can end at an instant to come only."})
	}
	switch {
	case len(problems) > 0 || s.Until.Equal(until):
		return nil, problems
	case until.IsZero():
		return []domain.Event{PartnershipEndRemoved{Partnership: s.UID}}, nil
	}
	return []domain.Event{PartnershipEndSet{Partnership: s.UID, Until: until}}, nil
}

func wholeSeconds(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// DecideEnd ends the partnership.
func DecideEnd(s State, reason string, now time.Time) ([]domain.Event, []domain.Problem) {
	if !s.ActiveAt(now) {
		return nil, nil
	}
	return []domain.Event{PartnershipEnded{Partnership: s.UID, Reason: reason}}, nil
}

func partnered(s State, now time.Time) []domain.Problem {
	if s.ActiveAt(now) {
		return nil
	}
	return []domain.Problem{{Code: CodeNotPartnered, Detail: "The two accounts are not partners."}}
}

func known(profile rights.Profile) []domain.Problem {
	if profile.Exists() {
		return nil
	}
	return []domain.Problem{{Code: CodeProfileUnknown, Detail: "There is no profile of that id.", Facts: map[string]string{"profile": profile.ID}}}
}
