package notices

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/notice"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Found is a notice with its devices.
type Found struct {
	query.NoticeRow
	State    notice.State // of a skipped one perhaps nothing
	Position eventlog.Position
}

// List has the notices of the caller's account: those that went to it as a
// reseller, and of a customer those that its own administrators got. A reseller
// that acts for a customer has its own notices on that customer. It needs
// customers.read in the account; the operator sees all.
func (s *Service) List(ctx context.Context, caller access.Caller, q query.NoticeQuery) (query.List[query.NoticeRow], error) {
	var err error
	if q, err = s.scope(ctx, caller, q); err != nil {
		return query.List[query.NoticeRow]{}, err
	}
	return s.reader.Notices(ctx, q)
}

func (s *Service) scope(ctx context.Context, caller access.Caller, q query.NoticeQuery) (query.NoticeQuery, error) {
	none := []uuid.UUID{}
	acting := caller.ActingFor
	switch {
	case caller.Auditor() && acting == uuid.Nil:
		q.Resellers, q.Customers = caller.Audits, caller.Audits
		return q, nil
	case caller.Operator() && acting == uuid.Nil:
		return q, nil
	}
	if err := s.access.Request(caller).Require(ctx, caller.Account(), rights.CustomersRead); err != nil {
		return q, err
	}
	if caller.Operator() || caller.Auditor() || acting == uuid.Nil || acting == caller.Own() {
		q.Resellers, q.Customers = []uuid.UUID{caller.Account()}, []uuid.UUID{caller.Account()}
		return q, nil
	}
	q.Resellers, q.Customers = []uuid.UUID{caller.Own()}, none
	if q.Accounts != nil && !slices.Contains(q.Accounts, acting) {
		q.Resellers = none
	}
	q.Accounts = []uuid.UUID{acting}
	return q, nil
}

// Get is one notice with its devices, query.ErrNotFound when there is none that the
// caller sees.
func (s *Service) Get(ctx context.Context, caller access.Caller, uid uuid.UUID, f query.Freshness) (Found, error) {
	rows, err := s.List(ctx, caller, query.NoticeQuery{Freshness: f, UID: uid})
	if err != nil || len(rows.Items) == 0 {
		return Found{}, access.OrNotFound(err)
	}
	l, err := eventlog.Load(ctx, s.executor.Log, notice.Aggregate, uid)
	found := Found{NoticeRow: rows.Items[0], State: l.State, Position: rows.Position}
	if caller.Auditor() && !slices.Contains(caller.Audits, found.Customer) {
		found.State.Lines = nil // of other customers an auditor sees numbers
	}
	return found, err
}
