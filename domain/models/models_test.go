package models_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/domaintest"
	"github.com/fleetledger/fleetledger/domain/models"
)

var (
	file = catalogue.Default()
	rx99 = models.Definition{
		Name: "RX99", SerialPattern: "^ZZ[0-9]{14}$", Offers: []catalogue.Offer{catalogue.Basic, catalogue.Complete},
		DefaultOffer: catalogue.Complete, IncludedMonths: 24,
	}
)

// small is enough to be looked at often.
var small = catalogue.Of([]catalogue.Model{named("RV50"), named("RV55")})

func named(name string) catalogue.Model {
	m, _ := file.Model(name)
	return m
}

type decision = domaintest.Decision[models.State]

func given(t *testing.T, events ...domain.Event) *domaintest.Scenario[models.State] {
	t.Helper()
	return domaintest.Given(t, models.Evolve, events...)
}

func put(d models.Definition) decision {
	return func(s models.State) ([]domain.Event, error) { return models.DecidePut(s, file, d) }
}

func changed(change func(*models.Definition)) decision {
	d := rx99
	change(&d)
	return put(d)
}

func withdraw(name string) decision {
	return func(s models.State) ([]domain.Event, error) { return models.DecideWithdraw(s, file, name) }
}

func TestGolden(t *testing.T) {
	t.Parallel()
	domaintest.Golden(t, models.Codec, models.ModelDefined{Model: rx99}, models.ModelRevised{Model: rx99}, models.ModelWithdrawn{Name: "RX99"})
}

// A new model is recognised from the event on, and not before.
func TestDefine(t *testing.T) {
	t.Parallel()
	before := given(t)
	s := before.When(put(rx99)).Then(models.ModelDefined{Model: rx99})
	s.When(put(rx99)).Then()
	s.When(changed(func(d *models.Definition) {
		d.Name, d.Offers = " rx99 ", []catalogue.Offer{catalogue.Complete, catalogue.Basic, catalogue.Complete}
	})).Then() // the same
	m, ok := s.State.Over(file).Recognise("ZZ00000000000001")
	if !ok || m.Name != "RX99" || m.IncludedMonths != 24 || !m.Supports(catalogue.Basic) {
		t.Errorf("%+v", m)
	}
	if _, ok := before.State.Over(file).Recognise("ZZ00000000000001"); ok {
		t.Error("known before it was defined")
	}
	if got, want := len(s.State.Over(file).Models()), len(file.Models())+1; got != want {
		t.Errorf("%d models", got)
	}
	longer := rx99
	longer.IncludedMonths = 36
	s.When(put(longer)).Then(models.ModelRevised{Model: longer}).When(put(longer)).Then()
}

