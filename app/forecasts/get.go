package forecasts

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Query asks for a number of months, from the month of the instant on that
// Freshness names. Account narrows it to one; uuid.Nil: all that the caller sees.
type Query struct {
	query.Freshness
	Account uuid.UUID
	Months  int
}

// Forecast is what lies ahead, and what there is on the day that it begins with.
type Forecast struct {
	From   calendar.Date
	Months []Month
	Totals query.ForecastRow
}

// Get counts the account that the caller acts for, with devices.read in it, and
// its customers, with customers.read, as the Customers page does. Acting for none,
// the operator sees all accounts, an auditor those of its grant. An account that is
// named is the only one; it has to be among them or give the caller devices.read,
// else it is query.ErrNotFound.
func (s *Service) Get(ctx context.Context, caller access.Caller, q Query) (Forecast, error) {
	wanted := query.ForecastQuery{
		Freshness: q.Freshness, Own: caller.Account(), Windows: s.windows, Now: q.Instant(s.clock),
	}
	wanted.Today = calendar.DateOf(wanted.Now)
	unseen, err := s.scope(ctx, caller, q.Account, &wanted)
	if err != nil {
		return Forecast{}, err
	}
	row, err := s.reader.Forecast(ctx, wanted)
	if err == nil && q.Account != uuid.Nil && row.Accounts == 0 {
		err = access.OrNotFound(unseen)
	}
	if err != nil {
		return Forecast{}, err
	}
	return Forecast{From: wanted.Today, Months: months(row, wanted.Now, q.Months, s.rules), Totals: row}, nil
}

// scope is which accounts the caller may have counted. Where it is a customer of
// the account acted for that is asked for, only the read model knows whether there
// is one: unseen is the answer where there is none.
func (s *Service) scope(ctx context.Context, caller access.Caller, account uuid.UUID, wanted *query.ForecastQuery) (unseen, err error) {
	req := s.access.Request(caller).For(wanted.Freshness)
	acting := caller.Account()
	switch {
	case account != uuid.Nil && (acting == uuid.Nil || account == acting):
		wanted.Accounts = []uuid.UUID{account}
		return nil, req.Require(ctx, account, rights.DevicesRead)
	case acting == uuid.Nil && caller.Auditor():
		wanted.Accounts = slices.Clone(caller.Audits)
		return nil, nil
	case acting == uuid.Nil:
		return nil, nil
	}
	set, err := req.In(ctx, acting)
	if err == nil && caller.Operator() { // its rights reach also what does not exist
		err = req.Require(ctx, acting, rights.DevicesRead)
	}
	if err != nil {
		return nil, err
	}
	wanted.Accounts = []uuid.UUID{}
	if set.Has(rights.CustomersRead) {
		wanted.Reseller, wanted.Customer = acting, account
	}
	if account != uuid.Nil {
		return s.customer(ctx, req, account, wanted)
	}
	if set.Has(rights.DevicesRead) {
		wanted.Accounts = append(wanted.Accounts, acting)
	} else if wanted.Reseller == uuid.Nil {
		return nil, req.Require(ctx, acting, rights.DevicesRead)
	}
	return nil, nil
}

// customer narrows it to a customer, which may also be seen by devices.read in it.
func (s *Service) customer(ctx context.Context, req *access.Request, account uuid.UUID, wanted *query.ForecastQuery) (unseen, err error) {
	unseen = query.ErrNotFound
	if req.Caller.ActsFor(account) {
		unseen = req.Require(ctx, account, rights.DevicesRead)
	}
	switch {
	case unseen == nil:
		wanted.Reseller, wanted.Customer = req.Caller.Own(), account
	case wanted.Reseller == uuid.Nil:
		return nil, unseen
	}
	return unseen, nil
}
