package partnership

import (
	"time"

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

func alreadyPartnered() domain.Problem {
	return domain.Problem{
		Kind: domain.Conflict, Code: CodeAlreadyPartnered,
		Detail: "The two accounts are already partners. Change the partnership instead.",
	}
}

// partnered is what stands against a change of a partnership that does not exist.
func partnered(s State, now time.Time) []domain.Problem {
	if s.ActiveAt(now) {
		return nil
	}
	return []domain.Problem{{Code: CodeNotPartnered, Detail: "The two accounts are not partners."}}
}

// ahead is what stands against an end that has come already.
func ahead(until, now time.Time) []domain.Problem {
	if until.After(now) {
		return nil
	}
	return []domain.Problem{{Code: CodeUntilInPast, Detail: "A partnership can only end at an instant to come."}}
}

// known is what stands against a profile that does not exist.
func known(profile rights.Profile) []domain.Problem {
	if profile.Exists() {
		return nil
	}
	return []domain.Problem{{Code: CodeProfileUnknown, Detail: "There is no profile with this id.", Facts: map[string]string{"profile": profile.ID}}}
}
