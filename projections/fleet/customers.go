package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/device"
)

// Customers is the Customers page. It is made of counts per account and day, so
// it costs the same for any number of devices; only the past (AsOf) is counted
// from the devices themselves. Services that end on a day are due on it until
// it is over, and expired from the next.
func (r *Reader) Customers(ctx context.Context, q query.CustomerQuery) (query.List[query.CustomerRow], error) {
	l, err := customerList(q)
	if err != nil {
		return query.List[query.CustomerRow]{}, err
	}
	return answer(ctx, r, "customers", q.Freshness, func(tx pgx.Tx, page *query.List[query.CustomerRow]) error {
		*page, err = fetch(ctx, tx, l, scanCustomer)
		return err
	})
}

func customerList(q query.CustomerQuery) (*list, error) {
	l := &list{
		columns: `c.state, c.status, c.profile, c.total, c.active, c.initial, c.renewal_systems, c.last,
			c.window0, c.window1, c.window2, c.expired, c.auto_renewing, c.last_login`,
		from: "customers c",
	}
	if err := l.page(q.Page, customerKeys(q.Windows), "name", "c.uid"); err != nil {
		return nil, err
	}
	scope := l.customerScope(q)
	l.total, l.totalArgs = "WITH scope AS ("+scope+") SELECT count(*) FROM scope", slices.Clone(l.args)
	if q.AsOf.IsZero() {
		l.with = fmt.Sprintf("WITH scope AS (%s), customers AS (%s) ", scope, fmt.Sprintf(customerRows, "", l.daysNow(q)))
		return l, nil
	}
	past := fmt.Sprintf(pastCounts, l.valid("v", q.AsOf), l.daysThen(q))
	// Only the last login is kept: one that came later leaves nothing to show.
	byThen := " AND g.at <= " + l.arg(q.AsOf)
	l.with = fmt.Sprintf("WITH scope AS (%s), %s, customers AS (%s) ", scope, past,
		fmt.Sprintf(customerRows, byThen, "SELECT * FROM days WHERE account = s.uid"))
	return l, nil
}

func customerKeys(windows query.Windows) map[string]sortKey {
	keys := map[string]sortKey{
		"name":           {expr: "c.name_key", typ: "text"},
		"status":         {expr: "c.status", typ: "text"},
		"totalSystems":   {expr: "c.total", typ: "bigint"},
		"activeSystems":  {expr: "c.active", typ: "bigint"},
		"initialRenewal": {expr: "c.initial", typ: "date", nullable: true},
		"renewalSystems": {expr: "c.renewal_systems", typ: "bigint"},
		"lastRenewal":    {expr: "c.last", typ: "date", nullable: true},
		"expired":        {expr: "c.expired", typ: "bigint"},
		"autoRenewing":   {expr: "c.auto_renewing", typ: "bigint"},
		"lastLogin":      {expr: "c.last_login", typ: "timestamptz", nullable: true},
	}
	for i, w := range windows {
		keys[w.Name] = sortKey{expr: fmt.Sprintf("c.window%d", i), typ: "bigint"}
	}
	return keys
}

// customerScope selects the accounts of the page.
func (l *list) customerScope(q query.CustomerQuery) string {
	var s = list{args: l.args}
	status := s.status("a", q.Now)
	s.where = append(s.where, s.valid("p", q.AsOf), s.valid("a", q.AsOf), "NOT p.ended")
	if q.AsOf.IsZero() {
		s.lasts("p", q.Now)
	} else { // rights are those of today: who is a customer no more is not to be seen
		s.lasts("p", q.AsOf)
		today := list{args: s.args, where: []string{"r.uid = p.uid", "r.valid_to = 'infinity'", "NOT r.ended"}}
		today.lasts("r", q.Now)
		s.args = today.args
		s.where = append(s.where, "EXISTS (SELECT FROM partnership_versions r"+conditions(today.where)+")")
	}
	s.filter("p.reseller = %s", [16]byte(q.Reseller))
	if q.Customer != uuid.Nil {
		s.filter("p.customer = %s", [16]byte(q.Customer))
	}
	if q.Status != "" {
		s.filter(status+" = %s", string(q.Status))
	}
	s.contains(q.Search, "a.name_key", "a.uid::text")
	l.args = s.args
	return `SELECT a.uid, a.name_key, a.state, ` + status + ` AS status, p.profile
		FROM partnership_versions p JOIN account_versions a ON a.uid = p.customer` + conditions(s.where)
}

