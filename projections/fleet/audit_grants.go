package fleet

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/audit"
)

// AuditGrants lists audit grants, the youngest first unless asked otherwise.
func (r *Reader) AuditGrants(ctx context.Context, q query.AuditGrantQuery) (query.List[query.AuditGrantRow], error) {
	l, err := auditGrantList(q)
	if err != nil {
		return query.List[query.AuditGrantRow]{}, err
	}
	var page query.List[query.AuditGrantRow]
	position, err := r.read(ctx, q.Freshness, func(tx pgx.Tx) error {
		page, err = fetch(ctx, tx, l, scanAuditGrant)
		return err
	})
	if err != nil {
		return query.List[query.AuditGrantRow]{}, fmt.Errorf("list audit grants: %w", err)
	}
	page.Position = position
	return page, nil
}

func auditGrantList(q query.AuditGrantQuery) (*list, error) {
	l := &list{from: "audit_grant_versions g"}
	status := fmt.Sprintf(`(CASE WHEN g.ended THEN '%s' WHEN g.expires_at <= %s THEN '%s' ELSE '%s' END COLLATE "C")`,
		audit.Revoked, l.arg(q.Now), audit.Expired, audit.Active)
	l.columns = "g.state, g.revision, " + status
	keys := map[string]sortKey{
		"grantedAt": {expr: "g.granted_at", typ: "timestamptz"},
		"expiresAt": {expr: "g.expires_at", typ: "timestamptz"},
		"status":    {expr: status, typ: "text"},
	}
	if err := l.page(q.Page, keys, "-grantedAt", "g.uid"); err != nil {
		return nil, err
	}
	l.where = append(l.where, l.valid("g", q.AsOf))
	if q.Account != uuid.Nil {
		l.filter("%s = ANY (g.accounts)", [16]byte(q.Account))
	}
	if q.Status != "" {
		l.filter(status+" = %s", string(q.Status))
	}
	return l, nil
}

func scanAuditGrant() ([]any, func() (query.AuditGrantRow, error)) {
	var row query.AuditGrantRow
	var state []byte
	return []any{&state, &row.Revision, &row.Status}, func() (query.AuditGrantRow, error) {
		if err := json.Unmarshal(state, &row.AuditGrant); err != nil {
			return row, fmt.Errorf("state of an audit grant: %w", err)
		}
		return row, nil
	}
}
