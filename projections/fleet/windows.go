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
// The days of an account are counted as events come (see counts), and looked up
// one by one: of many days only the first, the last and those up to the end of
// the last window are read, the first only where the one that is kept beside the
// account's counts is not of the day. Of the past there are the versions of devices, which
// are looked up in the same way (see ofVersions).
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

// accountDays selects from an account's days those that count.
func accountDays(column, uid, condition string) string {
	return "SELECT " + column + " FROM service_days n WHERE n.account = " + uid + " AND NOT n.auto_renew AND " + condition
}

// firstEnd selects an account's first end from a day on, no row without one.
func firstEnd(uid, day string) string {
	return accountDays("n.service_end", uid, windows{today: day}.toCome("n.service_end")) + " ORDER BY n.service_end LIMIT 1"
}

// first is the first end of an account with its row of account_counts, all null where
// it has no devices. The first end that is kept there is that of any day from the one
// that it was counted from to itself; of other days it is looked up.
func (w windows) first(uid, counts string) string {
	return fmt.Sprintf(`CASE WHEN %[1]s.account IS NULL THEN NULL
		WHEN %[2]s BETWEEN %[1]s.counted_from AND coalesce(%[1]s.first_end, 'infinity') THEN %[1]s.first_end
		ELSE (%[3]s) END`, counts, w.today, firstEnd(uid, w.today))
}

// ofAccount selects one account's row of initial, renewal_systems, last,
// expired and window0 to window2, as they are now; counts is its row of
// account_counts. Each is a query of its own that the index of days answers, so that
// a page sorted by one of them looks up the others for its own rows only.
func (w windows) ofAccount(uid, counts string) string {
	days := func(column, condition string) string { return accountDays(column, uid, condition) }
	toCome := w.toCome("n.service_end")
	columns := []string{
		w.first(uid, counts) + " AS initial",
		"(" + days("n.count", toCome) + " ORDER BY n.service_end LIMIT 1) AS renewal_systems",
		"(" + days("n.service_end", toCome) + " ORDER BY n.service_end DESC LIMIT 1) AS last",
		"(" + days("sum(n.count)", w.expired("n.service_end")) + ") AS expired",
	}
	for i, span := range w.spans {
		columns = append(columns, fmt.Sprintf("(%s) AS window%d", days("sum(n.count)", w.within("n.service_end", span)), i))
	}
	return "SELECT " + strings.Join(columns, ", ")
}

// versions are those of an account's devices that held at an instant.
type versions struct{ uid, valid string } // SQL: the account, and a condition on v

func (t versions) of(column, condition string) string {
	return "SELECT " + column + " FROM device_versions v WHERE v.account = " + t.uid + " AND " + t.valid + " AND " + condition
}

// counts selects an account's row of total, active and auto_renewing, as account_counts
// has them now.
func (t versions) counts() string {
	number := func(condition string) string { return "(" + t.of("count(*)", condition) + ")" }
	return "SELECT " + number(inService("v")) + " AS total, " +
		number("v.life_cycle = '"+string(device.Active)+"'") + " AS active, " +
		number(inService("v")+" AND v.auto_renew") + " AS auto_renewing"
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
