package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/order"
	"github.com/fleetledger/fleetledger/domain/text"
)

// statuses are in the order in which they are that of the whole, as
// order.State.Status has them.
var statuses = []order.Status{order.Ordered, order.Applied, order.Reversed, order.Declined, order.Withdrawn}

// Renewals lists renewals of which the caller sees a device, the youngest first
// unless asked otherwise.
func (r *Reader) Renewals(ctx context.Context, q query.RenewalQuery) (query.List[query.RenewalRow], error) {
	l, err := renewalList(q)
	if err != nil {
		return query.List[query.RenewalRow]{}, err
	}
	return answer(ctx, r, "renewals", q.Freshness, func(tx pgx.Tx) (query.List[query.RenewalRow], error) {
		return fetch(ctx, tx, l, scanRenewal)
	})
}

func renewalList(q query.RenewalQuery) (*list, error) {
	l := &list{}
	visible := "true"
	if q.Accounts != nil {
		visible = "d.account = ANY (" + l.arg(raw(q.Accounts)) + "::uuid[])"
	}
	deviceStatus := "d.status"
	if then := q.Past(); !then.IsZero() {
		at := l.arg(then)
		deviceStatus = statusThen(at)
		l.where = append(l.where, "r.ordered_at <= "+at)
	}
	counts, status := []string{"count(*) AS total"}, "(CASE"
	columns := "r.uid, r.account, r.term, r.until, r.align, r.offer, r.number, r.note, r.ordered_at, r.actor"
	for _, s := range statuses {
		counts = append(counts, fmt.Sprintf("count(*) FILTER (WHERE %[2]s = '%[1]s') AS %[1]s", s, deviceStatus))
		status += fmt.Sprintf(" WHEN n.%[1]s > 0 THEN '%[1]s'", s)
		columns += ", n." + string(s)
	}
	status += ` END COLLATE "C")`
	l.columns = columns + ", " + status
	l.from = "renewals r CROSS JOIN LATERAL (SELECT " + strings.Join(counts, ", ") +
		" FROM renewal_devices d WHERE d.renewal = r.uid AND " + visible + ") n"
	l.where = append(l.where, "n.total > 0")
	if q.UID != uuid.Nil {
		l.filter("r.uid = %s", [16]byte(q.UID))
	}
	if q.Of != nil {
		l.filter("(r.account = ANY (%s::uuid[]) OR EXISTS (SELECT FROM renewal_devices d WHERE d.renewal = r.uid AND d.account = ANY (%s::uuid[]) AND "+visible+"))", raw(q.Of))
	}
	if q.Devices != nil {
		l.filter("EXISTS (SELECT FROM renewal_devices d WHERE d.renewal = r.uid AND d.device = ANY (%s::uuid[]) AND "+visible+")", raw(q.Devices))
	}
	eitherOf(l, status, q.Statuses)
	numbers := make([]string, len(q.OrderNumbers))
	for i, n := range q.OrderNumbers {
		numbers[i] = text.Key(n)
	}
	eitherOf(l, "r.number_key", numbers)
	return l, l.page(q.Page, map[string]sortKey{
		"orderedAt":   {expr: "r.ordered_at", typ: "timestamptz"},
		"orderNumber": {expr: "r.number_key", typ: "text"},
		"state":       {expr: status, typ: "text"},
	}, "-orderedAt", "r.uid")
}

// statusThen is a device's status at an instant after it was ordered for: it is ordered
// first, and applied before it is reversed.
func statusThen(at string) string {
	return fmt.Sprintf(`(CASE WHEN d.changed_at <= %[1]s THEN d.status WHEN d.status = '%[2]s' AND d.applied_at <= %[1]s THEN '%[3]s' ELSE '%[4]s' END)`,
		at, order.Reversed, order.Applied, order.Ordered)
}

func scanRenewal() ([]any, func() (query.RenewalRow, error)) {
	var row query.RenewalRow
	var account *uuid.UUID
	var until pgtype.Date
	var at time.Time
	var actor []byte
	counts := make([]int, len(statuses))
	into := []any{&row.UID, &account, &row.Term, &until, &row.Align, &row.Offer, &row.OrderNumber, &row.Note, &at, &actor}
	for i := range counts {
		into = append(into, &counts[i])
	}
	return append(into, &row.Status), func() (query.RenewalRow, error) {
		if account != nil {
			row.Account = *account
		}
		row.Until, row.OrderedAt, row.Counts = dateFrom(until), at.UTC(), map[order.Status]int{}
		for i, s := range statuses {
			row.Counts[s] = counts[i]
		}
		return row, json.Unmarshal(actor, &row.Actor)
	}
}

// Allocations lists what was granted, the youngest first unless asked otherwise.
func (r *Reader) Allocations(ctx context.Context, q query.AllocationQuery) (query.List[query.AllocationRow], error) {
	l := &list{
		columns: "g.uid, g.device, g.serial_number, g.account, g.old_end, g.until, g.parked, g.reason, g.granted_at, g.actor",
		from:    "allocations g",
	}
	l.scope("g.account", q.Accounts)
	l.scope("g.device", q.Devices)
	err := l.page(q.Page, map[string]sortKey{
		"grantedAt":    {expr: "g.granted_at", typ: "timestamptz"},
		"until":        {expr: "g.until", typ: "date"},
		"serialNumber": {expr: "g.serial_number", typ: "text"},
	}, "-grantedAt", "g.uid")
	if err != nil {
		return query.List[query.AllocationRow]{}, err
	}
	return answer(ctx, r, "allocations", q.Freshness, func(tx pgx.Tx) (query.List[query.AllocationRow], error) {
		return fetch(ctx, tx, l, scanAllocation)
	})
}

func scanAllocation() ([]any, func() (query.AllocationRow, error)) {
	var row query.AllocationRow
	var oldEnd, until pgtype.Date
	var actor []byte
	return []any{
			&row.ID, &row.Device, &row.SerialNumber, &row.Account, &oldEnd, &until, &row.Parked, &row.Reason, &row.GrantedAt, &actor,
		}, func() (query.AllocationRow, error) {
			row.OldEnd, row.Until, row.GrantedAt = dateFrom(oldEnd), dateFrom(until), row.GrantedAt.UTC()
			return row, json.Unmarshal(actor, &row.Actor)
		}
}
