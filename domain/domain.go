// Package domain holds the words that all aggregates share: events, actors and
// problems. The aggregates live in the folders below it and are pure: no I/O,
// no clock, no randomness, no context. Time and ids come in with the command.
package domain

import (
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// Event is a business fact, named in the past tense. EventType is its name in
// the log and never changes once an event of that type was written.
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
	ActorSystem   ActorKind = "system"   // one of the service's own parts
	ActorAuditor  ActorKind = "auditor"  // a person with an audit grant; reads only and causes no events
)

// Actor is who caused an event: the kind, the actor's own id, and the account
// it acted for (uuid.Nil for the operator and the system).
type Actor struct {
	Kind    ActorKind `json:"kind"`
	ID      string    `json:"id"`
	Account uuid.UUID `json:"account,omitzero"`
}

// Kind is what sort of reason a problem is. Whoever answers a request makes a
// status of it.
type Kind int

// The kinds of problems.
const (
	Refused         Kind = iota // the rules do not allow it
	Invalid                     // the request cannot be understood
	Conflict                    // others have what it asks for
	Forbidden                   // the caller lacks a right
	Missing                     // what it is about does not exist
	Busy                        // others are at work on it; this passes
	Unauthenticated             // the caller is not known
)

// Problem is one reason why a command was refused: a stable snake_case code, a
// sentence for people, the facts it rests on and what would help. A command
// returns all problems that apply, not only the first. Problems stand in the
// log, too; a problem read from there has no Kind.
type Problem struct {
	Kind     Kind              `json:"-"`
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

// At gives the problems with their pointer set to one field of the request.
func At(pointer string, problems []Problem) []Problem {
	pointed := slices.Clone(problems)
	for i := range pointed {
		pointed[i].Pointer = pointer
	}
	return pointed
}

// Refusal is the error form of one or more problems.
//
// Every decision has the form
//
//	func DecideX(s State, ...) ([]domain.Event, error)
//
// and its error, if any, is a *Refusal. Events beside a refusal are what would
// follow without it: only the reservations they would need are looked at, so
// that all problems are told at once. They are never appended.
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

// ProblemsOf gives the problems of a refusal; nil for any other error and for nil.
func ProblemsOf(err error) []Problem {
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		return refusal.Problems
	}
	return nil
}

// Error lists the codes.
func (r *Refusal) Error() string {
	codes := make([]string, len(r.Problems))
	for i, p := range r.Problems {
		codes[i] = p.Code
	}
	return "refused: " + strings.Join(codes, ", ")
}
