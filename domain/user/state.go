package user

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/aggregate"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

// Aggregate is the user.
var Aggregate = aggregate.Aggregate[State]{
	Category: "user", Evolve: Evolve, Reservations: reservations, Fence: fence,
}

// Status is where a user is.
type Status string

// The statuses. Expired follows from the clock: a pending user whose invitation
// has run out.
const (
	Pending     Status = "pending"
	Active      Status = "active"
	Deactivated Status = "deactivated"
	Revoked     Status = "revoked"
	Expired     Status = "expired"
)

// State is a user folded from the events.
type State struct {
	UID      uuid.UUID
	Account  uuid.UUID
	Person   account.Person
	Status   Status // empty: no such user
	Profiles []string
	// Administrator says that the person joins as one. The account says who is one
	// now.
	Administrator bool
	Invitation    account.Invitation
	Lapsed        int // number of the last invitation that was recorded as run out
	Credential    uuid.UUID
	Reset         Reset // without a token when there is none, or it was used
	// Wanted is the address that is to be confirmed by Change, empty when none is.
	Wanted string
	Change EmailChange // without a token when none is to be confirmed
	// OwnEmail says that the user has changed the address, and so holds it.
	OwnEmail bool
	LastSeen calendar.Date // day of the last sign-in; zero: none
	// Freed are the streams of the reservations that the user had before, of addresses
	// that can still be read.
	Freed []string
	// Factors are the second factors in force, in the order in which they were added.
	Factors  []Factor
	Recovery Recovery

	Abandoned bool
	Erased    bool // the person was erased
}

// StatusAt is the status with expiry taken into account.
func (s State) StatusAt(now time.Time) Status {
	if s.Status == Pending && !now.Before(s.Invitation.Expires) {
		return Expired
	}
	return s.Status
}

// Evolve folds one event into the state. Once the person was erased, no event
// brings the data back.
func Evolve(s State, e domain.Event) State {
	switch e.(type) {
	case UserInvitationRevoked, EmailChangeRequested, EmailChangeExpired, EmailChanged, PasswordChanged:
		before := reservations(s, reservation.Limits{})
		return noteFreed(evolve(s, e), before)
	}
	return evolve(s, e)
}

// noteFreed notes what a state does not have any more of what it had.
func noteFreed(s State, before []reservation.Held) State {
	has := reservations(s, reservation.Limits{})
	for _, held := range before {
		same := func(h reservation.Held) bool { return h.Key.Stream == held.Key.Stream }
		if !slices.ContainsFunc(has, same) && !slices.Contains(s.Freed, held.Key.Stream) {
			s.Freed = append(slices.Clone(s.Freed), held.Key.Stream)
		}
	}
	return s
}

func evolve(s State, e domain.Event) State {
	switch e := e.(type) {
	case UserInvited:
		s.UID, s.Account, s.Person, s.Status = e.User, e.Account, e.Person, Pending
		s.Profiles, s.Administrator, s.Invitation = e.Profiles, e.Administrator, e.Invitation
	case UserInvitationSent:
		s.Invitation = e.Invitation
	case UserInvitationExpired:
		s.Lapsed = e.Number
	case UserInvitationRevoked:
		s.Status = Revoked
	case UserInvitationAbandoned:
		s.Abandoned = true
	case UserActivated:
		s.UID, s.Account, s.Person, s.Status = e.User, e.Account, e.Person, Active
		s.Administrator, s.Credential = e.Administrator, e.Credential
	case ProfilesAssigned:
		s.Profiles = e.Profiles
	case UserDeactivated:
		s.Status = Deactivated
	case UserReactivated:
		s.Status = Active
	case PasswordChanged:
		s.Credential = e.Credential
		s.Reset = Reset{Number: s.Reset.Number}
		s.Wanted, s.Change = "", EmailChange{Number: s.Change.Number} // whoever asked for it perhaps knew the old one
	case PasswordResetRequested:
		s.Reset = e.Reset
	case UserErased:
		s.Erased = true
	}
	return evolvePerson(s, e)
}

// evolvePerson is the part of Evolve about what people change about themselves.
func evolvePerson(s State, e domain.Event) State {
	switch e := e.(type) {
	case UserRenamed:
		s.Person.Name = e.Person.Name
	case EmailChangeRequested:
		s.Wanted, s.Change = e.Person.Email, e.Change
	case EmailChangeExpired:
		s.Wanted, s.Change = "", EmailChange{Number: s.Change.Number}
	case EmailChanged:
		s.Person.Email, s.OwnEmail = e.Person.Email, true
		s.Wanted, s.Change = "", EmailChange{Number: s.Change.Number}
		s.Reset = Reset{Number: s.Reset.Number} // it went to the old address
	case UserSignedIn:
		s.LastSeen = e.Day
	}
	if s.Erased {
		s.Person, s.Wanted, s.Change = s.Person.Erase(), "", EmailChange{Number: s.Change.Number}
	}
	return evolveFactors(s, e)
}

// EmailKey is the reservation of the person's address, if the user holds it. The
// address of an account's first administrator is held by the account, which
// claimed it when it was created: such a user was never invited, and holds only an
// address that it was changed to. A deactivated user keeps the address, and can
// come back; that of an erased one is not known.
func (s State) EmailKey() (reservation.Key, bool) {
	if s.Status == "" || s.Status == Revoked || s.Person.IsGone() || s.Invitation.Number == 0 && !s.OwnEmail {
		return reservation.Key{}, false
	}
	return emailKey(s.Person.Email), true
}

// WantedKey is the reservation of the address that is to be confirmed, if there is
// one.
func (s State) WantedKey() (reservation.Key, bool) {
	if s.Wanted == "" || s.Wanted == account.Erased || s.Wanted == account.Unreadable {
		return reservation.Key{}, false
	}
	return emailKey(s.Wanted), true
}

func emailKey(email string) reservation.Key {
	_, key, _ := account.NormaliseEmail(email) // it was valid when it was given
	return reservation.Unique(reservation.Email, key)
}

func reservations(s State, _ reservation.Limits) []reservation.Held {
	var held []reservation.Held
	if key, ok := s.EmailKey(); ok {
		held = append(held, reservation.Held{Key: key, Account: s.Account, Taken: emailTaken()})
	}
	if key, ok := s.WantedKey(); ok {
		held = append(held, reservation.Held{Key: key, Account: s.Account, Taken: emailTaken()})
	}
	return held
}

func fence(_ State, uid uuid.UUID, empty bool, stream string) domain.Event {
	if empty {
		return UserInvitationAbandoned{User: uid}
	}
	return UserClaimAbandoned{User: uid, Reservation: stream}
}
