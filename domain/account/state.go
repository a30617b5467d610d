package account

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
)

// Status is where an account is in its life.
type Status string

// The statuses. Expired follows from the clock: a pending account whose
// invitation has run out.
const (
	Pending   Status = "pending"
	Activated Status = "active"
	Expired   Status = "expired"
	Closed    Status = "closed"
)

// State is an account folded from its events.
type State struct {
	UID           uuid.UUID
	Name          string
	Type          Type
	Status        Status // pending, active or closed; empty: no such account
	Closing       Status // the status before it was closed
	Administrator Person
	Offers        []catalogue.Offer
	Reseller      uuid.UUID
	Invitation    Invitation
	Abandoned     bool

	Billing         Billing
	ChannelContacts []Person
	Security        Security
	Forgotten       bool // the administrator was erased
	// EmailReservation keeps the address of an erased administrator taken.
	EmailReservation string
}

// Exists reports whether the account was created.
func (s State) Exists() bool { return s.Status != "" }

// StatusAt is the status with expiry taken into account.
func (s State) StatusAt(now time.Time) Status {
	if s.Status == Pending && !now.Before(s.Invitation.Expires) {
		return Expired
	}
	return s.Status
}

// Evolve folds one event into the state.
func Evolve(s State, e domain.Event) State {
	switch e := e.(type) {
	case AccountCreated:
		s.UID, s.Name, s.Type, s.Status = e.Account, e.Name, e.Type, Pending
		s.Administrator, s.Offers, s.Reseller, s.Invitation = e.Administrator, e.Offers, e.Reseller, e.Invitation
	case AccountActivated:
		s.Status = Activated
		// Decided before the erasure and appended behind it, were that possible,
		// it would still not bring the data back.
		if !s.Forgotten {
			s.Administrator = e.Administrator
		}
	case InvitationSent:
		s.Invitation = e.Invitation
	case AccountClosed:
		s.Closing, s.Status = s.Status, Closed
	case AccountCreationAbandoned:
		s.Abandoned = true
	case PersonErased:
		if s.Administrator.ID == e.Person {
			s.Forgotten, s.EmailReservation = true, e.EmailReservation
		}
		s = s.Without(e.Person)
	}
	return administered(s, e)
}

// NeverActivated reports whether the account was closed, or is, without its
// administrator ever having finished it: then its name and e-mail are free.
func (s State) NeverActivated() bool {
	return s.Status == Pending || s.Status == Closed && s.Closing == Pending
}
