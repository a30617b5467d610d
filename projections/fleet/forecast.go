package fleet

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/device"
)

// Forecast counts what accounts have and when its services end. It is made of the
// counts and days of accounts, and of the few devices that renew by themselves; of
// the past it is counted from the devices, as the Customers page is.
func (r *Reader) Forecast(ctx context.Context, q query.ForecastQuery) (query.ForecastRow, error) {
	var l list
	with, versions := l.forecastScope(q), "device_versions v JOIN scope s ON s.uid = v.account AND "+current("v")
	if !q.Past().IsZero() {
		with += fmt.Sprintf(pastDays, l.valid("v", q.Past()))
		versions = "past v JOIN scope s ON s.uid = v.account"
	}
	totals := with + `SELECT count(*), count(*) FILTER (WHERE s.customer), coalesce(sum(n.total), 0)::bigint, coalesce(sum(n.active), 0)::bigint,
		coalesce(sum(n.auto_renewing), 0)::bigint FROM scope s LEFT JOIN account_counts n ON n.account = s.uid`
	free := with + `SELECT v.service_end, v.anchor_day, s.until, count(*) FROM ` + versions + `
		WHERE v.auto_renew AND v.service_end IS NOT NULL AND ` + inService("v") + ` GROUP BY 1, 2, 3`
	arguments := l.args
	w := windows{today: l.date(q.Today), spans: q.Windows}
	forGood := "d.account IN (SELECT uid FROM scope WHERE until = 'infinity')"
	if q.Accounts == nil && q.Past().IsZero() {
		forGood = "true" // all of them
	}
	ends := with + `, days AS MATERIALIZED (
			SELECT d.service_end, 'infinity'::timestamptz AS until, sum(d.count)::bigint AS count FROM service_days d
			WHERE NOT d.auto_renew AND ` + forGood + ` GROUP BY 1
			UNION ALL SELECT d.service_end, s.until, sum(d.count)::bigint FROM service_days d JOIN scope s ON s.uid = d.account
			WHERE NOT d.auto_renew AND s.until < 'infinity' GROUP BY 1, 2)
		SELECT t.*, (SELECT array_agg(service_end) FROM days), (SELECT array_agg(until) FROM days), (SELECT array_agg(count) FROM days)
		FROM (` + w.ofDays("days") + `) t`

	var row query.ForecastRow
	var err error
	row.Position, err = r.read(ctx, q.Freshness, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, totals, arguments...).Scan(&row.Accounts, &row.Customers, &row.TotalSystems, &row.ActiveSystems, &row.AutoRenewing)
		if err != nil {
			return fmt.Errorf("count totals: %w", err)
		}
		if err := scanDays(tx.QueryRow(ctx, ends, l.args...), &row); err != nil {
			return fmt.Errorf("count days: %w", err)
		}
		rows, err := tx.Query(ctx, free, arguments...)
		if err != nil {
			return fmt.Errorf("count free terms: %w", err)
		}
		row.Free, err = pgx.CollectRows(rows, scanFree)
		return err
	})
	if err != nil {
		return query.ForecastRow{}, fmt.Errorf("forecast: %w", err)
	}
	return row, nil
}

// forecastScope begins a statement with the accounts that count, until when they
// are partners, and whether they are customers.
func (l *list) forecastScope(q query.ForecastQuery) string {
	accounts := list{args: l.args}
	own := accounts.arg([16]byte(q.Own))
	accounts.where = append(accounts.where, accounts.valid("a", q.Past()))
	accounts.scope("a.uid", q.Accounts)
	l.args = accounts.args
	scope := `SELECT a.uid, 'infinity'::timestamptz AS until, (a.uid <> ` + own + ` AND a.type = '` + string(account.Standard) +
		`' AND a.status <> '` + string(account.Closed) + `') AS customer FROM account_versions a` + conditions(accounts.where)
	if q.Reseller != uuid.Nil {
		customers := l.customerScope(query.CustomerQuery{Freshness: q.Freshness, Reseller: q.Reseller, Customers: only(q.Customer), Now: q.Now})
		scope += ` UNION ALL SELECT c.uid, c.until, true FROM (` + customers + `) c`
	}
	// What the planner knows of partnerships halves the time of the large join.
	return `WITH scope AS NOT MATERIALIZED (` + scope + `)`
}

// only is a filter by one account; nil for uuid.Nil: all.
func only(uid uuid.UUID) []uuid.UUID {
	if uid == uuid.Nil {
		return nil
	}
	return []uuid.UUID{uid}
}

// The counts of the past under the names of the tables that have those of now.
const pastDays = `, past AS MATERIALIZED (
		SELECT v.account, v.service_end, v.anchor_day, v.auto_renew, v.life_cycle FROM device_versions v JOIN scope ON scope.uid = v.account
		WHERE %s AND v.life_cycle <> '` + string(device.OutOfService) + `'),
	account_counts AS (SELECT account, count(*) AS total, count(*) FILTER (WHERE life_cycle = '` + string(device.Active) + `') AS active,
		count(*) FILTER (WHERE auto_renew) AS auto_renewing FROM past GROUP BY 1),
	service_days AS (SELECT account, service_end, auto_renew, count(*) AS count FROM past WHERE service_end IS NOT NULL GROUP BY 1, 2, 3)
	`

func scanDays(from pgx.Row, row *query.ForecastRow) error {
	var initial, last pgtype.Date
	var renewal, expired *int
	var inWindows [3]*int
	var days []pgtype.Date
	var untils []pgtype.Timestamptz
	var counts []int
	err := from.Scan(&initial, &renewal, &last, &expired, &inWindows[0], &inWindows[1], &inWindows[2], &days, &untils, &counts)
	if err != nil {
		return err
	}
	number := func(n *int) int { // none of no days
		if n == nil {
			return 0
		}
		return *n
	}
	row.InitialRenewal, row.LastRenewal = dateFrom(initial), dateFrom(last)
	row.RenewalSystems, row.Expired = number(renewal), number(expired)
	for i, n := range inWindows {
		row.Windows[i] = number(n)
	}
	for i, day := range days {
		row.Ends = append(row.Ends, query.EndCount{Day: dateFrom(day), Until: untilFrom(untils[i]), Count: counts[i]})
	}
	return nil
}

func scanFree(row pgx.CollectableRow) (c query.EndCount, err error) {
	var day pgtype.Date
	var until pgtype.Timestamptz
	err = row.Scan(&day, &c.AnchorDay, &until, &c.Count)
	c.Day, c.Until = dateFrom(day), untilFrom(until)
	return c, err
}

// untilFrom is zero for what does not end.
func untilFrom(t pgtype.Timestamptz) time.Time {
	if t.InfinityModifier != pgtype.Finite {
		return time.Time{}
	}
	return t.Time.UTC()
}
