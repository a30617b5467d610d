package forecasts

import (
	"time"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

// Month is a month, or what is left of the first.
type Month struct {
	From, To  calendar.Date
	Ends      int // services that somebody has to renew
	Automatic int // free terms that renew by themselves
	Expired   int // services that have ended before its last day, unless somebody renews
}

// months counts the months from an instant on. A free term that ends on the first
// day of all has renewed already.
func months(row query.ForecastRow, now time.Time, n int, rules device.Rules) []Month {
	all := make([]Month, n)
	today := calendar.DateOf(now)
	begins := func(i int) time.Time {
		if i == 0 {
			return now
		}
		return all[i].From.Time()
	}
	for i := range all {
		from := max(today, today.AddMonths(i, 1))
		all[i] = Month{From: from, To: from.MonthEnd()}
	}
	for _, c := range row.Ends {
		if i := monthsFrom(today, c.Day); c.Day >= today && i < n && c.ActiveAt(begins(i)) {
			all[i].Ends += c.Count
		}
		for i := range all {
			if c.Day < all[i].To && c.ActiveAt(all[i].To.End()) {
				all[i].Expired += c.Count
			}
		}
	}
	for _, c := range row.Free {
		for end := range device.FreeEnds(c.Day, c.AnchorDay, rules) {
			i := monthsFrom(today, end)
			if i >= n {
				break
			}
			if end > today && c.ActiveAt(begins(i)) {
				all[i].Automatic += c.Count
			}
		}
	}
	return all
}

// monthsFrom is how many months after that of today the month of a day is.
func monthsFrom(today, day calendar.Date) int {
	y, m, _ := today.Time().Date()
	year, month, _ := day.Time().Date()
	return (year-y)*12 + int(month-m)
}
