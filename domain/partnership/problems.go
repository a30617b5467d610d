package partnership

import (
	"fmt"
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
	CodeRequestNotOpen   = "request_not_open"
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

// asked is what stands against an answer to a request that waits for none.
func asked(r Request) []domain.Problem {
	switch r.Status {
	case Open:
		return nil
	case "":
		return []domain.Problem{{Kind: domain.Missing, Code: CodeRequestNotOpen, Detail: "There is no request for this partnership."}}
	}
	return []domain.Problem{{
		Kind: domain.Conflict, Code: CodeRequestNotOpen, Detail: "The request for this partnership was " + string(r.Status) + ".",
		Facts: map[string]string{"state": string(r.Status)},
	}}
}

// ahead is what stands against an end that has come already.
func ahead(until, now time.Time) []domain.Problem {
	if until.After(now) {
		return nil
	}
	return []domain.Problem{{
		Code: CodeUntilInPast, Detail: "A partnership can only end at an instant to come.",
		Facts: map[string]string{"until": until.Format(time.RFC3339), "now": now.UTC().Format(time.RFC3339)},
	}}
}

// known is what stands against a profile that does not exist.
func known(profile rights.Profile) []domain.Problem {
	if profile.Exists() {
		return nil
	}
	return []domain.Problem{{Code: CodeProfileUnknown, Detail: fmt.Sprintf("The account has no profile %q.", profile.ID), Facts: map[string]string{"profile": profile.ID}}}
}
