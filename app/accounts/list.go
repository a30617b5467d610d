package accounts

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// List gives the accounts in which the caller has account.read. Accounts that the
// query names narrow that down.
func (s *Service) List(ctx context.Context, caller access.Caller, q query.AccountQuery) (query.List[query.AccountRow], error) {
	scope, err := s.access.Request(caller).Scope(ctx, rights.AccountRead, q.Freshness)
	if err != nil {
		return query.List[query.AccountRow]{}, err
	}
	q.Accounts, q.Now = access.Narrow(scope, q.Accounts), q.Instant(s.executor.Clock)
	return s.reader.Accounts(ctx, q)
}

// Own is the caller's own account, from the log: whoever calls knows what it is.
func (s *Service) Own(ctx context.Context, caller access.Caller) (account.State, error) {
	return s.access.Request(caller).Account(ctx, caller.Own())
}

// Get is one account, with account.read in it.
func (s *Service) Get(ctx context.Context, caller access.Caller, uid uuid.UUID, f query.Freshness) (query.AccountRow, eventlog.Position, error) {
	if err := s.access.Request(caller).For(f).Require(ctx, uid, rights.AccountRead); err != nil {
		return query.AccountRow{}, eventlog.Position{}, err
	}
	found, err := s.reader.Accounts(ctx, query.AccountQuery{
		Freshness: f, Page: query.Page{Limit: 1}, Accounts: []uuid.UUID{uid}, Now: f.Instant(s.executor.Clock),
	})
	if err != nil || len(found.Items) == 0 {
		return query.AccountRow{}, found.Position, access.OrNotFound(err)
	}
	return found.Items[0], found.Position, nil
}

// Customers lists the customers of the reseller that the caller acts for, with
// customers.read there.
func (s *Service) Customers(ctx context.Context, caller access.Caller, q query.CustomerQuery) (query.List[query.CustomerRow], error) {
	q.Reseller = caller.Account()
	if q.Reseller == uuid.Nil {
		return query.List[query.CustomerRow]{}, domain.Refuse(access.AccountRequired)
	}
	if err := s.access.Request(caller).For(q.Freshness).Require(ctx, q.Reseller, rights.CustomersRead); err != nil {
		return query.List[query.CustomerRow]{}, err
	}
	q.Windows, q.Now = s.windows, q.Instant(s.executor.Clock)
	q.Today = calendar.DateOf(q.Now)
	return s.reader.Customers(ctx, q)
}
