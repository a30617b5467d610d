package audits

import (
	"context"
	"math"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// List gives grants. They are the operator's to see.
func (s *Service) List(ctx context.Context, caller access.Caller, q query.AuditGrantQuery) (query.List[query.AuditGrantRow], error) {
	if err := access.OperatorOnly(caller, rights.AuditsGrant); err != nil {
		return query.List[query.AuditGrantRow]{}, err
	}
	q.Now = q.Instant(s.executor.Clock)
	return s.reader.AuditGrants(ctx, q)
}

// Get is one grant, from the log. It is the operator's to see.
func (s *Service) Get(ctx context.Context, caller access.Caller, uid uuid.UUID) (query.AuditGrantRow, eventlog.Position, error) {
	if err := access.OperatorOnly(caller, rights.AuditsGrant); err != nil {
		return query.AuditGrantRow{}, eventlog.Position{}, err
	}
	return s.row(ctx, uid, math.MaxInt64)
}

// row is a grant as of a revision, at the latest.
func (s *Service) row(ctx context.Context, uid uuid.UUID, upto eventlog.Revision) (row query.AuditGrantRow, p eventlog.Position, err error) {
	l, err := s.load(ctx, uid)
	if err != nil {
		return row, p, err
	}
	row.Revision = eventlog.NoStream
	for _, e := range l.Events {
		if e.Revision <= upto {
			row.AuditGrant, row.Revision = query.EvolveAuditGrant(row.AuditGrant, e), e.Revision
		}
	}
	if row.UID == uuid.Nil {
		return query.AuditGrantRow{}, l.Position, query.ErrNotFound
	}
	row.Status = row.StatusAt(s.executor.Clock.Now())
	return row, l.Position, nil
}
