package access

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Scope is the accounts that a caller reads with a right, nil meaning all. With
// an account named it is that one; else the caller's own and those whose
// partner profile gives the right, for an auditor those of its grant. Rights are
// as For says; lists take them from the read model, as fresh as the query asks.
func (r *Request) Scope(ctx context.Context, right rights.Right, f query.Freshness) ([]uuid.UUID, error) {
	caller := r.For(f).Caller
	if caller.ActingFor != uuid.Nil {
		if err := r.Require(ctx, caller.ActingFor, right); err != nil {
			return nil, err
		}
		return []uuid.UUID{caller.ActingFor}, nil
	}
	switch {
	case caller.Operator():
		return nil, nil
	case caller.Auditor() && rights.Auditor().Has(right):
		return slices.Clone(caller.Audits), nil
	case caller.Auditor():
		return nil, &Forbidden{Right: right}
	}
	reached, err := r.reached(ctx, f)
	if err != nil {
		return nil, err
	}
	scope := reached.with(right)
	if len(scope) == 0 {
		return nil, r.forbidden(ctx, right, caller.Own())
	}
	return scope, nil
}

// Scopes are the Scope of several rights, by right. A right that the caller has nowhere
// gives no accounts; it is refused for want of the first where it has none of them.
func (r *Request) Scopes(ctx context.Context, all []rights.Right, f query.Freshness) (map[rights.Right][]uuid.UUID, error) {
	caller, scopes := r.For(f).Caller, map[rights.Right][]uuid.UUID{}
	var reached reached
	var err error
	switch {
	case caller.ActingFor != uuid.Nil:
		set, err := r.In(ctx, caller.ActingFor)
		if err != nil {
			return nil, err
		}
		if acc, err := r.Account(ctx, caller.ActingFor); err != nil || len(set) == 0 || !acc.Exists() {
			return nil, OrNotFound(err)
		}
		reached.add(caller.ActingFor, set)
	case caller.Auditor():
		for _, uid := range caller.Audits {
			reached.add(uid, rights.Auditor())
		}
	default:
		if reached, err = r.reached(ctx, f); err != nil {
			return nil, err
		}
	}
	for _, right := range all {
		if accounts := reached.with(right); len(accounts) > 0 {
			scopes[right] = accounts
		}
	}
	if len(scopes) == 0 {
		return nil, r.forbidden(ctx, all[0], caller.Account())
	}
	return scopes, nil
}

// reached are accounts in which a caller has rights, and which.
type reached struct {
	accounts []uuid.UUID
	sets     []rights.Set
}

func (r *reached) add(uid uuid.UUID, set rights.Set) {
	r.accounts, r.sets = append(r.accounts, uid), append(r.sets, set)
}

func (r *reached) with(right rights.Right) []uuid.UUID {
	var scope []uuid.UUID
	for i, uid := range r.accounts {
		if r.sets[i].Has(right) {
			scope = append(scope, uid)
		}
	}
	return scope
}

// reached are the caller's own account and those of its partners.
func (r *Request) reached(ctx context.Context, f query.Freshness) (all reached, err error) {
	caller := r.Caller
	all.add(caller.Own(), caller.InOwn())
	partners, err := r.Partners(ctx, query.Freshness{MinPosition: f.MinPosition}, caller.Own())
	for _, p := range partners.Items {
		if p.Reseller == caller.Own() && r.lasts(p.ActiveAt) {
			all.add(p.Customer, caller.InPartner(p.Profile.Rights))
		}
	}
	return all, err
}

// Partners are the partnerships of an account now or at the instant of the query: the
// read model does not hear of one that ends by itself.
func (c *Control) Partners(ctx context.Context, f query.Freshness, account uuid.UUID) (query.List[query.PartnershipRow], error) {
	found, err := c.Reader.Partnerships(ctx, f, account)
	at := f.Instant(c.Clock)
	found.Items = slices.DeleteFunc(found.Items, func(p query.PartnershipRow) bool { return !p.ActiveAt(at) })
	return found, err
}

// Narrow leaves of a scope what is wanted; nil means all, on either side.
func Narrow(scope, wanted []uuid.UUID) []uuid.UUID {
	switch {
	case wanted == nil:
		return scope
	case scope == nil:
		return wanted
	}
	both := []uuid.UUID{}
	for _, uid := range wanted {
		if slices.Contains(scope, uid) {
			both = append(both, uid)
		}
	}
	return both
}
