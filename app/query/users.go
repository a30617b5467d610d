package query

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/user"
)

// UserRow is a user as the read model shows it.
type UserRow struct {
	UID               uuid.UUID
	Account           uuid.UUID
	Person            account.Person
	Status            user.Status
	Administrator     bool // a pending user becomes one on activation
	Profiles          []rights.Profile
	CreatedAt         time.Time
	InvitationExpires time.Time
	Revision          eventlog.Revision
	// Factors are the second factors in force now; nil: not known, as on a past day.
	Factors []UserFactor
}

// UserFactor is a second factor that a user has.
type UserFactor struct {
	Kind  user.FactorKind
	Since time.Time
}

// UserQuery filters the users of an account. Without a status, revoked
// invitations are left out.
type UserQuery struct {
	Freshness
	Page
	Account  uuid.UUID
	UID      uuid.UUID // one user, uuid.Nil: any
	Statuses []user.Status
	Search   string    // words of name, e-mail or uid, as in CustomerQuery
	Now      time.Time // as in AccountQuery
}
