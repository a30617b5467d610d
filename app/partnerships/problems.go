package partnerships

import (
	"slices"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/partnership"
)

// Codes of refusals that only this package knows. They are part of the interface
// and never change.
const (
	CodeNotACustomer   = "not_a_customer"
	CodePartnerUnknown = "partner_unknown"
	CodeNotAReseller   = "not_a_reseller"
	CodeNotYours       = "request_not_yours"
)

// notYours refuses one side of a request what is the other's.
func notYours(answering side) domain.Problem {
	p := domain.Problem{Kind: domain.Forbidden, Code: CodeNotYours, Detail: "The account that was asked accepts or declines a request."}
	if answering == asReseller {
		p.Detail = "Only the reseller that has made a request withdraws it."
	}
	return p
}

func notAReseller() domain.Problem {
	return domain.Problem{
		Code:   CodeNotAReseller,
		Detail: "Only a reseller asks for a partnership. A standard account makes a reseller its partner itself.",
	}
}

func partnerUnknown() domain.Problem {
	return domain.Problem{Code: CodePartnerUnknown, Pointer: "/partner", Detail: "There is no reseller account with this UID."}
}

func notACustomer() domain.Problem {
	return domain.Problem{Code: CodeNotACustomer, Detail: "Only a standard account chooses its partners; a reseller is chosen."}
}

// fieldOf is the field of the request that a problem of the decision is about.
var fieldOf = map[string]string{
	partnership.CodeProfileUnknown: "/profile",
	partnership.CodeUntilInPast:    "/until",
	access.CodeRightNotHeld:        "/profile",
}

// pointed is a refusal whose problems point at their fields.
func pointed(err error) error {
	problems := slices.Clone(domain.ProblemsOf(err))
	for i := range problems {
		problems[i].Pointer = fieldOf[problems[i].Code]
	}
	return domain.Refuse(problems...)
}
