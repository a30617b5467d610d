// Package aggregate says what the service has to know about one kind of event
// stream to load it, to decide on it and to keep its reservations right: one
// value per aggregate, declared beside its events.
package aggregate

import (
	"iter"
	"maps"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

// Aggregate is one kind of stream whose events fold to a state S.
//
// Initial, Reservations, Fence and HeldBy may be nil: the zero state, no
// reservations, no fence, never held.
type Aggregate[S any] struct {
	// Category is the first part of the names of its streams. It never changes.
	Category string
	// Initial is the state before the first event.
	Initial func(uid uuid.UUID) S
	// Evolve folds one event into a state and leaves the one before as it was.
	Evolve func(S, domain.Event) S
	// Reservations are those that a state has a right to, the one most likely
	// taken first. What a decision wants and what it frees is the difference
	// between the states before and after it.
	Reservations func(S, reservation.Limits) []reservation.Held
	// Fence is the event that makes a late append of a dead command fail, before
	// the reservation in the given stream is released; nil where nothing more can
	// be claimed (package reservation, rule 3). empty: the stream has no
	// events.
	Fence func(s S, uid uuid.UUID, empty bool, stream string) domain.Event
	// HeldBy is the all-or-nothing batch that keeps other commands off; uuid.Nil
	// for none.
	HeldBy func(S) uuid.UUID
}

// Stream is the name of the stream of one aggregate.
func (a Aggregate[S]) Stream(uid uuid.UUID) string { return a.Category + "-" + uid.String() }

// UID is the aggregate that a stream belongs to; false for a stream of another
// category.
func (a Aggregate[S]) UID(stream string) (uuid.UUID, bool) {
	id, ok := strings.CutPrefix(stream, a.Category+"-")
	if !ok {
		return uuid.Nil, false
	}
	uid, err := uuid.Parse(id)
	return uid, err == nil
}

// Prefix begins the names of all its streams.
func (a Aggregate[S]) Prefix() string { return a.Category + "-" }

// New is the state before the first event.
func (a Aggregate[S]) New(uid uuid.UUID) S {
	if a.Initial == nil {
		var zero S
		return zero
	}
	return a.Initial(uid)
}

// Fold folds events into a state.
func (a Aggregate[S]) Fold(s S, events ...domain.Event) S {
	for _, e := range events {
		s = a.Evolve(s, e)
	}
	return s
}

// Wanted are the reservations that the state after has and the one before does not.
func (a Aggregate[S]) Wanted(before, after S, limits reservation.Limits) []reservation.Held {
	return a.without(after, before, limits)
}

// Freed are the reservations that the state before has and the one after does not.
func (a Aggregate[S]) Freed(before, after S, limits reservation.Limits) []reservation.Held {
	return a.without(before, after, limits)
}

func (a Aggregate[S]) without(s, other S, limits reservation.Limits) []reservation.Held {
	if a.Reservations == nil {
		return nil
	}
	known := map[string]bool{}
	for _, held := range a.inLog(other, limits) {
		known[held.Key.Stream] = true
	}
	var rest []reservation.Held
	for _, held := range a.inLog(s, limits) {
		if !known[held.Key.Stream] {
			rest = append(rest, held)
		}
	}
	return rest
}

// Holder is an aggregate seen as what holds reservations, whatever its state is.
type Holder interface {
	// UID is as in Aggregate.
	UID(stream string) (uuid.UUID, bool)
	// Holding folds the events of one holder.
	Holding(uid uuid.UUID, limits reservation.Limits, events iter.Seq2[domain.Event, error]) (Holding, error)
}

// Holding is what the stream of a holder says about its reservations.
type Holding struct {
	Now     map[string]reservation.Kind // by stream: what the holder has
	GivenUp map[string]GivenUp          // by stream: what it had and has no more
	HeldBy  uuid.UUID                   // as in Aggregate
	// Fence is Aggregate.Fence for the holder's present state.
	Fence func(stream string) domain.Event
}

// GivenUp is a reservation that a holder has no more, and which of its events, from 0,
// gave it up last.
type GivenUp struct {
	Kind reservation.Kind
	By   int
}

// Holding folds the events of one holder to what it has and what it gave up.
func (a Aggregate[S]) Holding(uid uuid.UUID, limits reservation.Limits, events iter.Seq2[domain.Event, error]) (Holding, error) {
	h := Holding{Now: map[string]reservation.Kind{}, GivenUp: map[string]GivenUp{}}
	s, n := a.New(uid), 0
	for e, err := range events {
		if err != nil {
			return h, err
		}
		s = a.Evolve(s, e)
		h.after(n, a.inLog(s, limits))
		n++
	}
	if a.HeldBy != nil {
		h.HeldBy = a.HeldBy(s)
	}
	h.Fence = func(stream string) domain.Event {
		if a.Fence == nil {
			return nil
		}
		return a.Fence(s, uid, n == 0, stream)
	}
	return h, nil
}

// after takes what the holder has after its nth event.
func (h *Holding) after(n int, has []reservation.Held) {
	before := maps.Clone(h.Now)
	clear(h.Now)
	for _, held := range has {
		stream := held.Key.Stream
		h.Now[stream] = held.Key.Kind
		delete(before, stream)
		delete(h.GivenUp, stream)
	}
	for stream, kind := range before {
		h.GivenUp[stream] = GivenUp{Kind: kind, By: n}
	}
}

// inLog are the reservations of a state, by their names in the log.
func (a Aggregate[S]) inLog(s S, limits reservation.Limits) []reservation.Held {
	if a.Reservations == nil {
		return nil
	}
	return limits.Names.InLog(a.Reservations(s, limits))
}
