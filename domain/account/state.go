package account

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/rights"
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
	Lapsed        int // number of the last invitation that was recorded as run out
	Abandoned     bool

	Billing         Billing
	ChannelContacts []Person
	Security        Security
	// EmailReservation keeps the address of an erased administrator taken.
	EmailReservation string

	// Administrators are the users who administer the account: the first one, as
	// soon as it is active, and those who were named, in that order.
	Administrators []Person
	// Withdrawn are the users who are kept out.
	Withdrawn []uuid.UUID
	// Erased are the persons of the account who were erased.
	Erased []uuid.UUID
	// Profiles are the account's own, in the order in which they were defined.
	Profiles []rights.Profile
	// ExternalAccounts are in the order in which they were added.
	ExternalAccounts []ExternalAccount
}

// Administers reports whether a user is an administrator of the account.
func (s State) Administers(user uuid.UUID) bool {
	return slices.ContainsFunc(s.Administrators, func(p Person) bool { return p.ID == user })
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
		if !s.Forgotten() {
			s.Administrator = e.Administrator
		}
		// Users who were invited as administrators may have accepted before.
		s.Administrators = append([]Person{s.Administrator}, without(s.Administrators, s.Administrator.ID)...)
	case InvitationSent:
		s.Invitation = e.Invitation
	case InvitationExpired:
		s.Lapsed = e.Number
	case AccountClosed:
		s.Closing, s.Status = s.Status, Closed
	case AccountCreationAbandoned:
		s.Abandoned = true
	case PersonErased:
		if s.Administrator.ID == e.Person {
			s.EmailReservation = e.EmailReservation
		}
		s.Erased = append(slices.Clone(s.Erased), e.Person)
		s = s.Without(e.Person)
	case AdministratorNamed:
		s.Administrators = append(slices.Clone(s.Administrators), e.Administrator)
		if slices.Contains(s.Erased, e.Administrator.ID) { // nothing brings the data back
			s = s.Without(e.Administrator.ID)
		}
	case AdministratorRemoved:
		s.Administrators = without(s.Administrators, e.User)
	case AccessWithdrawn:
		s.Administrators = without(s.Administrators, e.User)
		s.Withdrawn = append(slices.Clone(s.Withdrawn), e.User)
	case AccessRestored:
		s.Withdrawn = slices.DeleteFunc(slices.Clone(s.Withdrawn), func(u uuid.UUID) bool { return u == e.User })
	}
	return external(profiled(administered(s, e), e), e)
}

// Forgotten reports whether the first administrator was erased.
func (s State) Forgotten() bool { return slices.Contains(s.Erased, s.Administrator.ID) }

// KeepsOut reports whether a user's access was withdrawn.
func (s State) KeepsOut(user uuid.UUID) bool { return slices.Contains(s.Withdrawn, user) }

func without(people []Person, user uuid.UUID) []Person {
	return slices.DeleteFunc(slices.Clone(people), func(p Person) bool { return p.ID == user })
}

// NeverActivated reports whether the account was closed, or is, without its
// administrator ever having finished it: then its name and e-mail are free.
func (s State) NeverActivated() bool {
	return s.Status == Pending || s.Status == Closed && s.Closing == Pending
}
