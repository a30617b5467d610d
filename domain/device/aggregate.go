package device

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/aggregate"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

// Aggregate is the device.
var Aggregate = aggregate.Aggregate[State]{
	Category: "device",
	Initial:  func(uid uuid.UUID) State { return State{UID: uid} },
	Evolve:   Evolve, Reservations: reservations, Fence: fence,
	HeldBy: func(s State) uuid.UUID { return s.HeldBy },
}

// reservations are the device's place, its name and its factor. A retired device
// keeps its factor only; a place is taken in a reseller's account only.
func reservations(s State, limits reservation.Limits) []reservation.Held {
	if !s.Exists() {
		return nil
	}
	var held []reservation.Held
	add := func(key reservation.Key, taken domain.Problem) {
		held = append(held, reservation.Held{Key: key, Account: s.Account, Taken: taken})
	}
	if s.LifeCycle != OutOfService {
		if s.resellers() {
			add(reservation.PlacesOf(s.Account, limits.Places), LimitReached(limits.Places))
		}
		_, name, _ := NormaliseName(s.Name) // it was valid when it was given
		add(reservation.NameIn(s.Account, name), NameTaken(s.Name))
	}
	add(reservation.Unique(reservation.Factor, string(s.Factor.Kind)+":"+s.Factor.Value), FactorTaken(s.Factor))
	return held
}

func fence(_ State, uid uuid.UUID, _ bool, stream string) domain.Event {
	return ClaimAbandoned{Device: uid, Reservation: stream}
}
