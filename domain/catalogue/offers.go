package catalogue

import (
	"slices"

	"github.com/fleetledger/fleetledger/domain"
)

// Offer says what services a device runs on; its name is its offer type.
type Offer string

// The offers.
const (
	Basic    Offer = "basic"
	Complete Offer = "complete"
	Premium  Offer = "premium"
)

// Offers lists all offers.
var Offers = []Offer{Basic, Complete, Premium}

// Valid reports whether o is one of Offers.
func (o Offer) Valid() bool { return slices.Contains(Offers, o) }

// CodeOfferInvalid is the code of OfferInvalid. It is part of the interface and
// never changes.
const CodeOfferInvalid = "offer_invalid"

// OfferInvalid says that something named as an offer is none.
func OfferInvalid() domain.Problem {
	return domain.Problem{Code: CodeOfferInvalid, Detail: "An offer is one of basic, complete and premium."}
}

// OffersOrAll checks the offers that an account is to have, each once; none
// means all.
func OffersOrAll(offers []Offer) ([]Offer, []domain.Problem) {
	if len(offers) == 0 {
		return slices.Clone(Offers), nil
	}
	var kept []Offer
	for _, o := range offers {
		if !o.Valid() {
			return nil, []domain.Problem{OfferInvalid()}
		}
		if !slices.Contains(kept, o) {
			kept = append(kept, o)
		}
	}
	return kept, nil
}
