package query

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/audit"
)

// AuditGrant is a grant with what its metadata tell.
type AuditGrant struct {
	audit.State
	GrantedAt time.Time
	EndedAt   time.Time // zero unless it was revoked, or the auditor erased
	Reason    string
}

// AuditGrantRow is a grant as it is shown.
type AuditGrantRow struct {
	AuditGrant
	Status   audit.Status
	Revision eventlog.Revision
}

// AuditGrantQuery filters grants.
type AuditGrantQuery struct {
	Freshness
	Page
	Accounts []uuid.UUID // that the grant names
	Statuses []audit.Status
	Now      time.Time // a grant that ends by then has expired
}

// EvolveAuditGrant folds an event with its metadata.
func EvolveAuditGrant(g AuditGrant, e eventlog.Recorded) AuditGrant {
	g.State = audit.Evolve(g.State, e.Event)
	at := e.Metadata.OccurredAt.UTC()
	switch e.Event.(type) {
	case audit.AuditGranted:
		g.GrantedAt, g.Reason = at, e.Metadata.Reason
	case audit.AuditGrantRevoked, audit.AuditorErased:
		if g.EndedAt.IsZero() {
			g.EndedAt = at
		}
	}
	return g
}
