package fleet

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/fleetledger/fleetledger/app/query"
)

// Customers is the Customers page. It is made of two rows of each account, so
// it costs the same for any number of devices; only the past (AsOf) is counted
// from versions of the devices (see windows.ofVersions). A forecast is the page of now, counted
// from another day: what renews by itself is in no window.
func (r *Reader) Customers(ctx context.Context, q query.CustomerQuery) (query.List[query.CustomerRow], error) {
	l, err := customerList(q)
	if err != nil {
		return query.List[query.CustomerRow]{}, err
	}
	return answer(ctx, r, "customers", q.Freshness, func(tx pgx.Tx) (query.List[query.CustomerRow], error) {
		return fetch(ctx, tx, l, scanCustomer)
	})
}

func customerList(q query.CustomerQuery) (*list, error) {
	l := &list{from: "customers c"}
	if err := l.page(q.Page, customerKeys(q.Windows), "name", "c.uid"); err != nil {
		return nil, err
	}
	scope := l.customerScope(q)
	l.total, l.totalArgs = "WITH scope AS ("+scope+") SELECT count(*) FROM scope", slices.Clone(l.args)
	w := windows{today: l.date(q.Today), spans: q.Windows}
	if q.Past().IsZero() {
		l.customers(scope, customerParts{
			counts:   "LEFT JOIN account_counts n ON n.account = c.uid",
			days:     accountDays("c.uid") + " CROSS JOIN LATERAL (" + w.ofAccount() + ") d",
			signedIn: "true",
		})
		return l, nil
	}
	t := versions{"c.uid", l.valid("v", q.Past())}
	l.customers(scope, customerParts{
		counts:   "CROSS JOIN LATERAL (" + t.counts() + ") n",
		days:     "CROSS JOIN LATERAL (" + w.ofVersions(t) + ") d",
		signedIn: "g.at <= " + l.arg(q.Past()),
	})
	return l, nil
}

// customerParts is SQL for accounts c: joins of the numbers n and d of each, and which
// times g.at of signing in count.
type customerParts struct{ counts, days, signedIn string }

// customerColumn is what a row of the page has besides who it is.
type customerColumn struct{ name, expr, join string }

func (p customerParts) columns() []customerColumn {
	return []customerColumn{
		{"total", "coalesce(n.total, 0)", p.counts},
		{"active", "coalesce(n.active, 0)", p.counts},
		{"initial", "d.initial", p.days},
		{"renewal_systems", "coalesce(d.renewal_systems, 0)", p.days},
		{"last", "d.last", p.days},
		{"window0", "coalesce(d.window0, 0)::bigint", p.days},
		{"window1", "coalesce(d.window1, 0)::bigint", p.days},
		{"window2", "coalesce(d.window2, 0)::bigint", p.days},
		{"expired", "coalesce(d.expired, 0)::bigint", p.days},
		{"auto_renewing", "coalesce(n.auto_renewing, 0)", p.counts},
		{"last_login", "(SELECT max(g.at) FROM (" + logins + ") g WHERE " + p.signedIn + ")", ""},
	}
}

// customers makes the rows to choose from, with what they are sorted by and no more, and
// all columns of those that are chosen.
func (l *list) customers(scope string, p customerParts) {
	made, joins := "SELECT c.*", ""
	l.columns = "(SELECT v.state FROM account_versions v WHERE v.uid = c.uid AND v.valid_to = c.valid_to), c.status, c.profile"
	for _, column := range p.columns() {
		l.columns += ", " + column.expr
		if !slices.ContainsFunc(l.keys, func(k ordered) bool { return k.expr == "c."+column.name }) {
			continue
		}
		made += ", " + column.expr + " AS " + column.name
		if !strings.Contains(joins, column.join) {
			joins += " " + column.join
		}
	}
	l.with = "WITH scope AS (" + scope + "), customers AS (" + made + " FROM scope c" + joins + ") "
	l.later = p.counts + " " + p.days
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

// customerScope selects the accounts of the page, without their state: what is sorted
// stays small.
func (l *list) customerScope(q query.CustomerQuery) string {
	var s = list{args: l.args}
	status := s.status("a", q.Now)
	s.where = append(s.where, s.valid("p", q.Past()), s.valid("a", q.Past()), "NOT p.ended")
	if q.Past().IsZero() {
		s.notRunOut("p", q.Now)
	} else { // rights are those of today: whoever is no longer a customer is not shown
		s.notRunOut("p", q.Past())
		today := list{args: s.args, where: []string{"r.uid = p.uid", current("r"), "NOT r.ended"}}
		today.notRunOut("r", q.Now)
		s.args = today.args
		s.where = append(s.where, "EXISTS (SELECT FROM partnership_versions r"+conditions(today.where)+")")
	}
	s.filter("p.reseller = %s", [16]byte(q.Reseller))
	s.scope("p.customer", q.Customers)
	eitherOf(&s, status, q.Statuses)
	s.search(q.Search, searchableAccount)
	l.args = s.args
	return `SELECT a.uid, a.valid_to, a.name_key, ` + status + ` AS status, p.profile, p.until
		FROM partnership_versions p JOIN account_versions a ON a.uid = p.customer` + conditions(s.where)
}

// logins are when somebody of an account of the page signed in. Those from before
// sign-ins were events, the last one of each account, are in ops.last_logins, which
// nothing writes any more.
const logins = `SELECT at FROM sign_ins WHERE account = c.uid UNION ALL SELECT at FROM ops.last_logins WHERE account = c.uid`

func scanCustomer() ([]any, func() (query.CustomerRow, error)) {
	var row query.CustomerRow
	var stored []byte
	var profile string
	var initial, last pgtype.Date
	var login pgtype.Timestamptz
	destinations := []any{&stored, &row.Status, &profile, &row.TotalSystems, &row.ActiveSystems, &initial, &row.RenewalSystems,
		&last, &row.Windows[0], &row.Windows[1], &row.Windows[2], &row.Expired, &row.AutoRenewing, &login}
	return destinations, func() (query.CustomerRow, error) {
		s, err := accountTable.parse(stored)
		if err != nil {
			return row, err
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
