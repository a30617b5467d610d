package app

import (
	"context"
	"slices"
	"sync"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// requestAccess answers what a caller may do where, for one request: everything for
// the operator, the caller's own rights in its own account, and in another one
// what the partner profile gives that the customer chose for the caller's
// account; for an auditor reading in the accounts of its grant. Partnerships are
// read from the log, so that a profile taken away is gone at once.
type requestAccess struct {
	app    *App
	caller access.Caller

	mu    sync.Mutex
	known map[uuid.UUID]rights.Set
}

func (a *App) access(c access.Caller) *requestAccess {
	return &requestAccess{app: a, caller: c, known: map[uuid.UUID]rights.Set{}}
}

// everything is what the operator may do.
var everything = slices.Concat(rights.Administrator(), rights.Set{
	rights.AllocationsGrant, rights.AuditsGrant, rights.AccountsManage, rights.OperationsRead,
})

// in is what the caller may do in an account; empty: it may not even know of it.
func (x *requestAccess) in(ctx context.Context, uid uuid.UUID) (rights.Set, error) {
	switch {
	case x.caller.Operator():
		return everything, nil
	case uid == uuid.Nil, x.caller.Auditor() && !slices.Contains(x.caller.Audits, uid):
		return nil, nil
	case x.caller.Auditor():
		return rights.Auditor(), nil
	case uid == x.caller.Own():
		return ownRights(x.caller), nil
	}
	x.mu.Lock()
	set, ok := x.known[uid]
	x.mu.Unlock()
	if ok {
		return set, nil
	}
	p, err := x.app.partnership(ctx, x.caller.Own(), uid)
	if err != nil {
		return nil, err
	}
	if p.ActiveAt(x.app.clock.Now()) {
		if set, err = x.app.ProfileRights(ctx, uid, p.Profile); err != nil {
			return nil, err
		}
		set = x.caller.InPartner(set)
	}
	x.mu.Lock()
	x.known[uid] = set
	x.mu.Unlock()
	return set, nil
}

func ownRights(c access.Caller) rights.Set {
	if c.Administrator {
		return c.Within(rights.Administrator())
	}
	return c.Within(c.Rights)
}

// ProfileRights is what a profile of an account gives at this moment; one that
// is no more gives nothing. Shipped profiles are known without asking the log.
func (a *App) ProfileRights(ctx context.Context, uid uuid.UUID, id string) (rights.Set, error) {
	if p, ok := rights.Find(id); ok {
		return p.Rights, nil
	}
	s, err := a.account(ctx, uid)
	return s.Profile(id).Rights, err
}

func (x *requestAccess) actsFor(uid uuid.UUID) bool { return x.caller.ActsFor(uid) }

// learn asks for several accounts at once.
func (x *requestAccess) learn(ctx context.Context, accounts []uuid.UUID) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for _, uid := range accounts {
		g.Go(func() error {
			_, err := x.in(ctx, uid)
			return err
		})
	}
	return g.Wait()
}

// require is nil when the caller has the right in the account, ErrNotFound when
// it may not know of the account, else ErrForbidden; so also where no account is
// meant.
func (x *requestAccess) require(ctx context.Context, uid uuid.UUID, right rights.Right) error {
	set, err := x.in(ctx, uid)
	switch {
	case err != nil:
		return err
	case len(set) == 0 && uid == uuid.Nil:
		return &access.Forbidden{Right: right}
	case len(set) == 0:
		return query.ErrNotFound
	case !set.Has(right):
		return &access.Forbidden{Right: right, Account: uid}
	case x.caller.Operator() && uid != uuid.Nil: // its rights reach also what is not there
		s, err := x.app.account(ctx, uid)
		if err == nil && !s.Exists() {
			err = query.ErrNotFound
		}
		return err
	}
	return nil
}

// open refuses who may not write whatever rights there are: auditors, and callers
// whose own account is closed. The right is the one that the command needs.
func (x *requestAccess) open(ctx context.Context, right rights.Right) error {
	switch {
	case x.caller.Operator():
		return nil
	case x.caller.Auditor():
		return &access.Forbidden{Right: right}
	}
	own, err := x.app.account(ctx, x.caller.Own())
	if err != nil {
		return err
	}
	if own.Status == account.Closed {
		return domain.Refuse(accountClosed)
	}
	return nil
}

var accountClosed = domain.Problem{Code: account.CodeAccountClosed, Detail: "The account is closed."}

// write is require and open: what a command on an account checks first.
func (x *requestAccess) write(ctx context.Context, uid uuid.UUID, right rights.Right) error {
	if err := x.require(ctx, uid, right); err != nil {
		return err
	}
	return x.open(ctx, right)
}

// operatorOnly refuses everybody else.
func operatorOnly(c access.Caller, right rights.Right) error {
	if c.Operator() {
		return nil
	}
	return &access.Forbidden{Right: right}
}

// account is an account's state; Status is empty when there is none.
func (a *App) account(ctx context.Context, uid uuid.UUID) (account.State, error) {
	l, err := load(ctx, a.log, eventlog.AccountStream(uid), account.State{}, account.Evolve)
	return l.state, err
}

// partnership is the partnership of a pair; its UID is uuid.Nil when there never was one.
func (a *App) partnership(ctx context.Context, reseller, customer uuid.UUID) (partnership.State, error) {
	stream := eventlog.PartnershipStream(partnership.UID(reseller, customer))
	l, err := load(ctx, a.log, stream, partnership.State{}, partnership.Evolve)
	return l.state, err
}
