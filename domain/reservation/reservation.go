// Package reservation keeps rules that span streams: a unique value has one
// holder, a reseller account has so many places. Each value has a small stream
// of its own; appending to it with the expected revision decides every race.
//
// The protocol, which holds under concurrency and across crashes:
//
//  1. A command loads its holder's stream (revision r), then claims. A claim
//     always appends, also when the holder has one already: claiming renews.
//  2. It appends its own events to the holder's stream, expecting r. When that
//     fails it starts over and claims again.
//  3. A claim whose value the holder does not have is an orphan. To release it:
//     read the reservation and with it the holder's last claim, then the holder
//     (revision h); when the holder lacks the value, append a fence to the
//     holder expecting h, then release, provided the last claim is still that
//     one. A late step 2 now fails at r <= h, starts over and claims again; had
//     it renewed before the release, the release is off. Either way nothing is
//     held by two, and nothing had is released.
//  4. A claim that went from free to held may be released without the fence by
//     the command that made it, when its step 2 has failed for certain and the
//     claim is still the holder's last: nobody else can rely on it.
//  5. A command whose events give a value up reads the holder's last claim
//     before it appends them, and releases afterwards, provided the last claim
//     is still that one. Left undone by a crash, it is an orphan of rule 3.
//
// The tests run these rules, interleaved at every step and with crashes,
// against a model, and show that each of them is needed.
package reservation

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/wire"
)

// Kind is what is reserved.
type Kind string

// The kinds of reservations and who holds them.
const (
	AccountName Kind = "name"       // platform-wide, held by an account
	Email       Kind = "email"      // platform-wide, held by an account
	Factor      Kind = "factor"     // platform-wide, held by a device
	DeviceName  Kind = "devicename" // within an account, held by a device
	Places      Kind = "places"     // one stream per reseller account, held by its devices
)

// Key names one reservation: what, and how many holders it has room for.
type Key struct {
	Kind     Kind
	Stream   string
	Capacity int
}

// Unique is the reservation of a normalised value. The stream name carries a
// hash, so that no personal data stands in it.
func Unique(kind Kind, value string) Key {
	sum := sha256.Sum256([]byte(value))
	return Key{Kind: kind, Stream: stream(kind, hex.EncodeToString(sum[:16])), Capacity: 1}
}

// NameIn is the reservation of a device name within an account.
func NameIn(account uuid.UUID, name string) Key {
	return Unique(DeviceName, account.String()+"/"+name)
}

// PlacesOf is the reservation of the places of a reseller account.
func PlacesOf(account uuid.UUID, capacity int) Key {
	return Key{Kind: Places, Stream: stream(Places, account.String()), Capacity: capacity}
}

func stream(kind Kind, id string) string { return "reservation-" + string(kind) + "-" + id }

// Wire knows the reservation events.
var Wire = wire.NewRegistry(wire.Of[Reserved](), wire.Of[Released]())

// Reserved gives Holder a place, or renews the one it has. Subject is the
// holder's stream; Account is the account it is for, where there is one.
type Reserved struct {
	Kind    Kind      `json:"kind"`
	Holder  uuid.UUID `json:"holder"`
	Subject string    `json:"subject"`
	Account uuid.UUID `json:"account,omitzero"`
}

// Released frees the place of Holder.
type Released struct {
	Kind   Kind      `json:"kind"`
	Holder uuid.UUID `json:"holder"`
}

func (Reserved) EventType() string { return "Reserved" }
func (Released) EventType() string { return "Released" }

// State is who holds the reservation. The value is the number of times the
// holder has claimed since it was last free: above 1 it was renewed.
type State struct {
	Holders map[uuid.UUID]int
}

// Evolve folds one event into the state, which it takes over: the one before
// is not to be used any more.
func Evolve(s State, e domain.Event) State {
	if s.Holders == nil {
		s.Holders = map[uuid.UUID]int{}
	}
	switch e := e.(type) {
	case Reserved:
		s.Holders[e.Holder]++
	case Released:
		delete(s.Holders, e.Holder)
	}
	return s
}

// Claim decides whether there is room for claim.Holder. ok is false when
// others hold all of it.
func Claim(s State, key Key, claim Reserved) (events []domain.Event, ok bool) {
	if _, mine := s.Holders[claim.Holder]; !mine && len(s.Holders) >= key.Capacity {
		return nil, false
	}
	return []domain.Event{claim}, true
}

// Release decides the release of holder's place; no event when it has none.
func Release(s State, kind Kind, holder uuid.UUID) []domain.Event {
	if _, mine := s.Holders[holder]; !mine {
		return nil
	}
	return []domain.Event{Released{Kind: kind, Holder: holder}}
}
