package fleet

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/audit"
)

var auditGrantTable = table[query.AuditGrant]{
	name:   "audit_grant_versions",
	prefix: auditGrantPrefix,
	evolve: query.EvolveAuditGrant,
	exists: func(s query.AuditGrant) bool { return s.UID != uuid.Nil },
	row:    func(s query.AuditGrant) any { return auditGrantRowOf(s) },
	parse:  parse[auditGrantRow, query.AuditGrant],
	columns: func(s query.AuditGrant) []field {
		return []field{
			{"accounts", raw(s.Accounts)},
			{"granted_at", s.GrantedAt},
			{"expires_at", s.Expires},
			{"ended", !s.EndedAt.IsZero()},
		}
	},
}

// auditGrantRow is query.AuditGrant as it is stored: without the auditor's token.
type auditGrantRow struct {
	UID       uuid.UUID      `json:"uid"`
	Auditor   account.Person `json:"auditor"`
	Accounts  []uuid.UUID    `json:"accounts,omitzero"`
	Expires   time.Time      `json:"expires"`
	Revoked   bool           `json:"revoked,omitzero"`
	Erased    bool           `json:"erased,omitzero"`
	GrantedAt time.Time      `json:"grantedAt"`
	EndedAt   time.Time      `json:"endedAt,omitzero"`
	Reason    string         `json:"reason,omitzero"`
}

func auditGrantRowOf(s query.AuditGrant) auditGrantRow {
	return auditGrantRow{
		UID: s.UID, Auditor: s.Auditor, Accounts: s.Accounts, Expires: s.Expires, Revoked: s.Revoked, Erased: s.Erased,
		GrantedAt: s.GrantedAt, EndedAt: s.EndedAt, Reason: s.Reason,
	}
}

func (r auditGrantRow) state() query.AuditGrant {
	return query.AuditGrant{GrantedAt: r.GrantedAt, EndedAt: r.EndedAt, Reason: r.Reason, State: audit.State{
		UID: r.UID, Auditor: r.Auditor, Accounts: r.Accounts, Expires: r.Expires, Revoked: r.Revoked, Erased: r.Erased,
	}}
}
