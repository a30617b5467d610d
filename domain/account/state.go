package account

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/aggregate"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/reservation"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Aggregate is the account.
var Aggregate = aggregate.Aggregate[State]{
	Category: "account", Evolve: Evolve, Reservations: reservations, Fence: fence,
}

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
	// Joined says that Administrator has accepted the invitation. Where another
	// one has activated the account, it is still open.
	Joined    bool
	Abandoned bool

	Billing         Billing
	ChannelContacts []Person
	Security        Security
	// EmailReservation keeps the address of an erased administrator taken.
	EmailReservation string
	// EmailElsewhere says that the administrator has changed the address as a user,
	// who holds the new one: the account holds none.
	EmailElsewhere bool

	// Administrators are the users who administer the account: Administrator, once
	// joined, and those who were named.
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

// Evolve folds one event into the state. It shares nothing that changes with the
// state before. Once a person was erased, no event brings the data back.
func Evolve(s State, e domain.Event) State {
	s = evolveExternal(evolveProfiles(evolveAdministration(evolveUsers(evolveLife(s, e), e), e), e), e)
	for _, person := range s.Erased {
		if s.shows(person) {
			s = s.Without(person)
		}
	}
	return s
}

// evolveLife is the part of Evolve about the account's life.
func evolveLife(s State, e domain.Event) State {
	switch e := e.(type) {
	case AccountCreated:
		s.UID, s.Name, s.Type, s.Status = e.Account, e.Name, e.Type, Pending
		s.Administrator, s.Offers, s.Reseller, s.Invitation = e.Administrator, e.Offers, e.Reseller, e.Invitation
	case AccountActivated:
		s.Status = Activated
		if e.Administrator.ID == s.Administrator.ID {
			s.Administrator, s.Joined = e.Administrator, true
			s.Administrators = append([]Person{e.Administrator}, without(s.Administrators, e.Administrator.ID)...)
		} else if !s.Administers(e.Administrator.ID) {
			s.Administrators = append(slices.Clone(s.Administrators), e.Administrator)
		}
	case InvitationSent:
		s.Invitation = e.Invitation
	case InvitationExpired:
		s.Lapsed = e.Number
	case AccountClosed:
		if s.Status != Closed {
			s.Closing, s.Status = s.Status, Closed
		}
	case AccountReopened:
		if s.Status == Closed {
			s.Status, s.Closing = s.Closing, ""
		}
	case AdministratorEmailCorrected:
		s.Administrator, s.Invitation = e.Administrator, e.Invitation
	case AccountCreationAbandoned:
		s.Abandoned = true
	case PersonErased:
		if s.Administrator.ID == e.Person {
			s.EmailReservation = e.EmailReservation
		}
		s.Erased = append(slices.Clone(s.Erased), e.Person)
	}
	return s
}

// evolveUsers is the part of Evolve about administrators and who is kept out.
func evolveUsers(s State, e domain.Event) State {
	switch e := e.(type) {
	case AdministratorNamed:
		s.Administrators = append(slices.Clone(s.Administrators), e.Administrator)
	case AdministratorJoined:
		s.Administrator, s.Joined = e.Administrator, true
		s.Administrators = append(without(s.Administrators, e.Administrator.ID), e.Administrator)
	case AdministratorRenamed:
		s = s.known(e.Administrator)
	case AdministratorEmailChanged:
		s = s.known(e.Administrator)
		s.EmailElsewhere = s.EmailElsewhere || s.Administrator.ID == e.Administrator.ID
	case AdministratorRemoved:
		s.Administrators = without(s.Administrators, e.User)
	case AccessWithdrawn:
		s.Administrators = without(s.Administrators, e.User)
		s.Withdrawn = append(slices.Clone(s.Withdrawn), e.User)
	case AccessRestored:
		s.Withdrawn = slices.DeleteFunc(slices.Clone(s.Withdrawn), func(u uuid.UUID) bool { return u == e.User })
	}
	return s
}

// known is the state with the data of an administrator replaced.
func (s State) known(p Person) State {
	s.Administrators = slices.Clone(s.Administrators)
	for i := range s.Administrators {
		if s.Administrators[i].ID == p.ID {
			s.Administrators[i] = p
		}
	}
	if s.Administrator.ID == p.ID {
		s.Administrator = p
	}
	return s
}

// evolveProfiles is the part of Evolve about profiles.
func evolveProfiles(s State, e domain.Event) State {
	change := func(profile uuid.UUID, to func(*rights.Profile)) {
		s.Profiles = slices.Clone(s.Profiles)
		for i := range s.Profiles {
			if s.Profiles[i].ID == profile.String() {
				to(&s.Profiles[i])
			}
		}
	}
	switch e := e.(type) {
	case ProfileDefined:
		s.Profiles = append(slices.Clone(s.Profiles), rights.Profile{ID: e.Profile.String(), Name: e.Name, Rights: e.Rights})
	case ProfileRenamed:
		change(e.Profile, func(p *rights.Profile) { p.Name = e.Name })
	case ProfileRightsAssigned:
		change(e.Profile, func(p *rights.Profile) { p.Rights = e.Rights })
	case ProfileRemoved:
		s.Profiles = slices.DeleteFunc(slices.Clone(s.Profiles), func(p rights.Profile) bool { return p.ID == e.Profile.String() })
	}
	return s
}

