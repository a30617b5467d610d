package models

import (
	"slices"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
)

// DecidePut puts a model into the catalogue, whatever it was before. file is the
// catalogue of the file. The name is normalised here, and told by the event.
func DecidePut(s State, file *catalogue.Catalogue, d Definition) ([]domain.Event, error) {
	d, m, problems := normalise(d)
	if len(problems) > 0 {
		return nil, domain.Refuse(problems...)
	}
	inForce := s.Over(file)
	for _, other := range inForce.Models() {
		if other.Name == m.Name || other.Withdrawn {
			continue
		}
		if example, overlaps := catalogue.Overlap(m.Serial, other.Serial); overlaps {
			problems = append(problems, patternOverlaps(other.Name, example))
		}
	}
	if len(problems) > 0 {
		return nil, domain.Refuse(problems...)
	}
	is, known := inForce.Model(m.Name)
	switch {
	case !known || is.Withdrawn:
		return []domain.Event{ModelDefined{Model: d}}, nil
	case same(is, m):
		return nil, nil
	}
	return []domain.Event{ModelRevised{Model: d}}, nil
}

func same(a, b catalogue.Model) bool {
	return a.Serial.String() == b.Serial.String() && slices.Equal(a.Offers, b.Offers) && a.Default == b.Default && a.IncludedMonths == b.IncludedMonths
}

// DecideWithdraw takes a model out of the catalogue.
func DecideWithdraw(s State, file *catalogue.Catalogue, name string) ([]domain.Event, error) {
	m, known := s.Over(file).Model(name)
	switch {
	case !known:
		return nil, domain.Refuse(unknown(name))
	case m.Withdrawn:
		return nil, nil
	}
	return []domain.Event{ModelWithdrawn{Name: m.Name}}, nil
}
