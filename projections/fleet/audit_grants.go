package fleet

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/audit"
)

// AuditGrants lists audit grants, the youngest first unless asked otherwise.
func (r *Reader) AuditGrants(ctx context.Context, q query.AuditGrantQuery) (query.List[query.AuditGrantRow], error) {
	l, err := auditGrantList(q)
	if err != nil {
		return query.List[query.AuditGrantRow]{}, err
	}
	return answer(ctx, r, "audit grants", q.Freshness, func(tx pgx.Tx) (query.List[query.AuditGrantRow], error) {
		return fetch(ctx, tx, l, scanVersion(auditGrantTable, listedAuditGrant))
	})
}

func auditGrantList(q query.AuditGrantQuery) (*list, error) {
	l := &list{}
	status := fmt.Sprintf(`(CASE WHEN g.ended THEN '%s' WHEN g.expires_at <= %s THEN '%s' ELSE '%s' END COLLATE "C")`,
		audit.Revoked, l.arg(q.Now), audit.Expired, audit.Active)
	err := l.versions(versionList{
		table: auditGrantTable.name, alias: "g", status: status, asOf: q.Past(),
		keys: map[string]sortKey{
			"grantedAt": {expr: "g.granted_at", typ: "timestamptz"},
			"expiresAt": {expr: "g.expires_at", typ: "timestamptz"},
		}, byDefault: "-grantedAt",
	}, q.Page)
	if err != nil {
		return nil, err
	}
	eitherOf(l, status, q.Statuses)
	if q.Accounts != nil {
		l.filter("g.accounts && %s::uuid[]", raw(q.Accounts))
	}
	return l, nil
}

func listedAuditGrant(s query.AuditGrant, status audit.Status, revision eventlog.Revision) query.AuditGrantRow {
	return query.AuditGrantRow{AuditGrant: s, Status: status, Revision: revision}
}
