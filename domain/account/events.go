package account

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/codec"
)

// The types below are the wire format of the log. Fields are added, never
// renamed or removed; a change of meaning is a new schema version with an
// upcaster. The golden files in testdata hold every version ever written.

// Codec knows the account events.
var Codec = codec.NewRegistry(
	codec.Of[AccountCreated](codec.Same),   // from version 2 on persons are sealed in the log
	codec.Of[AccountActivated](codec.Same), // likewise
	codec.Of[InvitationSent](),
	codec.Of[InvitationExpired](),
	codec.Of[AccountClosed](),
	codec.Of[AccountReopened](),
	codec.Of[AdministratorEmailCorrected](),
	codec.Of[AccountCreationAbandoned](),

	codec.Of[AccountRenamed](),
	codec.Of[AccountClaimAbandoned](),
	codec.Of[OffersAssigned](),
	codec.Of[BillingChanged](),
	codec.Of[ChannelContactAssigned](),
	codec.Of[ChannelContactRenamed](),
	codec.Of[ChannelContactRemoved](),
	codec.Of[SessionLifetimeSet](),
	codec.Of[SessionIdleTimeSet](),
	codec.Of[SecondFactorRequirementSet](),
	codec.Of[IssuerRequirementSet](),
	codec.Of[PasswordLengthSet](),
	codec.Of[AddressRangesSet](),
	codec.Of[PersonErased](),

	codec.Of[AdministratorNamed](),
	codec.Of[AdministratorRemoved](),
	codec.Of[AdministratorJoined](),
	codec.Of[AdministratorRenamed](),
	codec.Of[AdministratorEmailChanged](),
	codec.Of[AccessWithdrawn](),
	codec.Of[AccessRestored](),

	codec.Of[ProfileDefined](),
	codec.Of[ProfileRenamed](),
	codec.Of[ProfileRightsAssigned](),
	codec.Of[ProfileRemoved](),

	codec.Of[ExternalAccountAdded](),
	codec.Of[ExternalAccountRelabelled](),
	codec.Of[ExternalAccountEndpointChanged](),
	codec.Of[ExternalAccountSecretReplaced](),
	codec.Of[ExternalAccountRemoved](),
)

// Type is what an account is: a reseller or a standard account.
type Type string

// The account types.
const (
	Reseller Type = "reseller"
	Standard Type = "standard"
)

// Person is a user as far as events name one. It is the one type that holds
// personal data in events: the log keeps all of it but the id sealed with a key
// of that person's own, which is kept elsewhere and can be destroyed.
type Person struct {
	ID    uuid.UUID `json:"id"`
	Email string    `json:"email"`
	Name  string    `json:"name,omitempty"`
}

var _ codec.Personal = Person{}

// PersonalData marks the type as codec.Personal.
func (Person) PersonalData() {}

// Erased stands where an erased person's e-mail and name were. It is no e-mail
// address, so nobody's real one is taken for it.
const Erased = "erased"

// Erase gives what is left of a person: the id.
func (p Person) Erase() Person { return Person{ID: p.ID, Email: Erased, Name: Erased} }

// IsErased reports whether the person's data is gone.
func (p Person) IsErased() bool { return p.Email == Erased }

// Unreadable stands where the e-mail and name were of a person whose key was lost.
const Unreadable = "unreadable"

// Hide gives what can be read of such a person: the id.
func (p Person) Hide() Person { return Person{ID: p.ID, Email: Unreadable, Name: Unreadable} }

// IsGone reports whether nobody can be told from the data, so that there is no
// address to write to either.
func (p Person) IsGone() bool { return p.Email == Erased || p.Email == Unreadable }

// Invitation lets its holder activate the account once, until Expires. Only
// the SHA-256 of the token is recorded.
type Invitation struct {
	Number    int       `json:"number"` // 1 is the first
	TokenHash []byte    `json:"tokenHash"`
	Expires   time.Time `json:"expires"`
}

// AccountCreated opens an account in status pending.
type AccountCreated struct {
	Account       uuid.UUID         `json:"account"`
	Name          string            `json:"name"`
	Type          Type              `json:"type"`
	Administrator Person            `json:"administrator"`
	Offers        []catalogue.Offer `json:"offers"`
	Reseller      uuid.UUID         `json:"reseller,omitzero"` // that created it as its customer and is its partner at once
	Invitation    Invitation        `json:"invitation"`
}

// AccountActivated records that an administrator has accepted: the one whom the
// account was created with, who becomes a user by it, or one who was invited into
// it and is a user already. Credential names the hash of the password that the
// former has chosen.
type AccountActivated struct {
	Account       uuid.UUID `json:"account"`
	Administrator Person    `json:"administrator"`
	Credential    uuid.UUID `json:"credential,omitzero"`
}

