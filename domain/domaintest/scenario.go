// Package domaintest is the vocabulary of the tests of aggregates: given
// events, when a decision is asked for, then these events, or refused with
// these codes. Golden keeps every form that the log ever held.
package domaintest

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fleetledger/fleetledger/domain"
)

// Decision decides on a state.
type Decision[S any] func(S) ([]domain.Event, error)

// Allowed gives the events of a decision, none when it was refused: those
// beside a refusal never happen.
func Allowed(events []domain.Event, err error) []domain.Event {
	if err != nil {
		return nil
	}
	return events
}

// Scenario is one case of an aggregate with state S.
type Scenario[S any] struct {
	t      *testing.T
	evolve func(S, domain.Event) S
	State  S // folded so far
}

// Outcome is what a decision gave.
type Outcome[S any] struct {
	scenario *Scenario[S]
	events   []domain.Event
	problems []domain.Problem
}

// Given starts a scenario with what has happened.
func Given[S any](t *testing.T, evolve func(S, domain.Event) S, events ...domain.Event) *Scenario[S] {
	t.Helper()
	s := &Scenario[S]{t: t, evolve: evolve}
	for _, e := range events {
		s.State = evolve(s.State, e)
	}
	return s
}

// When asks for a decision. Its error is a refusal or nil.
func (s *Scenario[S]) When(decide Decision[S]) *Outcome[S] {
	s.t.Helper()
	events, err := decide(s.State)
	problems := domain.ProblemsOf(err)
	if err != nil && len(problems) == 0 {
		s.t.Fatalf("the decision failed: %v", err)
	}
	return &Outcome[S]{scenario: s, events: events, problems: problems}
}

// Then expects exactly these events, none for a command with nothing to do,
// and folds them.
func (o *Outcome[S]) Then(want ...domain.Event) *Scenario[S] {
	o.scenario.t.Helper()
	if diff := cmp.Diff(want, o.events, cmpopts.EquateEmpty()); diff != "" || len(o.problems) > 0 {
		o.scenario.t.Fatalf("events (-want +got):\n%s\nproblems: %v", diff, codes(o.problems))
	}
	return o.After()
}

// ThenDone expects events, whatever they are, and folds them.
func (o *Outcome[S]) ThenDone() *Scenario[S] {
	o.scenario.t.Helper()
	if len(o.events) == 0 || len(o.problems) > 0 {
		o.scenario.t.Fatalf("not done, events: %+v, problems: %v", o.events, codes(o.problems))
	}
	return o.After()
}

// ThenRefused expects exactly these codes, in any order, each with a detail.
// Events beside the refusal are not looked at.
func (o *Outcome[S]) ThenRefused(want ...string) {
	o.scenario.t.Helper()
	got := codes(o.problems)
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		o.scenario.t.Fatalf("codes (-want +got):\n%s\nevents: %+v", diff, o.events)
	}
	for _, p := range o.problems {
		if p.Detail == "" {
			o.scenario.t.Errorf("problem %s has no detail", p.Code)
		}
	}
}

// Problems are the problems of a refusal.
func (o *Outcome[S]) Problems() []domain.Problem { return o.problems }

// After is the scenario with the events folded, also with those beside a refusal.
func (o *Outcome[S]) After() *Scenario[S] {
	s := *o.scenario
	for _, e := range o.events {
		s.State = s.evolve(s.State, e)
	}
	return &s
}

func codes(problems []domain.Problem) []string {
	var all []string
	for _, p := range problems {
		all = append(all, p.Code)
	}
	return all
}
