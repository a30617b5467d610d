package user

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// What people change about themselves, and when they come. Wire format, as in
// events.go.

// UserRenamed gives the person another name.
type UserRenamed struct {
	User   uuid.UUID      `json:"user"`
	Person account.Person `json:"person"`
}

// EmailChangeRequested asks the holder of another e-mail address, that of Person, to
// confirm it. The address is reserved meanwhile. It replaces an earlier request.
type EmailChangeRequested struct {
	User   uuid.UUID      `json:"user"`
	Person account.Person `json:"person"`
	Change EmailChange    `json:"change"`
}

// EmailChange lets its holder confirm an address once, until Expires. Only the
// SHA-256 of the token is recorded.
type EmailChange struct {
	Number    int       `json:"number"` // 1 is the first
	TokenHash []byte    `json:"tokenHash"`
	Expires   time.Time `json:"expires"`
}

// EmailChangeExpired records that a request has run out unused. The address that
// was asked for is free from then on.
type EmailChangeExpired struct {
	User   uuid.UUID `json:"user"`
	Number int       `json:"number"`
}

// EmailChanged gives the person the address that was confirmed. The old one is free.
type EmailChanged struct {
	User   uuid.UUID      `json:"user"`
	Person account.Person `json:"person"`
	Number int            `json:"number"` // of the request
}

// UserSignedIn is the first sign-in of the user on a day (UTC).
type UserSignedIn struct {
	User    uuid.UUID     `json:"user"`
	Account uuid.UUID     `json:"account"`
	Day     calendar.Date `json:"day"`
}

// UserClaimAbandoned makes a late append of a command that died fail: what it had
// reserved can then be released (see package reservation).
type UserClaimAbandoned struct {
	User        uuid.UUID `json:"user"`
	Reservation string    `json:"reservation"` // stream
}

func (UserRenamed) EventType() string          { return "UserRenamed" }
func (EmailChangeRequested) EventType() string { return "EmailChangeRequested" }
func (EmailChangeExpired) EventType() string   { return "EmailChangeExpired" }
func (EmailChanged) EventType() string         { return "EmailChanged" }
func (UserSignedIn) EventType() string         { return "UserSignedIn" }
func (UserClaimAbandoned) EventType() string   { return "UserClaimAbandoned" }
