package partnership

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// The codes of refusals. They are part of the interface and never change.
const (
	CodeNotPartnered   = "not_partnered"
	CodeProfileUnknown = "profile_unknown"
)

// DecideEstablish makes the two accounts partners; a partnership that was ended
// is established anew.
func DecideEstablish(s State, reseller, customer uuid.UUID, profile string) ([]domain.Event, []domain.Problem) {
	if s.Active() {
		return nil, nil
	}
	if problems := known(profile); problems != nil {
		return nil, problems
	}
	return []domain.Event{PartnershipEstablished{
		Partnership: UID(reseller, customer), Reseller: reseller, Customer: customer, Profile: profile,
	}}, nil
}

// DecideAssign gives the reseller's users another profile.
func DecideAssign(s State, profile string) ([]domain.Event, []domain.Problem) {
	problems := known(profile)
	if !s.Active() {
		problems = append(problems, domain.Problem{Code: CodeNotPartnered, Detail: "The two accounts are not partners."})
	}
	if len(problems) > 0 || s.Profile == profile {
		return nil, problems
	}
	return []domain.Event{PartnerProfileAssigned{Partnership: s.UID, Profile: profile}}, nil
}

// DecideEnd ends the partnership.
func DecideEnd(s State, reason string) ([]domain.Event, []domain.Problem) {
	if !s.Active() {
		return nil, nil
	}
	return []domain.Event{PartnershipEnded{Partnership: s.UID, Reason: reason}}, nil
}

func known(profile string) []domain.Problem {
	if _, ok := rights.Find(profile); ok {
		return nil
	}
	return []domain.Problem{{Code: CodeProfileUnknown, Detail: "There is no profile of that id.", Facts: map[string]string{"profile": profile}}}
}
