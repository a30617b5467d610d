// Package person has what concerns a person apart from the accounts, users and
// others that name one: that the key of the personal data was lost.
package person

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/aggregate"
	"github.com/fleetledger/fleetledger/domain/codec"
)

// The types below are the wire format of the log, see package account.

// Codec knows the events of persons.
var Codec = codec.NewRegistry(codec.Of[PersonUnreadable]())

// PersonUnreadable says that nobody can read any more what was recorded of a person
// so far, since the key is lost, and that the operator goes on without. It is no
// erasure: what is recorded from now on has a key of its own.
type PersonUnreadable struct {
	Person uuid.UUID `json:"person"`
}

// EventType is the name in the log.
func (PersonUnreadable) EventType() string { return "PersonUnreadable" }

// Aggregate is a person by itself.
var Aggregate = aggregate.Aggregate[State]{Category: "person", Evolve: Evolve}

// State is what has become of a person's data.
type State struct{ Unreadable bool }

// Evolve folds one event into the state.
func Evolve(s State, e domain.Event) State {
	if _, ok := e.(PersonUnreadable); ok {
		s.Unreadable = true
	}
	return s
}

// DecideUnreadable gives the person's data up, once.
func DecideUnreadable(s State, person uuid.UUID) []domain.Event {
	if s.Unreadable {
		return nil
	}
	return []domain.Event{PersonUnreadable{Person: person}}
}