// InvitationSent replaces the invitation by a new one.
type InvitationSent struct {
	Account    uuid.UUID  `json:"account"`
	Invitation Invitation `json:"invitation"`
}

// InvitationExpired records that an invitation has run out unused. Nothing
// depends on it: what has run out, and when, follows from the date.
type InvitationExpired struct {
	Account uuid.UUID `json:"account"`
	Number  int       `json:"number"`
}

// AccountClosed ends the account. A never-activated one frees its name and e-mail.
type AccountClosed struct {
	Account uuid.UUID `json:"account"`
	Reason  string    `json:"reason,omitempty"`
}

// AccountReopened takes the closing back: the account is again what it was before.
type AccountReopened struct {
	Account uuid.UUID `json:"account"`
	Reason  string    `json:"reason,omitempty"`
}

// AdministratorEmailCorrected gives the administrator of a pending account another
// e-mail address, and a new invitation that is sent to it. The old address is free.
type AdministratorEmailCorrected struct {
	Account       uuid.UUID  `json:"account"`
	Administrator Person     `json:"administrator"`
	Invitation    Invitation `json:"invitation"`
}

// AccountCreationAbandoned takes the place of AccountCreated when a creation
// died half way: what it had reserved can then be released safely, since a
// late AccountCreated finds the stream taken (see package reservation).
type AccountCreationAbandoned struct {
	Account uuid.UUID `json:"account"`
}

// PersonErased says that a person named in the account's events is to be
// forgotten. From here on nothing shows the data; the key it was sealed with is
// destroyed next, and if that fails, by a process that follows the log.
// EmailReservation is the stream that keeps the address taken: once the address
// is gone, nobody could tell which it is.
type PersonErased struct {
	Account          uuid.UUID `json:"account"`
	Person           uuid.UUID `json:"person"`
	EmailReservation string    `json:"emailReservation,omitempty"`
}

// AdministratorNamed makes a user an administrator of the account.
type AdministratorNamed struct {
	Account       uuid.UUID `json:"account"`
	Administrator Person    `json:"administrator"`
}

// AdministratorRemoved makes an administrator an ordinary user.
type AdministratorRemoved struct {
	Account uuid.UUID `json:"account"`
	User    uuid.UUID `json:"user"`
}

// AdministratorJoined records that the administrator whom the account was created
// with has accepted after another one had activated it. Credential is as in
// AccountActivated.
type AdministratorJoined struct {
	Account       uuid.UUID `json:"account"`
	Administrator Person    `json:"administrator"`
	Credential    uuid.UUID `json:"credential,omitzero"`
}

// AdministratorRenamed follows the name of a user who is an administrator.
type AdministratorRenamed struct {
	Account       uuid.UUID `json:"account"`
	Administrator Person    `json:"administrator"`
}

// AdministratorEmailChanged follows the e-mail address of a user who is an
// administrator. The user holds the reservation of it, and no longer the account.
type AdministratorEmailChanged struct {
	Account       uuid.UUID `json:"account"`
	Administrator Person    `json:"administrator"`
}

// AccessWithdrawn keeps a user out of the account; an administrator is none
// afterwards.
type AccessWithdrawn struct {
	Account uuid.UUID `json:"account"`
	User    uuid.UUID `json:"user"`
}

// AccessRestored lets a user in again.
type AccessRestored struct {
	Account uuid.UUID `json:"account"`
	User    uuid.UUID `json:"user"`
}

func (AdministratorNamed) EventType() string       { return "AdministratorNamed" }
func (AdministratorRemoved) EventType() string     { return "AdministratorRemoved" }
func (AccessWithdrawn) EventType() string          { return "AccessWithdrawn" }
func (AccessRestored) EventType() string           { return "AccessRestored" }
func (AccountCreated) EventType() string           { return "AccountCreated" }
func (AccountActivated) EventType() string         { return "AccountActivated" }
func (InvitationSent) EventType() string           { return "InvitationSent" }
func (InvitationExpired) EventType() string        { return "InvitationExpired" }
func (AccountClosed) EventType() string            { return "AccountClosed" }
func (AccountCreationAbandoned) EventType() string { return "AccountCreationAbandoned" }
func (PersonErased) EventType() string             { return "PersonErased" }

func (AccountReopened) EventType() string             { return "AccountReopened" }
func (AdministratorEmailCorrected) EventType() string { return "AdministratorEmailCorrected" }
func (AdministratorJoined) EventType() string         { return "AdministratorJoined" }
func (AdministratorRenamed) EventType() string        { return "AdministratorRenamed" }
func (AdministratorEmailChanged) EventType() string   { return "AdministratorEmailChanged" }
