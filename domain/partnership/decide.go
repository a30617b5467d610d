package partnership

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// The codes of refusals. They are part of the interface and never change.
const (
	CodeNotPartnered   = "not_partnered"
	CodeProfileUnknown = "profile_unknown"
	CodeUntilInPast    = "until_in_past"
)

// DecideEstablish makes the two accounts partners; a partnership that was ended
// is established anew. An end that came by itself is recorded before.
func DecideEstablish(s State, reseller, customer uuid.UUID, profile string, now time.Time) ([]domain.Event, []domain.Problem) {
	if s.ActiveAt(now) {
		return nil, nil
	}
	if problems := known(profile); problems != nil {
		return nil, problems
	}
	return append(DecideLapse(s, now), PartnershipEstablished{
		Partnership: UID(reseller, customer), Reseller: reseller, Customer: customer, Profile: profile,
	}), nil
}

// DecideAssign gives the reseller's users another profile.
func DecideAssign(s State, profile string, now time.Time) ([]domain.Event, []domain.Problem) {
	problems := append(known(profile), partnered(s, now)...)
	if len(problems) > 0 || s.Profile == profile {
		return nil, problems
	}
	return []domain.Event{PartnerProfileAssigned{Partnership: s.UID, Profile: profile}}, nil
}

// DecideSetEnd lets the partnership end by itself at an instant to come, in
// whole seconds; a zero one removes the end.
func DecideSetEnd(s State, until, now time.Time) ([]domain.Event, []domain.Problem) {
	until = until.UTC().Truncate(time.Second)
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

func known(profile string) []domain.Problem {
	if _, ok := rights.Find(profile); ok {
		return nil
	}
	return []domain.Problem{{Code: CodeProfileUnknown, Detail: "There is no profile of that id.", Facts: map[string]string{"profile": profile}}}
}
