package models

import (
	"fmt"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
)

// The codes of refusals. They are part of the interface and never change.
const (
	CodeUnknown         = "model_unknown"
	CodeNameInvalid     = "model_name_invalid"
	CodePatternInvalid  = "serial_pattern_invalid"
	CodePatternOverlaps = "serial_pattern_overlaps"
	CodeOffersMissing   = "offers_missing"
	CodeDefaultOffer    = "default_offer_invalid"
	CodeIncludedMonths  = "included_months_invalid"
)

func unknown(name string) domain.Problem {
	return domain.Problem{
		Kind: domain.Missing, Code: CodeUnknown, Detail: "The catalogue has no such model.", Facts: map[string]string{"model": name},
	}
}

func nameInvalid() domain.Problem {
	return domain.Problem{
		Code: CodeNameInvalid, Pointer: "/name", Detail: "A model is named by 1 to 32 letters, digits and hyphens, and begins with a letter or digit.",
	}
}

func patternInvalid(err error) domain.Problem {
	return domain.Problem{
		Code: CodePatternInvalid, Pointer: "/serialPattern", Detail: "The serial pattern " + err.Error() + ".",
		Remedies: []domain.Remedy{{Code: "correct_pattern", Detail: "Give a pattern for whole serial numbers, such as ^LA[0-9]{14}$."}},
	}
}

func patternOverlaps(model, example string) domain.Problem {
	return domain.Problem{
		Kind: domain.Conflict, Code: CodePatternOverlaps, Pointer: "/serialPattern",
		Detail: fmt.Sprintf("Serial numbers such as %s would be of model %s, too.", example, model),
		Facts:  map[string]string{"model": model, "example": example},
	}
}

func offersMissing() domain.Problem {
	return domain.Problem{Code: CodeOffersMissing, Pointer: "/offers", Detail: "A model runs on at least one offer."}
}

func defaultOffer(o catalogue.Offer) domain.Problem {
	return domain.Problem{
		Code: CodeDefaultOffer, Pointer: "/defaultOffer", Detail: fmt.Sprintf("The default offer %q is not among the offers.", o),
		Facts: map[string]string{"offer": string(o)},
	}
}

func includedMonths(n int) domain.Problem {
	return domain.Problem{
		Code: CodeIncludedMonths, Pointer: "/includedMonths", Detail: fmt.Sprintf("The included term has 1 to %d months, not %d.", maxMonths, n),
	}
}
