package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/app/query"
)

// transferStatuses are in the order in which they are that of the whole.
var transferStatuses = []query.TransferStatus{
	query.TransferRequested, query.TransferDone, query.TransferReversed, query.TransferRefused,
}

// deviceStatus is what became of one device of a request, i; t is the transfer of
// the device, where there was one.
var deviceStatus = fmt.Sprintf("CASE WHEN i.refused THEN '%s' WHEN t.reversed_at IS NOT NULL THEN '%s' WHEN t.device IS NOT NULL THEN '%s' ELSE '%s' END",
	query.TransferRefused, query.TransferReversed, query.TransferDone, query.TransferRequested)

// Transfers lists transfers that the viewer may know of, the youngest first unless
// asked otherwise.
func (r *Reader) Transfers(ctx context.Context, q query.TransferQuery) (query.List[query.TransferRow], error) {
	l, err := transferList(q)
	if err != nil {
		return query.List[query.TransferRow]{}, err
	}
	return answer(ctx, r, "transfers", q.Freshness, func(tx pgx.Tx) (query.List[query.TransferRow], error) {
		return fetch(ctx, tx, l, scanTransfer)
	})
}

func transferList(q query.TransferQuery) (*list, error) {
	l := &list{}
	asker, source, target := l.own("r.account", q.Viewer), l.within("r.source", q.Reads), l.within("r.target", q.Reads)
	shown := fmt.Sprintf("(%s OR s.status IN ('%s', '%s') OR s.status = '%s' AND i.in_source AND %s)",
		asker, query.TransferDone, query.TransferReversed, query.TransferRefused, source)
	devices := "FROM transfer_devices i LEFT JOIN transfers t ON t.transfer = i.transfer AND t.device = i.device" +
		" CROSS JOIN LATERAL (SELECT " + deviceStatus + " AS status) s WHERE i.transfer = r.uid"
	counts, status := []string{fmt.Sprintf("count(*) FILTER (WHERE s.status = '%s') AS open", query.TransferRequested)}, "(CASE WHEN n.open > 0"
	columns := "r.uid, r.source, r.target, r.offer, r.plan, r.reason, r.requested_at, r.actor, " + asker + " OR " + source + " AND " + target
	for _, s := range transferStatuses {
		counts = append(counts, fmt.Sprintf("count(*) FILTER (WHERE s.status = '%[1]s' AND %[2]s) AS %[1]s", s, shown))
		columns += ", n." + string(s)
		if s != query.TransferRequested {
			status += fmt.Sprintf(" WHEN n.%s > 0", s)
		}
		status += fmt.Sprintf(" THEN '%s'", s)
	}
	status += fmt.Sprintf(` ELSE '%s' END COLLATE "C")`, query.TransferRefused) // none of the devices is shown
	l.columns = columns + ", " + status
	l.from = "transfer_requests r CROSS JOIN LATERAL (SELECT " + strings.Join(counts, ", ") + " " + devices + ") n"
	l.where = append(l.where, "("+strings.Join([]string{asker, source, target}, " OR ")+")")
	l.sides("r", q.Of, q.From, q.To)
	if q.Devices != nil {
		l.filter("EXISTS (SELECT "+devices+" AND i.device = ANY (%s::uuid[]) AND "+shown+")", raw(q.Devices))
	}
	eitherOf(l, status, q.Statuses)
	if !q.Since.IsZero() {
		l.filter("r.requested_at >= %s", q.Since)
	}
	if !q.Until.IsZero() {
		l.filter("r.requested_at <= %s", q.Until)
	}
	return l, l.page(q.Page, map[string]sortKey{
		"requestedAt": {expr: "r.requested_at", typ: "timestamptz"},
		"state":       {expr: status, typ: "text"},
	}, "-requestedAt", "r.uid")
}

// within is the condition that a column is one of some accounts; nil is all.
func (l *list) within(column string, accounts []uuid.UUID) string {
	if accounts == nil {
		return "true"
	}
	return column + " = ANY (" + l.arg(raw(accounts)) + "::uuid[])"
}

// own is the condition that the account which asked, null being the operator, is
// the viewer's own.
func (l *list) own(column string, v query.Viewer) string {
	if v.Operator {
		return column + " IS NULL"
	}
	return "coalesce(" + column + " = ANY (" + l.arg(raw(v.Own)) + "::uuid[]), false)"
}

