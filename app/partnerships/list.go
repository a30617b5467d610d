package partnerships

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// List gives the partnerships of an account, with partners.read in it. A partner
// finds its own there: who else the account works with is not its business.
func (s *Service) List(ctx context.Context, caller access.Caller, uid uuid.UUID, f query.Freshness) ([]query.PartnershipRow, eventlog.Position, error) {
	if err := s.access.Request(caller).Require(ctx, uid, rights.PartnersRead); err != nil {
		return nil, eventlog.Position{}, err
	}
	found, err := s.access.Partners(ctx, f, uid)
	if !caller.Operator() && !caller.Auditor() && uid != caller.Own() {
		found.Items = slices.DeleteFunc(found.Items, func(p query.PartnershipRow) bool { return p.Reseller != caller.Own() })
	}
	return found.Items, found.Position, err
}

// Requests lists requests for partnerships that an account has made or got, the
// latest first, with partners.read in it; for the operator and auditors, who act for
// none, those of all accounts that they see. A partner finds its own there.
func (s *Service) Requests(ctx context.Context, caller access.Caller, q query.PartnershipRequestQuery) (query.List[query.PartnershipRequestRow], error) {
	acting := caller.Account()
	switch {
	case acting != uuid.Nil:
		if err := s.access.Request(caller).Require(ctx, acting, rights.PartnersRead); err != nil {
			return query.List[query.PartnershipRequestRow]{}, err
		}
		q.Accounts = []uuid.UUID{acting}
	case !caller.Operator():
		q.Accounts = append([]uuid.UUID{}, caller.Audits...)
	}
	found, err := s.reader.PartnershipRequests(ctx, q)
	if !caller.Operator() {
		found.Items = slices.DeleteFunc(found.Items, func(r query.PartnershipRequestRow) bool { return !seesRequest(caller, r) })
	}
	found.Total = len(found.Items)
	for i := range found.Items {
		if r := &found.Items[i]; !caller.Operator() && !isSide(caller, r.Customer) && r.State != query.RequestAccepted {
			r.CustomerName = "" // not told who has the UID, if anybody
		}
	}
	return found, err
}

// seesRequest reports whether a request is the caller's to look at: the reseller's
// that asked, or the account's that was asked.
func seesRequest(caller access.Caller, r query.PartnershipRequestRow) bool {
	return isSide(caller, r.Reseller) || r.CustomerType == account.Standard && isSide(caller, r.Customer)
}

// GetRequest is one request, with partners.read in an account of either side, and the
// position that the answer is as of; query.ErrNotFound for everybody else.
func (s *Service) GetRequest(ctx context.Context, caller access.Caller, id uuid.UUID, f query.Freshness) (query.PartnershipRequestRow, eventlog.Position, error) {
	found, err := s.Requests(ctx, caller, query.PartnershipRequestQuery{Freshness: f, UID: id})
	if err != nil || len(found.Items) == 0 {
		return query.PartnershipRequestRow{}, found.Position, access.OrNotFound(err)
	}
	return found.Items[0], found.Position, nil
}
