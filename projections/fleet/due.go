package fleet

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/release"
)

// Due lists what falls due by itself.
func (r *Reader) Due(ctx context.Context, q query.DueQuery) ([]query.DueRow, error) {
	var l list
	from, at := l.due(q)
	l.where = append(l.where, l.valid("v", time.Time{}), at+" IS NOT NULL")
	if !q.Upto.IsZero() {
		l.filter(at+" <= %s", q.Upto)
	}
	if q.After.UID != uuid.Nil {
		l.where = append(l.where, "("+at+", v.uid) > ("+l.arg(q.After.At)+", "+l.arg([16]byte(q.After.UID))+")")
	}
	sql := "SELECT v.uid, " + at + " FROM " + from + conditions(l.where) + " ORDER BY " + at + ", v.uid LIMIT " + l.arg(q.Limit)
	var all []query.DueRow
	_, err := r.read(ctx, query.Freshness{MinPosition: q.MinPosition}, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, sql, l.args...)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (d query.DueRow, err error) {
			err = row.Scan(&d.UID, &d.At)
			d.At = d.At.UTC()
			return d, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", q.Kind, err)
	}
	return all, nil
}

// due says where things of a kind are, as v, and when they are due. The warnings
// are computed from the few partnerships that have an end; of those to come for
// one the first counts, the read model does not know which are passed over.
func (l *list) due(q query.DueQuery) (from, at string) {
	const ending = "NOT v.ended AND v.until < 'infinity'"
	switch q.Kind {
	case query.DueRenewals:
		l.where = append(l.where, "v.auto_renew AND "+inService("v"))
		return "device_versions v", "(v.service_end::timestamp AT TIME ZONE 'UTC')"
	case query.DueInvitations:
		return "account_versions v", "v.invitation_due"
	case query.DueUserInvitations:
		return "user_versions v", "v.invitation_due"
	case query.DueEmailChanges:
		return "user_versions v", "v.email_change_due"
	case query.DueAllServices: // from the beginning
		l.where = append(l.where, "v.state->>'type' = 'reseller' AND v.state->>'status' <> 'closed'",
			"NOT coalesce(v.state->'offers', '[]') @> to_jsonb("+l.arg(catalogue.Offers)+"::text[])")
		return "account_versions v", "v.created_at"
	case query.DueNotices: // of the first month after the account was made, and after the last round
		l.where = append(l.where, "v.type = '"+string(account.Reseller)+"' AND v.status <> '"+string(account.Closed)+"'")
		hours := "(" + l.arg(q.Hours) + "::int * interval '1 hour')"
		return `account_versions v
			LEFT JOIN LATERAL (SELECT max(r.on_day) AS day FROM notice_rounds r WHERE r.reseller = v.uid AND r.closed) done ON true
			CROSS JOIN LATERAL (SELECT (date_trunc('month', greatest(v.created_at AT TIME ZONE 'UTC', done.day::timestamp + ` + hours + `) - ` + hours + `)
				+ interval '1 month' + ` + hours + `) AT TIME ZONE 'UTC' AS at) next`, "next.at"
	case query.DueReleases: // from the later of the request and the retirement
		return `(SELECT q.uid, d.valid_to, greatest(q.requested_at, (
				SELECT coalesce(max(b.valid_to) FILTER (WHERE ` + inService("b") + `), min(b.valid_from)) FROM device_versions b WHERE b.uid = d.uid)) AS since
			FROM release_requests q JOIN device_versions d ON d.uid = q.device AND d.account = q.owner AND NOT ` + inService("d") + `
			WHERE q.status = '` + string(release.Open) + `') v`, "(v.since + " + l.arg(q.Unanswered) + "::interval)"
	case query.DuePartnershipEnds:
		l.where = append(l.where, ending)
		return "partnership_versions v", "v.until"
	default: // query.DuePartnershipWarning
		l.where = append(l.where, ending)
		return "partnership_versions v CROSS JOIN LATERAL (SELECT max(n) AS days FROM unnest(" + l.arg(q.WarnDays) +
			"::int[]) n WHERE v.warned = 0 OR n < v.warned) w", "(v.until - w.days * interval '24 hours')"
	}
}