// daysNow looks at the days of one account, s: the first and the last to come,
// and those up to the end of the windows. The index leads to each.
func (l *list) daysNow(q query.CustomerQuery) string {
	today := l.arg(date(q.Today)) + "::date"
	horizon := q.Today
	for _, w := range q.Windows {
		horizon = max(horizon, q.Today.AddDays(w.ToDay))
	}
	return fmt.Sprintf(`SELECT first.service_end AS initial, first.count AS renewal_systems, last.service_end AS last, %[2]s
		FROM (SELECT 1) one
		LEFT JOIN (SELECT service_end, count FROM service_days
			WHERE account = s.uid AND NOT auto_renew AND service_end >= %[1]s ORDER BY service_end LIMIT 1) first ON true
		LEFT JOIN (SELECT service_end FROM service_days
			WHERE account = s.uid AND NOT auto_renew AND service_end >= %[1]s ORDER BY service_end DESC LIMIT 1) last ON true
		LEFT JOIN (SELECT %[3]s FROM service_days n
			WHERE account = s.uid AND NOT auto_renew AND service_end <= %[4]s::date) due ON true`,
		today, dueNames, l.dueSums(today, q), l.arg(date(horizon)))
}

// daysThen sums up all days of all accounts at once: there is no index on the
// past.
func (l *list) daysThen(q query.CustomerQuery) string {
	today := l.arg(date(q.Today)) + "::date"
	return fmt.Sprintf(`SELECT account, min(service_end) FILTER (WHERE service_end >= %[1]s) AS initial,
			(array_agg(count ORDER BY service_end) FILTER (WHERE service_end >= %[1]s))[1] AS renewal_systems,
			max(service_end) FILTER (WHERE service_end >= %[1]s) AS last, %[2]s
		FROM (SELECT account, service_end, count(*) AS count FROM past WHERE service_end IS NOT NULL AND NOT auto_renew GROUP BY 1, 2) n
		GROUP BY account`, today, l.dueSums(today, q))
}

const dueNames = "due.expired, due.window0, due.window1, due.window2"

// dueSums are the columns expired and window0 to window2 over days n.
func (l *list) dueSums(today string, q query.CustomerQuery) string {
	sums := "sum(n.count) FILTER (WHERE n.service_end < " + today + ") AS expired"
	for i, w := range q.Windows {
		sums += fmt.Sprintf(", sum(n.count) FILTER (WHERE n.service_end BETWEEN %s::date AND %s::date) AS window%d",
			l.arg(date(q.Today.AddDays(w.FromDay))), l.arg(date(q.Today.AddDays(w.ToDay))), i)
	}
	return sums
}

const customerRows = `SELECT s.*, coalesce(n.total, 0) AS total, coalesce(n.active, 0) AS active, coalesce(n.auto_renewing, 0) AS auto_renewing,
		d.initial, d.last, coalesce(d.renewal_systems, 0) AS renewal_systems, coalesce(d.expired, 0)::bigint AS expired,
		coalesce(d.window0, 0)::bigint AS window0, coalesce(d.window1, 0)::bigint AS window1, coalesce(d.window2, 0)::bigint AS window2,
		g.at AS last_login
	FROM scope s
	LEFT JOIN account_counts n ON n.account = s.uid
	LEFT JOIN ops.last_logins g ON g.account = s.uid%s
	LEFT JOIN LATERAL (%s) d ON true`

// The counts of the past, under the names of the tables that have those of now.
const pastCounts = `past AS (
		SELECT v.account, v.service_end, v.auto_renew, v.life_cycle FROM device_versions v JOIN scope ON scope.uid = v.account
		WHERE %s AND v.life_cycle <> '` + string(device.OutOfService) + `'),
	account_counts AS (SELECT account, count(*) AS total, count(*) FILTER (WHERE life_cycle = '` + string(device.Active) + `') AS active,
		count(*) FILTER (WHERE auto_renew) AS auto_renewing FROM past GROUP BY 1),
	days AS MATERIALIZED (%s)`

func scanCustomer() ([]any, func() (query.CustomerRow, error)) {
	var row query.CustomerRow
	var state []byte
	var profile string
	var initial, last pgtype.Date
	var login pgtype.Timestamptz
	destinations := []any{&state, &row.Status, &profile, &row.TotalSystems, &row.ActiveSystems, &initial, &row.RenewalSystems,
		&last, &row.Windows[0], &row.Windows[1], &row.Windows[2], &row.Expired, &row.AutoRenewing, &login}
	return destinations, func() (query.CustomerRow, error) {
		var s accountState
		if err := json.Unmarshal(state, &s); err != nil {
			return row, fmt.Errorf("state of an account: %w", err)
		}
		row.UID, row.Name, row.Administrators = s.UID, s.Name, administrators(s.State)
		row.PartnerProfile = s.Profile(profile)
		row.InitialRenewal, row.LastRenewal = dateFrom(initial), dateFrom(last)
		if login.Valid {
			row.LastLogin = login.Time.UTC()
		}
		return row, nil
	}
}
