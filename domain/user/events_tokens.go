package user

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/account"
)

// PersonalTokenMade records that a user has made a personal API token, which another store
// keeps under this id, before the token is shown. Named has the token's label, which is
// sealed as the user's name is. Wire format, as in events.go.
type PersonalTokenMade struct {
	User    uuid.UUID      `json:"user"`
	Token   uuid.UUID      `json:"token"`
	Named   account.Person `json:"named"`
	Expires time.Time      `json:"expires"`
}

func (PersonalTokenMade) EventType() string { return "PersonalTokenMade" }
