package fleet_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/audit"
)

func (h *history) granted(expires time.Time, accounts ...uuid.UUID) uuid.UUID {
	uid := uuid.New()
	h.add(audit.Aggregate.Stream(uid), audit.AuditGranted{
		Grant: uid, Auditor: account.Person{ID: uid, Email: "ada@" + uid.String() + ".example", Name: "Ada"}, Accounts: accounts,
		Expires: expires, TokenHash: []byte("secret"),
	})
	return uid
}

func TestAuditGrants(t *testing.T) {
	t.Parallel()
	h := newHistory()
	first, second := uuid.New(), uuid.New()
	month := h.now.AddDate(0, 1, 0)
	short, both, revoked, erased := h.granted(h.now.Add(time.Hour), first), h.granted(month, first, second), h.granted(month, second), h.granted(month, first)
	before := h.now
	h.add(audit.Aggregate.Stream(revoked), audit.AuditGrantRevoked{Grant: revoked})
	revokedAt := h.now
	h.add(audit.Aggregate.Stream(erased), audit.AuditorErased{Grant: erased})
	m := newModel(t)
	m.whenProjected(t, h)
	grants := func(q query.AuditGrantQuery) map[uuid.UUID]query.AuditGrantRow {
		if q.Now.IsZero() {
			q.Now = h.now
		}
		page := then(t, m.reader.AuditGrants, q)
		require.Equal(t, len(page.Items), page.Total)
		rows := map[uuid.UUID]query.AuditGrantRow{}
		for _, row := range page.Items {
			rows[row.UID] = row
		}
		return rows
	}
	all := grants(query.AuditGrantQuery{})
	require.Len(t, all, 4)
	require.Equal(t, audit.Active, all[both].Status)
	require.Equal(t, []uuid.UUID{first, second}, all[both].Accounts)
	require.Equal(t, "ada@"+both.String()+".example", all[both].Auditor.Email)
	require.Equal(t, audit.Revoked, all[revoked].Status)
	require.Equal(t, revokedAt, all[revoked].EndedAt)
	require.Equal(t, eventlog.Revision(1), all[revoked].Revision)
	require.Equal(t, audit.Revoked, all[erased].Status)
	require.Equal(t, account.Erased, all[erased].Auditor.Name)
	later := grants(query.AuditGrantQuery{Now: h.now.Add(2 * time.Hour), Statuses: []audit.Status{audit.Expired}})
	require.Len(t, later, 1)
	require.Contains(t, later, short)
	require.Len(t, grants(query.AuditGrantQuery{Accounts: []uuid.UUID{second}}), 2)
	require.Empty(t, grants(query.AuditGrantQuery{Accounts: []uuid.UUID{uuid.New()}}))
	past := grants(query.AuditGrantQuery{Freshness: query.Freshness{AsOf: before}})
	require.Equal(t, audit.Active, past[revoked].Status)
	require.Equal(t, account.Erased, past[erased].Auditor.Email, "erased from all versions")

	page := then(t, m.reader.AuditGrants, query.AuditGrantQuery{Page: query.Page{Limit: 3}, Now: h.now})
	require.Equal(t, erased, page.Items[0].UID, "the youngest first")
	rest := then(t, m.reader.AuditGrants, query.AuditGrantQuery{Page: query.Page{Limit: 3, Cursor: page.NextCursor}, Now: h.now})
	require.Len(t, rest.Items, 1)
	require.Equal(t, short, rest.Items[0].UID)
	for _, row := range m.dump(t, schema, "audit_grant_versions") {
		require.NotContains(t, row, "c2VjcmV0", "the hash of a token")
		require.NotContains(t, row, "ada@"+erased.String())
	}
}
