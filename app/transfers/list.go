package transfers

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// List is a page of the transfers that Get shows to the caller; an
// *access.Forbidden where it has devices.read in no account.
func (s *Service) List(ctx context.Context, caller access.Caller, q query.TransferQuery) (query.List[query.TransferRow], error) {
	reads, err := s.access.Request(caller).Scope(ctx, rights.DevicesRead, q.Freshness)
	if err != nil {
		return query.List[query.TransferRow]{}, err
	}
	q.Viewer = query.Viewer{Reads: reads}
	switch {
	case caller.Operator():
		q.Operator = caller.ActsFor(uuid.Nil)
	case caller.Auditor():
		q.Own = reads
	default:
		q.Own = access.Narrow(reads, []uuid.UUID{caller.Own()})
	}
	return s.reader.Transfers(ctx, q)
}

// TransferPlans is a page of the plans that TransferPlan shows to the caller, as
// far as it has devices.read in the source account.
func (s *Service) TransferPlans(ctx context.Context, caller access.Caller, q query.TransferPlanQuery) (query.List[query.TransferPlanRow], error) {
	if caller.ActingFor != uuid.Nil {
		if err := s.access.Request(caller).Require(ctx, caller.ActingFor, rights.DevicesRead); err != nil {
			return query.List[query.TransferPlanRow]{}, err
		}
		q.Party = caller.ActingFor
	}
	caller.ActingFor = uuid.Nil
	reads, err := s.access.Request(caller).Scope(ctx, rights.DevicesRead, q.Freshness)
	if err != nil {
		return query.List[query.TransferPlanRow]{}, err
	}
	q.Viewer = query.Viewer{Reads: reads, Own: []uuid.UUID{caller.Own()}, Operator: caller.Operator()}
	if caller.Auditor() {
		q.Own = reads
	}
	q.Now = s.executor.Clock.Now()
	return s.reader.TransferPlans(ctx, q)
}
