package reservation

import (
	"cmp"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
)

// State is who holds the reservation.
type State struct {
	Holders map[uuid.UUID]Claimed
	// Next is the revision that the next event of the stream gets.
	Next int64
}

// Claimed is what a holder has claimed. A claim at the same revision is the same
// claim.
type Claimed struct {
	At       int64 // revision of its last claim
	Renewals int   // claims since it was last free, beside the first
}

// Holds gives the revision of the holder's last claim; false when it holds
// nothing.
func (s State) Holds(holder uuid.UUID) (at int64, ok bool) {
	c, ok := s.Holders[holder]
	return c.At, ok
}

// Sole is the state right after a holder's claim that found the value free.
func Sole(holder uuid.UUID, at int64) State {
	return State{Holders: map[uuid.UUID]Claimed{holder: {At: at}}, Next: at + 1}
}

// Evolve folds the event at a revision of the stream into the state. It shares
// nothing that changes with the state before.
func Evolve(s State, e domain.Event, revision int64) State {
	switch e := e.(type) {
	case Reserved:
		s.Holders = s.claimed(e.Holder, revision)
	case Released:
		s.Holders = s.released(e.Holder)
	}
	s.Next = revision + 1
	return s
}

// Snapshot is the state right after the last event of a stream, told by that
// event alone. It is false when the event does not carry the holders: then the
// whole stream has to be folded.
func Snapshot(last domain.Event, revision int64) (State, bool) {
	var holders []Holder
	switch e := last.(type) {
	case Reserved:
		holders = e.Holders
	case Released:
		holders = e.Holders
	}
	if holders == nil {
		return State{}, false
	}
	s := State{Holders: make(map[uuid.UUID]Claimed, len(holders)), Next: revision + 1}
	for _, h := range holders {
		s.Holders[h.Holder] = Claimed{At: h.At, Renewals: h.Renewals}
	}
	return s, true
}

func (s State) claimed(holder uuid.UUID, at int64) map[uuid.UUID]Claimed {
	after := make(map[uuid.UUID]Claimed, len(s.Holders)+1)
	maps.Copy(after, s.Holders)
	c := Claimed{At: at}
	if before, again := s.Holders[holder]; again {
		c.Renewals = before.Renewals + 1
	}
	after[holder] = c
	return after
}

func (s State) released(holder uuid.UUID) map[uuid.UUID]Claimed {
	after := maps.Clone(s.Holders)
	delete(after, holder)
	return after
}

// told are the holders as events of places carry them, never nil.
func told(holders map[uuid.UUID]Claimed) []Holder {
	list := make([]Holder, 0, len(holders))
	for uid, c := range holders {
		list = append(list, Holder{Holder: uid, At: c.At, Renewals: c.Renewals})
	}
	slices.SortFunc(list, func(a, b Holder) int { return cmp.Compare(a.At, b.At) })
	return list
}
