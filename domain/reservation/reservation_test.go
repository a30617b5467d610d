package reservation_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

func TestClaim(t *testing.T) {
	t.Parallel()
	first, second, third := uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3}
	key := reservation.PlacesOf(uuid.UUID{9}, 2)
	claim := func(h uuid.UUID) reservation.Reserved { return reservation.Reserved{Kind: key.Kind, Holder: h} }
	var s reservation.State
	for _, h := range []uuid.UUID{first, second, first} { // the last renews
		events, ok := reservation.Claim(s, key, claim(h))
		if !ok || len(events) != 1 {
			t.Fatalf("claim of %v: %v, %v", h, events, ok)
		}
		s = reservation.Evolve(s, events[0], s.Next)
	}
	if at, ok := s.Holds(first); at != 2 || !ok || s.Holders[first].Renewals != 1 {
		t.Errorf("the renewed claim: %+v", s.Holders[first])
	}
	if _, ok := reservation.Claim(s, key, claim(third)); ok {
		t.Error("a third holder has found a place among two")
	}
	if events := reservation.Release(s, key.Kind, third); events != nil {
		t.Errorf("released what is not held: %v", events)
	}
	s = reservation.Evolve(s, reservation.Release(s, key.Kind, first)[0], s.Next)
	if _, ok := reservation.Claim(s, key, claim(third)); !ok {
		t.Error("the freed place is not free")
	}
}

// TestTheLastEventTellsAll: whatever is claimed and released, also by instances
// that write version 1, what the last event tells is what the whole stream does.
func TestTheLastEventTellsAll(t *testing.T) {
	t.Parallel()
	key := reservation.PlacesOf(uuid.UUID{9}, 4)
	rapid.Check(t, func(t *rapid.T) {
		var s reservation.State
		for range rapid.IntRange(1, 40).Draw(t, "events") {
			holder, kind := uuid.UUID{rapid.Byte().Draw(t, "holder") % 8}, key.Kind
			events := reservation.Release(s, kind, holder)
			if rapid.Bool().Draw(t, "claim") {
				events, _ = reservation.Claim(s, key, reservation.Reserved{Kind: kind, Holder: holder})
			}
			if len(events) == 0 {
				continue
			}
			e, old := events[0], rapid.IntRange(0, 3).Draw(t, "version 1") == 0
			if old {
				e = withoutHolders(e)
			}
			before, kept := s, maps.Clone(s.Holders)
			s = reservation.Evolve(s, e, s.Next)
			if diff := cmp.Diff(kept, before.Holders); diff != "" {
				t.Fatalf("folding has changed the state before: %s", diff)
			}
			last, ok := reservation.Snapshot(recorded(t, e), s.Next-1)
			if ok == old {
				t.Fatalf("%+v tells the holders: %v", e, ok)
			}
			if diff := cmp.Diff(s, last, cmpopts.EquateEmpty()); ok && diff != "" {
				t.Fatalf("(-stream +last event)\n%s", diff)
			}
		}
	})
}

func withoutHolders(e domain.Event) domain.Event {
	switch e := e.(type) {
	case reservation.Reserved:
		e.Holders = nil
		return e
	case reservation.Released:
		e.Holders = nil
		return e
	}
	return e
}

// recorded is the event as it comes back from the log.
func recorded(t *rapid.T, e domain.Event) domain.Event {
	name, version, data, err := reservation.Codec.Encode(e)
	if err != nil {
		t.Fatal(err)
	}
	if e, err = reservation.Codec.Decode(name, version, data); err != nil {
		t.Fatal(err)
	}
	return e
}

// Only the events of places carry the holders: the other streams are short.
func TestUniqueValuesTellNoHolders(t *testing.T) {
	t.Parallel()
	key, holder := reservation.Unique(reservation.Email, "x"), uuid.UUID{1}
	events, _ := reservation.Claim(reservation.State{}, key, reservation.Reserved{Kind: key.Kind, Holder: holder})
	s := reservation.Evolve(reservation.State{}, events[0], 0)
	if diff := cmp.Diff(s, reservation.Sole(holder, 0)); diff != "" {
		t.Errorf("a first claim: %s", diff)
	}
	for _, e := range append(events, reservation.Release(s, key.Kind, holder)...) {
		if _, ok := reservation.Snapshot(e, 0); ok {
			t.Errorf("%+v tells the holders", e)
		}
	}
	if _, ok := reservation.Snapshot(nil, 0); ok {
		t.Error("no event tells the holders")
	}
}

func TestStreamsHoldNoPersonalData(t *testing.T) {
	t.Parallel()
	email := reservation.Unique(reservation.Email, "somebody@customer.example")
	if strings.Contains(email.Stream, "somebody") || !strings.HasPrefix(email.Stream, "reservation-email-") {
		t.Errorf("stream %q", email.Stream)
	}
	one, other := uuid.UUID{1}, uuid.UUID{2}
	if reservation.NameIn(one, "x").Stream == reservation.NameIn(other, "x").Stream {
		t.Error("a device name is reserved across accounts")
	}
	if reservation.OrderNumberOf(one, "x").Stream == reservation.OrderNumberOf(other, "x").Stream {
		t.Error("an order number is reserved across devices")
	}
	if reservation.Unique(reservation.AccountName, "x").Stream == reservation.Unique(reservation.Email, "x").Stream {
		t.Error("values of two kinds share a stream")
	}
}
