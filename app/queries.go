package app

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// instant is the one that an answer is about: what has expired or falls into a
// window is told as of then.
func (a *App) instant(f query.Freshness) time.Time {
	if f.AsOf.IsZero() {
		return a.clock.Now()
	}
	return f.AsOf
}

// Customers lists the customers of the reseller that the caller acts for, with
// customers.read there.
func (a *App) Customers(ctx context.Context, caller access.Caller, q query.CustomerQuery) (query.List[query.CustomerRow], error) {
	q.Reseller = caller.Account()
	if q.Reseller == uuid.Nil {
		return query.List[query.CustomerRow]{}, domain.Refuse(accountRequired)
	}
	if err := a.access(caller).require(ctx, q.Reseller, rights.CustomersRead); err != nil {
		return query.List[query.CustomerRow]{}, err
	}
	q.Windows, q.Now = a.windows, a.instant(q.Freshness)
	q.Today = calendar.DateOf(q.Now)
	return a.reader.Customers(ctx, q)
}

// Devices lists devices of all accounts in which the caller has devices.read.
// Accounts that the query names narrow that down.
func (a *App) Devices(ctx context.Context, caller access.Caller, q query.DeviceQuery) (query.List[query.DeviceRow], error) {
	scope, err := a.scope(ctx, caller, rights.DevicesRead, q.Freshness)
	if err != nil {
		return query.List[query.DeviceRow]{}, err
	}
	q.Accounts, q.Today = narrow(scope, q.Accounts), calendar.DateOf(a.instant(q.Freshness))
	return a.reader.Devices(ctx, q)
}

// Device is one device, named by uid or serial number.
func (a *App) Device(ctx context.Context, caller access.Caller, name string, f query.Freshness) (query.DeviceRow, eventlog.Position, error) {
	uid, ok := deviceUID(name)
	if !ok {
		return query.DeviceRow{}, eventlog.Position{}, query.ErrNotFound
	}
	found, err := a.Devices(ctx, caller, query.DeviceQuery{Freshness: f, Page: query.Page{Limit: 1}, UID: uid})
	if err != nil || len(found.Items) == 0 {
		return query.DeviceRow{}, found.Position, orNotFound(err)
	}
	return found.Items[0], found.Position, nil
}

// Accounts lists the accounts in which the caller has account.read. Accounts
// that the query names narrow that down.
func (a *App) Accounts(ctx context.Context, caller access.Caller, q query.AccountQuery) (query.List[query.AccountRow], error) {
	scope, err := a.scope(ctx, caller, rights.AccountRead, q.Freshness)
	if err != nil {
		return query.List[query.AccountRow]{}, err
	}
	q.Accounts, q.Now = narrow(scope, q.Accounts), a.instant(q.Freshness)
	return a.reader.Accounts(ctx, q)
}

// Account is one account, with account.read in it.
func (a *App) Account(ctx context.Context, caller access.Caller, uid uuid.UUID, f query.Freshness) (query.AccountRow, eventlog.Position, error) {
	if err := a.access(caller).require(ctx, uid, rights.AccountRead); err != nil {
		return query.AccountRow{}, eventlog.Position{}, err
	}
	found, err := a.reader.Accounts(ctx, query.AccountQuery{
		Freshness: f, Page: query.Page{Limit: 1}, Accounts: []uuid.UUID{uid}, Now: a.instant(f),
	})
	if err != nil || len(found.Items) == 0 {
		return query.AccountRow{}, found.Position, orNotFound(err)
	}
	return found.Items[0], found.Position, nil
}

// Partnerships are those of an account, with partners.read in it. A partner
// finds its own there: who else the account works with is not its business.
func (a *App) Partnerships(ctx context.Context, caller access.Caller, uid uuid.UUID, f query.Freshness) ([]query.PartnershipRow, eventlog.Position, error) {
	if err := a.access(caller).require(ctx, uid, rights.PartnersRead); err != nil {
		return nil, eventlog.Position{}, err
	}
	found, err := a.partners(ctx, f, uid)
	if !caller.Operator() && !caller.Auditor() && uid != caller.Own() {
		found.Items = slices.DeleteFunc(found.Items, func(p query.PartnershipRow) bool { return p.Reseller != caller.Own() })
	}
	return found.Items, found.Position, err
}