// A model of the file is revised and withdrawn like any other.
func TestModelsOfTheFile(t *testing.T) {
	t.Parallel()
	rv50 := models.Definition{
		Name: "RV50", SerialPattern: "^LA[0-9]{14}$", Offers: []catalogue.Offer{catalogue.Basic, catalogue.Complete},
		DefaultOffer: catalogue.Complete, IncludedMonths: 12,
	}
	s := given(t)
	s.When(put(rv50)).Then() // as it is
	rv50.DefaultOffer = catalogue.Basic
	revised := s.When(put(rv50)).Then(models.ModelRevised{Model: rv50})
	if m := revised.State.Over(file).Models()[0]; m.Name != "RV50" || m.Default != catalogue.Basic {
		t.Errorf("%+v", m)
	}
	gone := revised.When(withdraw("rv50")).Then(models.ModelWithdrawn{Name: "RV50"})
	gone.When(withdraw("RV50")).Then()
	inForce := gone.State.Over(file)
	if _, ok := inForce.Recognise("LA00000000000001"); ok {
		t.Error("recognises a withdrawn model")
	}
	if m, ok := inForce.Model("RV50"); !ok || !m.Withdrawn || m.Default != catalogue.Basic {
		t.Errorf("%+v", m)
	}
	// Its pattern is free, and it comes back when it is defined anew.
	gone.When(changed(func(d *models.Definition) { d.SerialPattern = rv50.SerialPattern })).ThenDone().
		When(put(rv50)).ThenRefused(models.CodePatternOverlaps)
	back := gone.When(put(rv50)).Then(models.ModelDefined{Model: rv50})
	if _, ok := back.State.Over(file).Recognise("LA00000000000001"); !ok {
		t.Error("does not come back")
	}
	s.When(withdraw("RV51")).ThenRefused(models.CodeUnknown)
	if m, _ := s.State.Over(file).Model("RV50"); m.Withdrawn || m.Default != catalogue.Complete {
		t.Errorf("the state before has changed: %+v", m)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	s := given(t)
	s.When(put(models.Definition{})).ThenRefused(models.CodeNameInvalid, models.CodePatternInvalid, models.CodeOffersMissing, models.CodeIncludedMonths)
	for code, change := range map[string]func(*models.Definition){
		models.CodeNameInvalid:     func(d *models.Definition) { d.Name = "RX/99" },
		models.CodePatternInvalid:  func(d *models.Definition) { d.SerialPattern = "ZZ[0-9]{14}" },
		models.CodeDefaultOffer:    func(d *models.Definition) { d.DefaultOffer = catalogue.Premium },
		models.CodeIncludedMonths:  func(d *models.Definition) { d.IncludedMonths = 121 },
		models.CodePatternOverlaps: func(d *models.Definition) { d.SerialPattern = "^L[A-A][0-9]+$" },
	} {
		s.When(changed(change)).ThenRefused(code)
	}
	s.When(changed(func(d *models.Definition) { d.Offers = append(d.Offers[:2:2], "gold") })).ThenRefused(catalogue.CodeOfferInvalid)
	refused := s.When(changed(func(d *models.Definition) { d.SerialPattern = "^L[BC][0-9]{14}$" }))
	refused.ThenRefused(models.CodePatternOverlaps, models.CodePatternOverlaps)
	if p := refused.Problems()[0]; p.Facts["model"] != "RV50X" || p.Facts["example"] != "LB00000000000000" || p.Kind != domain.Conflict {
		t.Errorf("%+v", p)
	}
}

// Whatever the operator does, a serial number is of one model at most, and a
// command on its own result changes nothing.
func TestHistories(t *testing.T) {
	t.Parallel()
	names := []string{"RX99", "RX98", "RV50", "rv55"}
	patterns := []string{"^ZZ[0-9]{14}$", "^ZZ0[0-9]{13}$", "^ZY[0-9]+$", "^LA[0-9]{14}$", "^LC[0-9]{14}$", "^L.*$", "("}
	serials := []string{"ZZ00000000000001", "ZZ10000000000001", "ZY01", "LA00000000000001", "LC00000000000001"}
	rapid.Check(t, func(t *rapid.T) {
		var s models.State
		for range 20 {
			d := rx99
			d.Name, d.SerialPattern = rapid.SampledFrom(names).Draw(t, "name"), rapid.SampledFrom(patterns).Draw(t, "pattern")
			decide := func(s models.State) ([]domain.Event, error) { return models.DecidePut(s, small, d) }
			if rapid.IntRange(0, 3).Draw(t, "withdraw") == 0 {
				decide = func(s models.State) ([]domain.Event, error) { return models.DecideWithdraw(s, small, d.Name) }
			}
			before, was := s, listed(s)
			for _, e := range domaintest.Allowed(decide(s)) {
				s = models.Evolve(s, e)
			}
			if diff := cmp.Diff(was, listed(before)); diff != "" {
				t.Fatalf("folding has changed the state before: %s", diff)
			}
			if again := domaintest.Allowed(decide(s)); len(again) > 0 {
				t.Fatalf("on its own result: %+v", again)
			}
			for _, serial := range serials {
				fits := 0
				for _, m := range s.Over(small).Models() {
					if !m.Withdrawn && m.Serial.MatchString(serial) {
						fits++
					}
				}
				if fits > 1 {
					t.Fatalf("%s is of %d models", serial, fits)
				}
			}
		}
	})
}

func listed(s models.State) []string {
	var all []string
	for _, m := range s.Over(small).Models() {
		text := m.Name + " " + m.Serial.String()
		if m.Withdrawn {
			text += " withdrawn"
		}
		all = append(all, text)
	}
	return all
}
