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
	var scope []uuid.UUID
	if caller.InOwn().Has(right) {
		scope = append(scope, caller.Own())
	}
	partners, err := r.Partners(ctx, query.Freshness{MinPosition: f.MinPosition}, caller.Own())
	if err != nil {
		return nil, err
	}
	for _, p := range partners.Items {
		if p.Reseller == caller.Own() && r.lasts(p.ActiveAt) && caller.InPartner(p.Profile.Rights).Has(right) {
			scope = append(scope, p.Customer)
		}
	}
	if len(scope) == 0 {
		return nil, r.forbidden(ctx, right, caller.Own())
	}
	return scope, nil
}

// Partners are the partnerships of an account as of now: the read model does
// not hear of one that ends by itself.
func (c *Control) Partners(ctx context.Context, f query.Freshness, account uuid.UUID) (query.List[query.PartnershipRow], error) {
	found, err := c.Reader.Partnerships(ctx, f, account)
	now := c.Clock.Now()
	found.Items = slices.DeleteFunc(found.Items, func(p query.PartnershipRow) bool { return !p.ActiveAt(now) })
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
