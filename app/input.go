package app

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
)

// Limits of free texts, in runes.
const (
	maxReason      = 500
	maxNote        = 1000
	maxOrderNumber = 100
)

var offerInvalid = domain.Problem{Code: CodeOfferInvalid, Detail: "An offer is one of basic, complete and premium."}

// freeText trims what a person wrote. It may be empty and have several lines.
// The replacement character stands for what was not readable.
func freeText(s string, limit int, code string) (string, []domain.Problem) {
	s = strings.TrimSpace(s)
	control := func(r rune) bool {
		return r == utf8.RuneError || unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t'
	}
	switch {
	case !utf8.ValidString(s):
		return "", []domain.Problem{{Code: code, Detail: "The text is not valid UTF-8."}}
	case strings.ContainsFunc(s, control):
		return "", []domain.Problem{{Code: code, Detail: "The text has control characters."}}
	case utf8.RuneCountInString(s) > limit:
		return "", []domain.Problem{{Code: code, Detail: fmt.Sprintf("The text is longer than %d characters.", limit)}}
	}
	return s, nil
}

// check refuses a reason that cannot be recorded.
func (c Command) check() error {
	_, problems := freeText(c.Reason, maxReason, CodeReasonInvalid)
	return domain.Refuse(at("/reason", problems)...)
}

// offersOrAll checks the offers of an account; none means all.
func offersOrAll(offers []catalogue.Offer) ([]catalogue.Offer, []domain.Problem) {
	if len(offers) == 0 {
		return slices.Clone(catalogue.Offers), nil
	}
	var kept []catalogue.Offer
	for _, o := range offers {
		if !o.Valid() {
			return nil, []domain.Problem{offerInvalid}
		}
		if !slices.Contains(kept, o) {
			kept = append(kept, o)
		}
	}
	return kept, nil
}
