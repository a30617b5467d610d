package models

import (
	"regexp"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/aggregate"
	"github.com/fleetledger/fleetledger/domain/catalogue"
)

// Aggregate is the changes of the catalogue.
var Aggregate = aggregate.Aggregate[State]{Category: "catalogue", Evolve: Evolve}

// UID names the only stream there is.
var UID = uuid.MustParse("c2a8f0de-51f4-5c6e-9a51-7a4b6d0f3e20")

// State is the changes so far.
type State struct {
	defined   []catalogue.Model // the latest definition of each, in the order of the first
	withdrawn []string          // names
}

// Evolve folds one event into the state. It shares nothing that changes with the
// state before.
func Evolve(s State, e domain.Event) State {
	switch e := e.(type) {
	case ModelDefined:
		return s.with(e.Model)
	case ModelRevised:
		return s.with(e.Model)
	case ModelWithdrawn:
		s.withdrawn = append(slices.Clone(s.withdrawn), e.Name)
	}
	return s
}

func (s State) with(d Definition) State {
	pattern, err := regexp.Compile(d.SerialPattern)
	if err != nil { // it was valid when it was decided
		return s
	}
	m := catalogue.Model{
		Name: d.Name, Serial: pattern, Offers: d.Offers, Default: d.DefaultOffer, IncludedMonths: d.IncludedMonths,
	}
	s.defined = put(slices.Clone(s.defined), m)
	s.withdrawn = slices.DeleteFunc(slices.Clone(s.withdrawn), func(name string) bool { return name == d.Name })
	return s
}

// put replaces the model of the same name, or adds it.
func put(models []catalogue.Model, m catalogue.Model) []catalogue.Model {
	if i := slices.IndexFunc(models, func(other catalogue.Model) bool { return other.Name == m.Name }); i >= 0 {
		models[i] = m
		return models
	}
	return append(models, m)
}

// Over is the catalogue in force: the changes laid over the one of the file. Models
// that were withdrawn are in it, as such.
func (s State) Over(file *catalogue.Catalogue) *catalogue.Catalogue {
	models := file.Models()
	for _, m := range s.defined {
		models = put(models, m)
	}
	for i := range models {
		models[i].Withdrawn = slices.Contains(s.withdrawn, models[i].Name)
	}
	return catalogue.Of(models)
}
