package people

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/user"
)

// List has an account's users and invitations, with the kinds of second factors that they
// have now, unless a past day is asked for. It needs users.read in the account: its
// administrators, its auditors and the operator have that.
func (s *Service) List(ctx context.Context, caller access.Caller, q query.UserQuery) (query.List[query.UserRow], error) {
	if err := s.access.Request(caller).For(q.Freshness).Require(ctx, q.Account, rights.UsersRead); err != nil {
		return query.List[query.UserRow]{}, err
	}
	q.Now = q.Instant(s.executor.Clock)
	found, err := s.reader.Users(ctx, q)
	if err != nil || s.options.Factors == nil || !q.Past().IsZero() {
		return found, err
	}
	return found, s.addFactors(ctx, found.Items)
}

// addFactors tells which second factors users have.
func (s *Service) addFactors(ctx context.Context, users []query.UserRow) error {
	at, ids := map[uuid.UUID]int{}, make([]uuid.UUID, len(users))
	for i, u := range users {
		at[u.UID], ids[i], users[i].Factors = i, u.UID, []query.UserFactor{}
	}
	held, err := s.options.Factors.Held(ctx, ids)
	for _, f := range held {
		if kind := user.FactorKind(f.Kind); kind == user.Passkey || kind == user.OneTimeCodes {
			row := &users[at[f.User]]
			row.Factors = append(row.Factors, query.UserFactor{Kind: kind, Since: f.CreatedAt})
		}
	}
	return err
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
