package partnership

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
)

// State is a partnership folded from its events.
type State struct {
	UID      uuid.UUID // uuid.Nil: never established
	Reseller uuid.UUID
	Customer uuid.UUID
	Profile  string // id of the profile the reseller's users get
	Ended    bool
}

// Active reports whether the two accounts are partners.
func (s State) Active() bool { return s.UID != uuid.Nil && !s.Ended }

// Evolve folds one event into the state.
func Evolve(s State, e domain.Event) State {
	switch e := e.(type) {
	case PartnershipEstablished:
		s = State{UID: e.Partnership, Reseller: e.Reseller, Customer: e.Customer, Profile: e.Profile}
	case PartnerProfileAssigned:
		s.Profile = e.Profile
	case PartnershipEnded:
		s.Ended = true
	}
	return s
}
