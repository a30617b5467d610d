package models

import (
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/codec"
)

// The types below are the wire format of the log, see package account.

// Codec knows the events of the catalogue.
var Codec = codec.NewRegistry(
	codec.Of[ModelDefined](),
	codec.Of[ModelRevised](),
	codec.Of[ModelWithdrawn](),
)

// Definition is all that there is to a model.
type Definition struct {
	Name           string            `json:"name"`
	SerialPattern  string            `json:"serialPattern"` // a regular expression for whole serial numbers
	Offers         []catalogue.Offer `json:"offers"`
	DefaultOffer   catalogue.Offer   `json:"defaultOffer"`
	IncludedMonths int               `json:"includedMonths"`
}

// ModelDefined brings a model into the catalogue, or one back that was withdrawn.
type ModelDefined struct {
	Model Definition `json:"model"`
}

// ModelRevised replaces the definition of a model that is in the catalogue. What
// devices run on goes on.
type ModelRevised struct {
	Model Definition `json:"model"`
}

// ModelWithdrawn takes a model out of the catalogue: no device is registered as one
// any more. Those that there are stay.
type ModelWithdrawn struct {
	Name string `json:"name"`
}

func (ModelDefined) EventType() string   { return "ModelDefined" }
func (ModelRevised) EventType() string   { return "ModelRevised" }
func (ModelWithdrawn) EventType() string { return "ModelWithdrawn" }
