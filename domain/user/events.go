package user

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/codec"
)

// The types below are the format of the log; see package account.

// Codec knows the user events.
var Codec = codec.NewRegistry(
	codec.Of[UserInvited](),
	codec.Of[UserInvitationSent](),
	codec.Of[UserInvitationExpired](),
	codec.Of[UserInvitationRevoked](),
	codec.Of[UserInvitationAbandoned](),
	codec.Of[UserActivated](),
	codec.Of[ProfilesAssigned](),
	codec.Of[UserDeactivated](),
	codec.Of[UserReactivated](),
	codec.Of[UserErased](codec.Same), // 1 named no reservation

	codec.Of[PasswordChanged](),
	codec.Of[PasswordResetRequested](),
	codec.Of[PersonalTokenMade](),

	codec.Of[UserRenamed](),
	codec.Of[EmailChangeRequested](),
	codec.Of[EmailChangeExpired](),
	codec.Of[EmailChanged](),
	codec.Of[UserSignedIn](),
	codec.Of[UserClaimAbandoned](),

	codec.Of[SecondFactorAdded](),
	codec.Of[SecondFactorRemoved](),
	codec.Of[SecondFactorsReset](),
	codec.Of[RecoveryCodesReplaced](),
	codec.Of[RecoveryCodeUsed](),
)

// UserInvited invites a person into an account.
type UserInvited struct {
	User          uuid.UUID          `json:"user"`
	Account       uuid.UUID          `json:"account"`
	Person        account.Person     `json:"person"`
	Profiles      []string           `json:"profiles,omitempty"`
	Administrator bool               `json:"administrator,omitempty"` // becomes one on activation
	Invitation    account.Invitation `json:"invitation"`
}

// UserInvitationSent replaces the invitation by a new one.
type UserInvitationSent struct {
	User       uuid.UUID          `json:"user"`
	Invitation account.Invitation `json:"invitation"`
}

// UserInvitationExpired records that an invitation has run out unused, as
// account.InvitationExpired does.
type UserInvitationExpired struct {
	User   uuid.UUID `json:"user"`
	Number int       `json:"number"`
}

// UserInvitationRevoked takes an invitation back and frees the e-mail address.
type UserInvitationRevoked struct {
	User uuid.UUID `json:"user"`
}

// UserInvitationAbandoned takes the place of UserInvited when an invitation died
// half way, as account.AccountCreationAbandoned does.
type UserInvitationAbandoned struct {
	User uuid.UUID `json:"user"`
}

// UserActivated makes the person a user who can sign in. It is the first event
// of an account's first administrator, who was invited with the account.
// Credential names the password's hash.
type UserActivated struct {
	User          uuid.UUID      `json:"user"`
	Account       uuid.UUID      `json:"account"`
	Person        account.Person `json:"person"`
	Administrator bool           `json:"administrator,omitempty"`
	Credential    uuid.UUID      `json:"credential,omitzero"`
}

// ProfilesAssigned replaces the user's profiles.
type ProfilesAssigned struct {
	User     uuid.UUID `json:"user"`
	Profiles []string  `json:"profiles"`
}

// UserDeactivated follows the account's AccessWithdrawn.
type UserDeactivated struct {
	User uuid.UUID `json:"user"`
}

// UserReactivated follows the account's AccessRestored.
type UserReactivated struct {
	User uuid.UUID `json:"user"`
}

// UserErased says that the person is to be forgotten, as account.PersonErased
// does. The user stays what the account made of it. EmailReservation is the
// stream of the address's reservation when the user held one: it is free from
// now on, and nothing else could tell which it was. WantedReservation is likewise
// that of an address that was to be confirmed. EarlierReservations are those of
// addresses that the user had before, should one not have been released yet.
type UserErased struct {
	User              uuid.UUID `json:"user"`
	Account           uuid.UUID `json:"account"`
	EmailReservation  string    `json:"emailReservation,omitempty"`
	WantedReservation string    `json:"wantedReservation,omitempty"`

	EarlierReservations []string `json:"earlierReservations,omitempty"`
}

// PasswordChanged puts another credential in force; sessions that began with the
// one before end, and so does a request for another e-mail address. Reset is the
// number of the reset it was done with, 0 when the user knew the old password.
type PasswordChanged struct {
	User       uuid.UUID `json:"user"`
	Credential uuid.UUID `json:"credential"`
	Reset      int       `json:"reset,omitempty"`
}

// PasswordResetRequested lets whoever gets the user's mail choose a password. It
// replaces an earlier reset.
type PasswordResetRequested struct {
	User  uuid.UUID `json:"user"`
	Reset Reset     `json:"reset"`
}

// Reset lets its holder choose a password once, until Expires. Only the SHA-256
// of the token is recorded.
type Reset struct {
	Number    int       `json:"number"` // 1 is the first
	TokenHash []byte    `json:"tokenHash"`
	Expires   time.Time `json:"expires"`
}

func (UserErased) EventType() string              { return "UserErased" }
func (PasswordChanged) EventType() string         { return "PasswordChanged" }
func (PasswordResetRequested) EventType() string  { return "PasswordResetRequested" }
func (UserInvited) EventType() string             { return "UserInvited" }
func (UserInvitationSent) EventType() string      { return "UserInvitationSent" }
func (UserInvitationExpired) EventType() string   { return "UserInvitationExpired" }
func (UserInvitationRevoked) EventType() string   { return "UserInvitationRevoked" }
func (UserInvitationAbandoned) EventType() string { return "UserInvitationAbandoned" }
func (UserActivated) EventType() string           { return "UserActivated" }
func (ProfilesAssigned) EventType() string        { return "ProfilesAssigned" }
func (UserDeactivated) EventType() string         { return "UserDeactivated" }
func (UserReactivated) EventType() string         { return "UserReactivated" }

// Named is the event with its reservations by their names in the log.
func (e UserErased) Named(name func(stream string) string) UserErased {
	e.EmailReservation, e.WantedReservation = name(e.EmailReservation), name(e.WantedReservation)
	earlier := make([]string, len(e.EarlierReservations))
	for i, stream := range e.EarlierReservations {
		earlier[i] = name(stream)
	}
	if len(earlier) > 0 {
		e.EarlierReservations = earlier
	}
	return e
}
