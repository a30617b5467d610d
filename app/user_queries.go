package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Users lists an account's users and invitations. Only its administrators, its
// auditors and the operator see them.
func (a *App) Users(ctx context.Context, caller access.Caller, q query.UserQuery) (query.List[query.UserRow], error) {
	if err := a.access(caller).require(ctx, q.Account, rights.UsersRead); err != nil {
		return query.List[query.UserRow]{}, err
	}
	q.Now = a.clock.Now()
	return a.reader.Users(ctx, q)
}

// User is one of an account's users.
func (a *App) User(ctx context.Context, caller access.Caller, uid, person uuid.UUID, f query.Freshness) (query.UserRow, eventlog.Position, error) {
	found, err := a.Users(ctx, caller, query.UserQuery{Freshness: f, Page: query.Page{Limit: 1}, Account: uid, UID: person})
	if err != nil || len(found.Items) == 0 {
		return query.UserRow{}, found.Position, orNotFound(err)
	}
	return found.Items[0], found.Position, nil
}
