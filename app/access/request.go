package access

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Control answers what callers may do. There is one in a service; it is safe for
// concurrent use.
type Control struct {
	Log    eventlog.Log
	Clock  eventlog.Clock
	Reader PartnershipReader
	Mails  Mails // what callers may cause to be mailed
	// FreshSignIn is how long a sign-in is fresh; zero: as long as its session lasts.
	FreshSignIn time.Duration
}

// PartnershipReader is the part of query.Reader that a scope rests on.
type PartnershipReader interface {
	Partnerships(ctx context.Context, f query.Freshness, account uuid.UUID) (query.List[query.PartnershipRow], error)
}

// Request is one request of a caller: what it may do where. Accounts and
// partnerships are read from the log, each once a request, so that a profile
// taken away is gone with the next request. What a command has changed itself
// is not to be read here any more.
type Request struct {
	*Control
	Caller Caller

	ahead        time.Time // that a forecast is for, see For
	mu           sync.Mutex
	accounts     map[uuid.UUID]*once[account.State]
	partnerships map[uuid.UUID]*once[partnership.State]
}

// Request begins a request.
func (c *Control) Request(caller Caller) *Request {
	r := &Request{
		Control: c, Caller: caller,
		accounts: map[uuid.UUID]*once[account.State]{}, partnerships: map[uuid.UUID]*once[partnership.State]{},
	}
	if caller.own != nil {
		r.accounts[caller.Own()] = &once[account.State]{known: true, state: *caller.own}
	}
	return r
}

// For makes it a request for an answer. Rights are those of today whatever instant
// is asked for; for a forecast, also partnerships that end before then give nothing
// any more.
func (r *Request) For(f query.Freshness) *Request {
	r.ahead = f.Ahead()
	return r
}

// lasts reports whether a partnership that may end by itself is there now, and
// still then where the answer is a forecast.
func (r *Request) lasts(active func(time.Time) bool) bool {
	return active(r.Clock.Now()) && (r.ahead.IsZero() || active(r.ahead))
}

// In is what the caller may do in an account; empty: it may not even know of it.
func (r *Request) In(ctx context.Context, uid uuid.UUID) (rights.Set, error) {
	set, err := r.in(ctx, uid)
	if err == nil && len(set) > 0 {
		r.Caller.held.note(uid, set)
	}
	return set, err
}

func (r *Request) in(ctx context.Context, uid uuid.UUID) (rights.Set, error) {
	switch {
	case r.Caller.Operator():
		return rights.Operator(), nil
	case uid == uuid.Nil, r.Caller.Auditor() && !slices.Contains(r.Caller.Audits, uid):
		return nil, nil
	case r.Caller.Auditor():
		return rights.Auditor(), nil
	case uid == r.Caller.Own():
		return r.Caller.InOwn(), nil
	}
	p, err := r.partnership(ctx, r.Caller.Own(), uid)
	if err != nil || !r.lasts(p.ActiveAt) {
		return nil, err
	}
	given, err := r.profileRights(ctx, uid, p.Profile)
	return r.Caller.InPartner(given), err
}

// profileRights is what a profile of an account gives at this moment, nothing
// when it no longer exists. Shipped profiles are known without the log.
func (r *Request) profileRights(ctx context.Context, uid uuid.UUID, id string) (rights.Set, error) {
	if p, ok := rights.Find(id); ok {
		return p.Rights, nil
	}
	s, err := r.Account(ctx, uid)
	return s.Profile(id).Rights, err
}

// ProfileRights is what a profile of an account gives at this moment, nothing
// when it no longer exists.
func (c *Control) ProfileRights(ctx context.Context, uid uuid.UUID, id string) (rights.Set, error) {
	return c.Request(Caller{}).profileRights(ctx, uid, id)
}

// Require is nil when the caller has the right in the account, query.ErrNotFound
// when it may not know of the account, else ErrForbidden; so also where no account
// is meant.
func (r *Request) Require(ctx context.Context, uid uuid.UUID, right rights.Right) error {
	set, err := r.In(ctx, uid)
	switch {
	case err != nil:
		return err
	case len(set) == 0 && uid == uuid.Nil:
		return &Forbidden{Right: right}
	case len(set) == 0:
		return query.ErrNotFound
	case !set.Has(right):
		return r.forbidden(ctx, right, uid)
	case r.Caller.Operator() && uid != uuid.Nil: // its rights reach also what does not exist
		s, err := r.Account(ctx, uid)
		if err == nil && !s.Exists() {
			err = query.ErrNotFound
		}
		return err
	}
	return nil
}

// MayWrite refuses callers that write nothing whatever rights they have:
// auditors, and those whose own account is closed. The right is the one that the
// command needs.
func (r *Request) MayWrite(ctx context.Context, right rights.Right) error {
	switch {
	case r.Caller.Operator():
		return nil
	case r.Caller.Auditor():
		return &Forbidden{Right: right}
	}
	own, err := r.Account(ctx, r.Caller.Own())
	if err != nil {
		return err
	}
	if own.Status == account.Closed {
		return domain.Refuse(AccountClosed)
	}
	return nil
}

// RequireWrite is Require and MayWrite: what a command on an account checks first.
func (r *Request) RequireWrite(ctx context.Context, uid uuid.UUID, right rights.Right) error {
	if err := r.Require(ctx, uid, right); err != nil {
		return err
	}
	return r.MayWrite(ctx, right)
}

// RequireSomewhere is RequireWrite in any account: the one that the caller names, else
// its own, or that of a partner.
func (r *Request) RequireSomewhere(ctx context.Context, right rights.Right) error {
	if err := r.MayWrite(ctx, right); err != nil || r.Caller.Operator() && r.Caller.ActingFor == uuid.Nil {
		return err
	}
	if r.Caller.ActingFor == uuid.Nil && r.Caller.InOwn().Has(right) {
		return nil // without the read model
	}
	_, err := r.Scope(ctx, right, query.Freshness{})
	return err
}

// RequireOwnChoice is RequireWrite for what no partner decides for an account.
func (r *Request) RequireOwnChoice(ctx context.Context, uid uuid.UUID, right rights.Right) error {
	if err := r.RequireWrite(ctx, uid, right); err != nil {
		return err
	}
	if !r.Caller.Operator() && r.Caller.Own() != uid {
		return r.forbidden(ctx, right, uid)
	}
	return nil
}
