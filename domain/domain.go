// Package domain holds the words that all aggregates share: events, actors and
// problems. The aggregates live in the folders below it and are pure: no I/O,
// no clock, no randomness, no context. Time and ids come in with the command.
package domain

import (
	"strings"

	"github.com/google/uuid"
)

// Event is a business fact, named in the past tense. EventType is its name on
// the wire and never changes once an event of that type was written.
type Event interface {
	EventType() string
}

// ActorKind says what sort of caller caused an event.
type ActorKind string

// The kinds of actors.
const (
	ActorOperator ActorKind = "operator" // the platform owner
	ActorToken    ActorKind = "token"    // an API token of an account
	ActorUser     ActorKind = "user"     // a person, signed in or through a personal API token
	ActorSystem   ActorKind = "system"   // one of the service's own processes
	ActorAuditor  ActorKind = "auditor"  // who reads by an audit grant; causes no events
)

// Actor is who caused an event: the kind, the actor's own id, and the account
// it acted for (uuid.Nil for the operator and the system).
type Actor struct {
	Kind    ActorKind `json:"kind"`
	ID      string    `json:"id"`
	Account uuid.UUID `json:"account,omitzero"`
}

// Problem is one reason why a command was refused: a stable snake_case code, a
// sentence for people, the facts it rests on and what would help. A command
// returns all problems that apply, not the first.
type Problem struct {
	Code     string            `json:"code"`
	Detail   string            `json:"detail"`
	Pointer  string            `json:"pointer,omitempty"` // JSON pointer into the request, where one field is at fault
	Facts    map[string]string `json:"facts,omitempty"`
	Remedies []Remedy          `json:"remedies,omitempty"`
}

// Remedy is something the caller can do about a problem.
type Remedy struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// Refusal is the error form of one or more problems.
type Refusal struct {
	Problems []Problem
}

// Refuse makes a Refusal of problems; nil when there are none, so that
// `return nil, domain.Refuse(problems...)` reads well.
func Refuse(problems ...Problem) error {
	if len(problems) == 0 {
		return nil
	}
	return &Refusal{Problems: problems}
}

// Error lists the codes.
func (r *Refusal) Error() string {
	codes := make([]string, len(r.Problems))
	for i, p := range r.Problems {
		codes[i] = p.Code
	}
	return "refused: " + strings.Join(codes, ", ")
}