// sides leaves the rows between some accounts.
func (l *list) sides(alias string, of, from, to []uuid.UUID) {
	if of != nil {
		l.filter("("+alias+".source = ANY (%s::uuid[]) OR "+alias+".target = ANY (%s::uuid[]))", raw(of))
	}
	l.scope(alias+".source", from)
	l.scope(alias+".target", to)
}

func scanTransfer() ([]any, func() (query.TransferRow, error)) {
	var row query.TransferRow
	var plan *uuid.UUID
	var actor []byte
	counts := make([]int, len(transferStatuses))
	into := []any{&row.UID, &row.From, &row.To, &row.Offer, &plan, &row.Reason, &row.RequestedAt, &actor, &row.KnowsAsker}
	for i := range counts {
		into = append(into, &counts[i])
	}
	return append(into, &row.Status), func() (query.TransferRow, error) {
		if plan != nil {
			row.Plan = *plan
		}
		row.RequestedAt, row.Counts = row.RequestedAt.UTC(), map[query.TransferStatus]int{}
		for i, s := range transferStatuses {
			row.Counts[s] = counts[i]
		}
		return row, json.Unmarshal(actor, &row.Actor)
	}
}

// TransferPlans lists the viewer's own plans, as long as it may know of the source
// account; the youngest first unless asked otherwise.
func (r *Reader) TransferPlans(ctx context.Context, q query.TransferPlanQuery) (query.List[query.TransferPlanRow], error) {
	l := &list{from: "transfer_plans p"}
	status := fmt.Sprintf(`(CASE WHEN EXISTS (SELECT FROM transfer_requests r WHERE r.plan = p.uid) THEN '%s' WHEN p.expires_at <= %s THEN '%s' ELSE '%s' END COLLATE "C")`,
		query.PlanCommitted, l.arg(q.Now), query.PlanExpired, query.PlanOpen)
	l.columns = "p.uid, p.source, p.target, p.offer, p.reason, p.created_at, p.expires_at, p.total, p.transferable, p.refused, " +
		"ARRAY(SELECT r.uid FROM transfer_requests r WHERE r.plan = p.uid ORDER BY r.requested_at, r.uid), " + status
	l.where = append(l.where, "p.total = p.transferable + p.refused", l.own("p.account", q.Viewer), l.within("p.source", q.Reads))
	l.sides("p", q.Of, q.From, q.To)
	if q.Party != uuid.Nil {
		l.sides("p", []uuid.UUID{q.Party}, nil, nil)
	}
	if eitherOf(l, status, q.Statuses); len(q.Statuses) == 0 {
		l.filter(status+" <> %s", string(query.PlanExpired))
	}
	err := l.page(q.Page, map[string]sortKey{
		"createdAt": {expr: "p.created_at", typ: "timestamptz"},
		"expiresAt": {expr: "p.expires_at", typ: "timestamptz"},
		"state":     {expr: status, typ: "text"},
	}, "-createdAt", "p.uid")
	if err != nil {
		return query.List[query.TransferPlanRow]{}, err
	}
	return answer(ctx, r, "transfer plans", q.Freshness, func(tx pgx.Tx) (query.List[query.TransferPlanRow], error) {
		return fetch(ctx, tx, l, scanPlan)
	})
}

// PlansFull looks at no more than the youngest plans.
func (r *Reader) PlansFull(ctx context.Context, account uuid.UUID, most int) (until time.Time, err error) {
	_, err = r.read(ctx, query.Freshness{}, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `SELECT expires_at FROM transfer_plans WHERE account = $1 ORDER BY created_at DESC, uid OFFSET $2 LIMIT 1`,
			[16]byte(account), most-1).Scan(&until)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("count transfer plans: %w", err)
	}
	return until, nil
}

func scanPlan() ([]any, func() (query.TransferPlanRow, error)) {
	var row query.TransferPlanRow
	return []any{
			&row.UID, &row.From, &row.To, &row.Offer, &row.Reason, &row.CreatedAt, &row.Expires, &row.Total, &row.Transferable, &row.Refused,
			&row.Transfers, &row.Status,
		}, func() (query.TransferPlanRow, error) {
			row.CreatedAt, row.Expires = row.CreatedAt.UTC(), row.Expires.UTC()
			return row, nil
		}
}
