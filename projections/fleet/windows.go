package fleet

import (
	"fmt"

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
// the last window are read. Of the past there are the versions of devices, and
// all accounts are summed up at once.
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

// ofAccount selects one account's row of initial, renewal_systems, last,
// expired and window0 to window2, as they are now. The index of days leads to
// each of them.
func (w windows) ofAccount(uid string) string {
	horizon := 0
	for _, span := range w.spans {
		horizon = max(horizon, span.ToDay)
	}
	days := "FROM service_days n WHERE n.account = " + uid + " AND NOT n.auto_renew AND "
	return fmt.Sprintf(`SELECT first.service_end AS initial, first.count AS renewal_systems, last.service_end AS last,
			sums.expired, sums.window0, sums.window1, sums.window2
		FROM (SELECT %[1]s %[2]s n.service_end <= %[3]s + %[4]d) sums
		LEFT JOIN (SELECT n.service_end, n.count %[2]s %[5]s ORDER BY n.service_end LIMIT 1) first ON true
		LEFT JOIN (SELECT n.service_end %[2]s %[5]s ORDER BY n.service_end DESC LIMIT 1) last ON true`,
		w.sums(), days, w.today, horizon, w.toCome("n.service_end"))
}

// ofDevices selects the same for each account of some versions of devices, with
// the column account.
func (w windows) ofDevices(versions string) string {
	toCome := "FILTER (WHERE " + w.toCome("n.service_end") + ")"
	return fmt.Sprintf(`SELECT n.account, min(n.service_end) %[1]s AS initial,
			(array_agg(n.count ORDER BY n.service_end) %[1]s)[1] AS renewal_systems, max(n.service_end) %[1]s AS last, %[2]s
		FROM (SELECT v.account, v.service_end, count(*) AS count FROM %[3]s v
			WHERE %[4]s AND v.service_end IS NOT NULL GROUP BY 1, 2) n
		GROUP BY n.account`, toCome, w.sums(), versions, counted("v"))
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
