package models

import (
	"regexp"
	"slices"
	"strings"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
)

// maxMonths is the longest included term.
const maxMonths = 120

var nameForm = regexp.MustCompile(`^[A-Z0-9][A-Z0-9-]{0,31}$`)

// normalise checks a definition and gives all its problems at once: the name in
// capitals, each offer once in the order of catalogue.Offers.
func normalise(d Definition) (Definition, catalogue.Model, []domain.Problem) {
	var problems []domain.Problem
	d.Name = strings.ToUpper(strings.TrimSpace(d.Name))
	if !nameForm.MatchString(d.Name) {
		problems = append(problems, nameInvalid())
	}
	pattern, err := catalogue.Pattern(d.SerialPattern)
	if err != nil {
		problems = append(problems, patternInvalid(err))
	}
	if slices.ContainsFunc(d.Offers, func(o catalogue.Offer) bool { return !o.Valid() }) {
		problems = append(problems, domain.At("/offers", []domain.Problem{catalogue.OfferInvalid()})...)
	}
	asked := d.Offers
	d.Offers = slices.DeleteFunc(slices.Clone(catalogue.Offers), func(o catalogue.Offer) bool { return !slices.Contains(asked, o) })
	switch {
	case len(asked) == 0:
		problems = append(problems, offersMissing())
	case !slices.Contains(d.Offers, d.DefaultOffer):
		problems = append(problems, defaultOffer(d.DefaultOffer))
	}
	if d.IncludedMonths < 1 || d.IncludedMonths > maxMonths {
		problems = append(problems, includedMonths(d.IncludedMonths))
	}
	return d, catalogue.Model{
		Name: d.Name, Serial: pattern, Offers: d.Offers, Default: d.DefaultOffer, IncludedMonths: d.IncludedMonths,
	}, problems
}