// evolveAdministration is the part of Evolve about administration.
func evolveAdministration(s State, e domain.Event) State {
	switch e := e.(type) {
	case AccountRenamed:
		s.Name = e.Name
	case OffersAssigned:
		s.Offers = e.Offers
	case BillingChanged:
		s.Billing = Billing{Mode: e.Mode}
		if e.Contact.ID != uuid.Nil {
			s.Billing.Contact = &e.Contact
		}
	case ChannelContactAssigned:
		s.ChannelContacts = append(slices.Clone(s.ChannelContacts), e.Contact)
	case ChannelContactRenamed:
		s.ChannelContacts = slices.Clone(s.ChannelContacts)
		for i := range s.ChannelContacts {
			if s.ChannelContacts[i].ID == e.Contact.ID {
				s.ChannelContacts[i] = e.Contact
			}
		}
	case ChannelContactRemoved:
		s.ChannelContacts = slices.DeleteFunc(slices.Clone(s.ChannelContacts), func(p Person) bool { return p.ID == e.Contact })
	case SessionLifetimeSet:
		s.Security.SessionMinutes = e.Minutes
	case SessionIdleTimeSet:
		s.Security.IdleMinutes = e.Minutes
	case SecondFactorRequirementSet:
		s.Security.SecondFactor = e.Required
	case IssuerRequirementSet:
		s.Security.IssuerOnly = e.Required
	case PasswordLengthSet:
		s.Security.PasswordLength = e.Minimum
	case AddressRangesSet:
		s.Security.AddressRanges = e.Ranges
	}
	return s
}

// evolveExternal is the part of Evolve about external accounts.
func evolveExternal(s State, e domain.Event) State {
	change := func(uid uuid.UUID, to func(*ExternalAccount)) {
		s.ExternalAccounts = slices.Clone(s.ExternalAccounts)
		for i := range s.ExternalAccounts {
			if s.ExternalAccounts[i].UID == uid {
				to(&s.ExternalAccounts[i])
			}
		}
	}
	switch e := e.(type) {
	case ExternalAccountAdded:
		s.ExternalAccounts = append(slices.Clone(s.ExternalAccounts), ExternalAccount{
			UID: e.ExternalAccount, Kind: e.Kind, Label: e.Label, Endpoint: e.Endpoint, Credential: e.Credential,
		})
	case ExternalAccountRelabelled:
		change(e.ExternalAccount, func(x *ExternalAccount) { x.Label = e.Label })
	case ExternalAccountEndpointChanged:
		change(e.ExternalAccount, func(x *ExternalAccount) { x.Endpoint = e.Endpoint })
	case ExternalAccountSecretReplaced:
		change(e.ExternalAccount, func(x *ExternalAccount) { x.Credential = e.Credential })
	case ExternalAccountRemoved:
		s.ExternalAccounts = slices.DeleteFunc(slices.Clone(s.ExternalAccounts), func(x ExternalAccount) bool { return x.UID == e.ExternalAccount })
	}
	return s
}

func without(people []Person, user uuid.UUID) []Person {
	return slices.DeleteFunc(slices.Clone(people), func(p Person) bool { return p.ID == user })
}

// reservations are the account's name and its administrator's address. An
// account that was closed before it was activated frees both.
func reservations(s State, _ reservation.Limits) []reservation.Held {
	if s.Status == "" || s.Status == Closed && s.NeverActivated() {
		return nil
	}
	_, name, _ := NormaliseName(s.Name) // it was valid when it was given
	held := []reservation.Held{{Key: reservation.Unique(reservation.AccountName, name), Taken: nameTaken(s.Name)}}
	if email, ok := s.EmailKey(); ok {
		held = append(held, reservation.Held{Key: email, Taken: administratorEmailTaken()})
	}
	return held
}

// EmailKey is the reservation of the administrator's address, if the account holds
// it. That of an erased
// administrator is known from the erasure; before that, in what a destroyed key
// has left of the stream, it is not known.
func (s State) EmailKey() (reservation.Key, bool) {
	if s.EmailElsewhere {
		return reservation.Key{}, false
	}
	if s.Administrator.IsErased() {
		return reservation.Key{Kind: reservation.Email, Stream: s.EmailReservation, Capacity: 1}, s.EmailReservation != ""
	}
	_, email, problems := NormaliseEmail(s.Administrator.Email)
	return reservation.Unique(reservation.Email, email), len(problems) == 0
}

// fence is needed for a closed account, too: it can be reopened.
func fence(_ State, uid uuid.UUID, empty bool, stream string) domain.Event {
	if empty {
		return AccountCreationAbandoned{Account: uid}
	}
	return AccountClaimAbandoned{Account: uid, Reservation: stream}
}
