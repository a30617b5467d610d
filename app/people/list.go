package people

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// List has an account's users and invitations. It needs users.read in the
// account: its administrators, its auditors and the operator have that.
func (s *Service) List(ctx context.Context, caller access.Caller, q query.UserQuery) (query.List[query.UserRow], error) {
	if err := s.access.Request(caller).For(q.Freshness).Require(ctx, q.Account, rights.UsersRead); err != nil {
		return query.List[query.UserRow]{}, err
	}
	q.Now = q.Instant(s.executor.Clock)
	return s.reader.Users(ctx, q)
}

// Get is one of an account's users, with the position that the answer is as of.
// It needs users.read in the account; what is not there is query.ErrNotFound.
func (s *Service) Get(ctx context.Context, caller access.Caller, uid, person uuid.UUID, f query.Freshness) (query.UserRow, eventlog.Position, error) {
	found, err := s.List(ctx, caller, query.UserQuery{Freshness: f, Page: query.Page{Limit: 1}, Account: uid, UID: person})
	if err != nil || len(found.Items) == 0 {
		return query.UserRow{}, found.Position, access.OrNotFound(err)
	}
	return found.Items[0], found.Position, nil
}
