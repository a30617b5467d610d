package partnership

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/aggregate"
)

// Aggregate is the partnership.
var Aggregate = aggregate.Aggregate[State]{Category: "partnership", Evolve: Evolve}

// space makes partnership uids: one per pair, so the stream itself says that a
// pair has at most one partnership.
var space = uuid.MustParse("6f2d3a52-6d4b-5c58-9d53-0d0b0e1a7f10")

// UID names the partnership of a pair.
func UID(reseller, customer uuid.UUID) uuid.UUID {
	return uuid.NewSHA1(space, append(reseller[:], customer[:]...))
}

// State is a partnership folded from its events.
type State struct {
	UID      uuid.UUID // uuid.Nil: never established
	Reseller uuid.UUID
	Customer uuid.UUID
	Profile  string // id of the profile the reseller's users get
	Ended    bool
	Until    time.Time // when it ends by itself; zero: not at all
	Warned   int       // days before Until of the last warning; zero: none yet
	Request  Request   // of the reseller since the partnership was established last
}

// Request is a reseller's request for a partnership.
type Request struct {
	Status             RequestStatus // empty: none
	Reseller, Customer uuid.UUID
	Profile            string    // proposed; empty: none
	Until              time.Time // proposed; zero: none
	Note               string
}

// RequestStatus is what became of a request. One that was accepted is none any
// more: the two are partners.
type RequestStatus string

// The statuses of requests.
const (
	Open      RequestStatus = "open"
	Declined  RequestStatus = "declined"
	Withdrawn RequestStatus = "withdrawn"
)

// ActiveAt reports whether the two accounts are partners at an instant. A
// partnership with an end is none from that instant on.
func (s State) ActiveAt(now time.Time) bool {
	return s.UID != uuid.Nil && !s.Ended && (s.Until.IsZero() || now.Before(s.Until))
}

// Evolve folds one event into the state.
func Evolve(s State, e domain.Event) State {
	switch e := e.(type) {
	case PartnershipEstablished:
		s = State{UID: e.Partnership, Reseller: e.Reseller, Customer: e.Customer, Profile: e.Profile}
	case PartnerProfileAssigned:
		s.Profile = e.Profile
	case PartnershipEndSet:
		s.Until, s.Warned = e.Until, 0
	case PartnershipEndRemoved:
		s.Until, s.Warned = time.Time{}, 0
	case PartnershipEndWarned:
		s.Warned = e.DaysBefore
	case PartnershipEnded:
		s.Ended = true
	case PartnershipRequested:
		s.Request = Request{Status: Open, Reseller: e.Reseller, Customer: e.Customer, Profile: e.Profile, Until: e.Until, Note: e.Note}
	case PartnershipRequestDeclined:
		s.Request.Status = Declined
	case PartnershipRequestWithdrawn:
		s.Request.Status = Withdrawn
	}
	return s
}
