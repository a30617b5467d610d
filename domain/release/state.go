package release

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/aggregate"
)

// Aggregate is the requests to one account, by the account's uid.
var Aggregate = aggregate.Aggregate[State]{Category: "releases", Evolve: Evolve}

// AddressAggregate says which account a request went to, by the request's uid;
// uuid.Nil while it went to none.
var AddressAggregate = aggregate.Aggregate[uuid.UUID]{Category: "release", Evolve: evolveAddress}

// Answer is what became of a request.
type Answer string

// The answers.
const (
	Open    Answer = "open"
	Granted Answer = "granted"
	Denied  Answer = "denied"
	Ended   Answer = "ended" // without an answer: one of the two accounts was closed
)

// Request is one request.
type Request struct {
	ReleaseRequested
	Answer   Answer
	ByItself bool // granted without an answer of the account
}

// State is the requests to one account, oldest first.
type State struct {
	Requests []Request
}

// Evolve folds one event into the state. It shares nothing that changes with
// the state before.
func Evolve(s State, e domain.Event) State {
	switch e := e.(type) {
	case ReleaseRequested:
		s.Requests = append(s.Requests[:len(s.Requests):len(s.Requests)], Request{ReleaseRequested: e, Answer: Open})
	case ReleaseRequestGranted:
		return s.answered(e.Request, Granted, e.ByItself)
	case ReleaseRequestDenied:
		return s.answered(e.Request, Denied, false)
	case ReleaseRequestEnded:
		return s.answered(e.Request, Ended, false)
	}
	return s
}

func (s State) answered(uid uuid.UUID, a Answer, byItself bool) State {
	s.Requests = slices.Clone(s.Requests)
	for i := range s.Requests {
		if s.Requests[i].Request == uid {
			s.Requests[i].Answer, s.Requests[i].ByItself = a, byItself
		}
	}
	return s
}

func evolveAddress(owner uuid.UUID, e domain.Event) uuid.UUID {
	if addressed, ok := e.(ReleaseAddressed); ok {
		return addressed.Owner
	}
	return owner
}

// Find finds a request.
func (s State) Find(uid uuid.UUID) (Request, bool) {
	i := slices.IndexFunc(s.Requests, func(r Request) bool { return r.Request == uid })
	if i < 0 {
		return Request{}, false
	}
	return s.Requests[i], true
}

// OpenFor finds the open request of an account for a device.
func (s State) OpenFor(device, requester uuid.UUID) (Request, bool) {
	i := slices.IndexFunc(s.Requests, func(r Request) bool {
		return r.Device == device && r.Requester == requester && r.Answer == Open
	})
	if i < 0 {
		return Request{}, false
	}
	return s.Requests[i], true
}
