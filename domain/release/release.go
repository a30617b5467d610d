// Package release has the requests to release a device: somebody has a device
// in hand that another account has registered. The request reaches that
// account, without telling which it is, and is granted or denied there.
//
// The requests to one account are one stream, which decides between two answers
// at once. That a granted device may be registered stands in its own stream,
// see package device.
package release

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/wire"
)

// The types below are the wire format of the log, see package account.

// Wire knows the events.
var Wire = wire.NewRegistry(
	wire.Of[ReleaseAddressed](),
	wire.Of[ReleaseRequested](),
	wire.Of[ReleaseRequestGranted](),
	wire.Of[ReleaseRequestDenied](),
)

// ReleaseAddressed says to which account a request goes. It comes first; a
// request that is not in the account's stream is none.
type ReleaseAddressed struct {
	Request uuid.UUID `json:"request"`
	Owner   uuid.UUID `json:"owner"`
}

// ReleaseRequested is a request for a device by the account Requester.
type ReleaseRequested struct {
	Request      uuid.UUID `json:"request"`
	Device       uuid.UUID `json:"device"`
	SerialNumber string    `json:"serialNumber"`
	Requester    uuid.UUID `json:"requester"`
}

// ReleaseRequestGranted grants a request.
type ReleaseRequestGranted struct {
	Request uuid.UUID `json:"request"`
}

// ReleaseRequestDenied denies a request.
type ReleaseRequestDenied struct {
	Request uuid.UUID `json:"request"`
}

func (ReleaseAddressed) EventType() string      { return "ReleaseAddressed" }
func (ReleaseRequested) EventType() string      { return "ReleaseRequested" }
func (ReleaseRequestGranted) EventType() string { return "ReleaseRequestGranted" }
func (ReleaseRequestDenied) EventType() string  { return "ReleaseRequestDenied" }

// Answer is what became of a request.
type Answer string

// The answers.
const (
	Open    Answer = "open"
	Granted Answer = "granted"
	Denied  Answer = "denied"
)

// Request is one request.
type Request struct {
	ReleaseRequested
	Answer Answer
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
		s.Requests = append(s.Requests[:len(s.Requests):len(s.Requests)], Request{e, Open})
	case ReleaseRequestGranted:
		return s.answered(e.Request, Granted)
	case ReleaseRequestDenied:
		return s.answered(e.Request, Denied)
	}
	return s
}

func (s State) answered(uid uuid.UUID, a Answer) State {
	s.Requests = slices.Clone(s.Requests)
	for i := range s.Requests {
		if s.Requests[i].Request == uid {
			s.Requests[i].Answer = a
		}
	}
	return s
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

// CodeAnswered is the code of an answer to a request that has another one.
const CodeAnswered = "already_answered"

// DecideRequest adds a request. An account has one open request per device.
func DecideRequest(s State, r ReleaseRequested) ([]domain.Event, []domain.Problem) {
	if _, known := s.Find(r.Request); known {
		return nil, nil
	}
	if _, open := s.OpenFor(r.Device, r.Requester); open {
		return nil, nil
	}
	return []domain.Event{r}, nil
}

// DecideAnswer grants or denies a request. The same answer once more changes
// nothing.
func DecideAnswer(s State, uid uuid.UUID, grant bool) ([]domain.Event, []domain.Problem) {
	r, known := s.Find(uid)
	answer, e := Denied, domain.Event(ReleaseRequestDenied{Request: uid})
	if grant {
		answer, e = Granted, ReleaseRequestGranted{Request: uid}
	}
	switch {
	case !known || r.Answer == answer:
		return nil, nil
	case r.Answer != Open:
		return nil, []domain.Problem{{
			Code: CodeAnswered, Detail: "The request has another answer already.", Facts: map[string]string{"answer": string(r.Answer)},
		}}
	}
	return []domain.Event{e}, nil
}
