package fleet

import (
	"fmt"
	"strings"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

// windows are the renewal windows, the first end and what has expired, as SQL.
// Every number and every list of devices that is about them is made of the
// conditions here: the Customers page, now and in the past, the list of a
// window's devices, and the views of analysts.
//
//   - A device counts unless it is retired or renews by itself, by the last day
//     of its service term (counted; an account's days have such devices only).
//   - That day, the service end, is still a day of service: on it the services
//     are due, from the next they have expired (toCome, expired).
//   - A window is a span of whole UTC days from today, both ends inclusive
//     (within).
//   - The first end is the earliest service end from today on, the last one the
//     latest; renewal systems are the devices whose services end on the first.
//
// The days of an account are kept in one row as events come (see days), and looked up
// in it by halving. Of the past there are the versions of devices, which are looked up one
// by one (see ofVersions).
type windows struct {
	today string // an SQL expression: the UTC date that they are counted from
	spans query.Windows
}

// inService is the condition that a device is not retired.
func inService(alias string) string {
	return alias + ".life_cycle <> '" + string(device.OutOfService) + "'"
}

// counted is the condition that a device counts in windows and as expired.
func counted(alias string) string { return inService(alias) + " AND NOT " + alias + ".auto_renew" }

func (w windows) toCome(day string) string { return day + " >= " + w.today }

func (w windows) expired(day string) string { return day + " < " + w.today }

func (w windows) within(day string, span query.Window) string {
	return fmt.Sprintf("%[1]s BETWEEN %[2]s + %[3]d AND %[2]s + %[4]d", day, w.today, span.FromDay, span.ToDay)
}

// sums are the columns expired and window0 to window2, over days n.
func (w windows) sums() string {
	sums := "sum(n.count) FILTER (WHERE " + w.expired("n.service_end") + ") AS expired"
	for i, span := range w.spans {
		sums += fmt.Sprintf(", sum(n.count) FILTER (WHERE %s) AS window%d", w.within("n.service_end", span), i)
	}
	return sums
}

// ofAccount selects one account's row of initial, renewal_systems, last, expired and
// window0 to window2, as they are now, from its row of account_days.
func (w windows) ofAccount() string {
	before := w.today + " - 1" // the last day that has passed
	columns := []string{
		"date '1970-01-01' + k.days[" + place(before) + " + 1] AS initial",
		"(k.through[" + place(before) + " + 1] - " + through(before) + ")::bigint AS renewal_systems",
		"nullif(greatest(date '1970-01-01' + k.days[cardinality(k.days)], " + before + "), " + before + ") AS last",
		through(before) + "::bigint AS expired",
	}
	for i, span := range w.spans {
		from, to := fmt.Sprintf("%s + %d", w.today, span.FromDay-1), fmt.Sprintf("%s + %d", w.today, span.ToDay)
		columns = append(columns, fmt.Sprintf("(%s - %s)::bigint AS window%d", through(to), through(from), i))
	}
	return "SELECT " + strings.Join(columns, ", ")
}

// accountDays joins the row k of an account's days.
func accountDays(uid string) string {
	return "LEFT JOIN account_days k ON k.account = " + uid + " AND NOT k.auto_renew"
}

// place is that of the last day up to and with a day in the row k, 0 before all.
func place(day string) string { return "width_bucket((" + day + ") - date '1970-01-01', k.days)" }

// through is how many devices' services end up to and on a day, by the row k.
func through(day string) string { return "coalesce(k.through[" + place(day) + "], 0)" }

// versions are those of an account's devices that held at an instant.
type versions struct{ uid, valid string } // SQL: the account, and a condition on v

func (t versions) of(column, condition string) string {
	return "SELECT " + column + " FROM device_versions v WHERE v.account = " + t.uid + " AND " + t.valid + " AND " + condition
}

// counts selects an account's row of total, active and auto_renewing, as account_counts
// has them now.
func (t versions) counts() string {
	return t.of("count(*) AS total, count(*) FILTER (WHERE v.life_cycle = '"+string(device.Active)+"') AS active, "+
		"count(*) FILTER (WHERE v.auto_renew) AS auto_renewing", inService("v"))
}

// ofVersions selects what ofAccount does, of versions. Here, too, each column is a query
// of its own: a page looks up what it is sorted by for all accounts, and the rest for its
// own rows, by the index of ends.
func (w windows) ofVersions(t versions) string {
	toCome := counted("v") + " AND " + w.toCome("v.service_end")
	initial := "(" + t.of("v.service_end", toCome) + " ORDER BY v.service_end LIMIT 1)"
	columns := []string{
		initial + " AS initial",
		"(" + t.of("count(*)", counted("v")+" AND v.service_end = "+initial) + ") AS renewal_systems",
		"(" + t.of("v.service_end", toCome) + " ORDER BY v.service_end DESC LIMIT 1) AS last",
		"(" + t.of("count(*)", counted("v")+" AND "+w.expired("v.service_end")) + ") AS expired",
	}
	for i, span := range w.spans {
		columns = append(columns, fmt.Sprintf("(%s) AS window%d", t.of("count(*)", counted("v")+" AND "+w.within("v.service_end", span)), i))
	}
	return "SELECT " + strings.Join(columns, ", ")
}

// ofDays selects the same, without the account, of some days with the columns
// service_end and count.
func (w windows) ofDays(days string) string {
	toCome := "FILTER (WHERE " + w.toCome("n.service_end") + ")"
	return fmt.Sprintf(`SELECT min(n.service_end) %[1]s AS initial, (array_agg(n.count ORDER BY n.service_end) %[1]s)[1] AS renewal_systems,
			max(n.service_end) %[1]s AS last, %[2]s
		FROM (SELECT service_end, sum(count)::bigint AS count FROM %[3]s GROUP BY 1) n`, toCome, w.sums(), days)
}

// endAhead is the service end that a device will have at the end of a day to come,
// as a free term of some months renews by itself from its last day on: the first
// end after that day which is a whole number of terms after the present one, on
// the anchor day or the month's last (see calendar.Date.AddMonths). It is made of
// literals, since orders have no arguments.
func endAhead(alias string, day calendar.Date, months int) string {
	end := alias + ".service_end"
	if months < 1 {
		return end
	}
	return fmt.Sprintf(`(CASE WHEN %[1]s.auto_renew AND %[2]s AND %[3]s <= DATE '%[4]s' THEN (
			SELECT min(n.day) FROM (
				SELECT least((m.month + make_interval(months => 1))::date - 1, m.month::date + %[1]s.anchor_day - 1) AS day
				FROM generate_series(1, (%[5]d - (extract(year FROM %[3]s) * 12 + extract(month FROM %[3]s))::int) / %[6]d + 1) k,
					LATERAL (SELECT date_trunc('month', %[3]s::timestamp) + make_interval(months => k * %[6]d) AS month) m) n
			WHERE n.day > DATE '%[4]s') ELSE %[3]s END)`,
		alias, inService(alias), end, day, monthNumber(day), months)
}

// monthNumber counts months from the year 0 on.
func monthNumber(d calendar.Date) int {
	year, month, _ := d.Time().Date()
	return year*12 + int(month)
}
