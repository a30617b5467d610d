package reservation_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

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
		s = reservation.Evolve(s, events[0])
	}
	if _, ok := reservation.Claim(s, key, claim(third)); ok {
		t.Error("a third holder has found a place among two")
	}
	if events := reservation.Release(s, key.Kind, third); events != nil {
		t.Errorf("released what is not held: %v", events)
	}
	s = reservation.Evolve(s, reservation.Release(s, key.Kind, first)[0])
	if _, ok := reservation.Claim(s, key, claim(third)); !ok {
		t.Error("the freed place is not free")
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
	if reservation.Unique(reservation.AccountName, "x").Stream == reservation.Unique(reservation.Email, "x").Stream {
		t.Error("values of two kinds share a stream")
	}
}
