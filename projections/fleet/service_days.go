package fleet

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/fleetledger/fleetledger/app/query"
)

// ServiceDays lists the days on which services end, with some of the devices. The
// counts are those of the Customers page. When a day changed is told by all versions
// that its devices have had: one that left it is no longer there, but has ended.
func (r *Reader) ServiceDays(ctx context.Context, q query.ServiceDayQuery) (query.List[query.ServiceDayRow], error) {
	var l list
	l.scope("e.account", q.Accounts)
	l.where = append(l.where, windows{today: l.date(q.Today)}.toCome("e.service_end"))
	every := `SELECT e.account, e.service_end, coalesce(sum(e.count) FILTER (WHERE NOT e.auto_renew), 0)::bigint AS due,
			coalesce(sum(e.count) FILTER (WHERE e.auto_renew), 0)::bigint AS automatic
		FROM service_days e` + conditions(l.where) + ` GROUP BY 1, 2`
	total, totalArgs := `SELECT count(*) FROM (`+every+`) n`, l.args
	named := l.arg(q.Named)
	days := fmt.Sprintf(`WITH days AS MATERIALIZED (%s ORDER BY 2, 1 LIMIT %s),
		versions AS (SELECT d.account, d.service_end, v.name, v.serial_number, v.valid_from, nullif(v.valid_to, 'infinity') AS ended,
				row_number() OVER (PARTITION BY d.account, d.service_end, %[3]s ORDER BY v.name_key, v.uid) AS place
			FROM days d JOIN device_versions v ON v.account = d.account AND v.service_end = d.service_end AND %[4]s),
		changes AS (SELECT account, service_end, max(greatest(valid_from, ended)) AS changed, count(*) + count(ended) AS changes,
				array_agg(name ORDER BY place) FILTER (WHERE ended IS NULL AND place <= %[5]s) AS names,
				array_agg(serial_number ORDER BY place) FILTER (WHERE ended IS NULL AND place <= %[5]s) AS serials
			FROM versions GROUP BY 1, 2)
		SELECT d.account, coalesce(a.name, ''), d.service_end, d.due, d.automatic, greatest(c.changed, a.valid_from), c.changes, c.names, c.serials
		FROM days d JOIN changes c USING (account, service_end) LEFT JOIN account_versions a ON a.uid = d.account AND %[6]s
		ORDER BY d.service_end, a.name_key, d.account`,
		every, l.arg(q.Days), current("v"), inService("v"), named, current("a"))
	return answer(ctx, r, "service days", q.Freshness, func(tx pgx.Tx) (found query.List[query.ServiceDayRow], err error) {
		if err := tx.QueryRow(ctx, total, totalArgs...).Scan(&found.Total); err != nil {
			return found, fmt.Errorf("count days: %w", err)
		}
		rows, _ := tx.Query(ctx, days, l.args...)
		found.Items, err = pgx.CollectRows(rows, scanServiceDay)
		return found, err
	})
}

func scanServiceDay(row pgx.CollectableRow) (day query.ServiceDayRow, err error) {
	var end pgtype.Date
	var names, serials []string
	err = row.Scan(&day.Account, &day.AccountName, &end, &day.Due, &day.Automatic, &day.Changed, &day.Changes, &names, &serials)
	day.Day, day.Changed = dateFrom(end), day.Changed.UTC()
	for i := range names {
		day.Named = append(day.Named, query.NamedDevice{Name: names[i], SerialNumber: serials[i]})
	}
	return day, err
}
