package app

import (
	"context"
	"time"

	"github.com/google/uuid"

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
	Administrator     bool // for a pending one: will be
	Profiles          []rights.Profile
	CreatedAt         time.Time
	InvitationExpires time.Time
	Revision          Revision
}

// UserQuery filters the users of an account. Without a status, revoked
// invitations are left out.
type UserQuery struct {
	Freshness
	Page
	Account uuid.UUID
	UID     uuid.UUID // one user, uuid.Nil: any
	Status  user.Status
	Search  string    // part of name or e-mail, any case
	Now     time.Time // as in AccountQuery
}

// Users lists an account's users and invitations. Only its administrators, its
// auditors and the operator see them.
func (a *App) Users(ctx context.Context, caller Caller, q UserQuery) (List[UserRow], error) {
	if err := a.access(caller).require(ctx, q.Account, rights.UsersRead); err != nil {
		return List[UserRow]{}, err
	}
	q.Now = a.clock.Now()
	return a.reader.Users(ctx, q)
}

// User is one of an account's users.
func (a *App) User(ctx context.Context, caller Caller, uid, person uuid.UUID, f Freshness) (UserRow, Position, error) {
	found, err := a.Users(ctx, caller, UserQuery{Freshness: f, Page: Page{Limit: 1}, Account: uid, UID: person})
	if err != nil || len(found.Items) == 0 {
		return UserRow{}, found.Position, orNotFound(err)
	}
	return found.Items[0], found.Position, nil
}
