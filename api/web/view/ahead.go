package view

import (
	"fmt"
	"strconv"
	"time"

	"github.com/fleetledger/fleetledger/api/openapi"
)

// Ahead is what comes up for renewal, counted from a day: totals, and month by month.
type Ahead struct {
	Frame    Frame
	Forecast openapi.Forecast
}

// later are the systems that are in none of the windows and have not expired.
func (a Ahead) later() int {
	t := a.Forecast.Totals
	n := t.TotalSystems - t.Expired
	for _, w := range t.Windows {
		n -= w.Count
	}
	return n
}

// Sizes of the chart: heights in pixels, widths in per cent.
const (
	barRoom  = 78.0
	baseLine = 104.0
)

// bar is a month of the chart.
type bar struct {
	Month               openapi.ForecastMonth
	Hit, Left, Width    string // widths in per cent
	Middle, Step        string
	DueTop, DueHeight   string
	AutoTop, AutoHeight string
	Value               string
	ValueTop            string
	Letter              string
	Year, YearClass     string // the year where it begins
	Title               string
}

// bars are the months of the chart, as tall as the fullest allows.
func (a Ahead) bars() []bar {
	most := 1
	for _, m := range a.Forecast.Months {
		most = max(most, m.Ends+m.Automatic)
	}
	step := 100 / float64(max(len(a.Forecast.Months), 1))
	percent := func(x float64) string { return strconv.FormatFloat(x, 'f', 3, 64) + "%" }
	pixels := func(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }
	bars := make([]bar, len(a.Forecast.Months))
	for i, m := range a.Forecast.Months {
		left := step * float64(i)
		due, auto := barRoom*float64(m.Ends)/float64(most), barRoom*float64(m.Automatic)/float64(most)
		b := bar{
			Month: m, Hit: percent(left), Step: percent(step), Left: percent(left + 0.17*step), Width: percent(0.66 * step), Middle: percent(left + 0.5*step),
			DueTop: pixels(baseLine - due), DueHeight: pixels(due), AutoTop: pixels(baseLine - due - auto), AutoHeight: pixels(auto),
			Value: Number(m.Ends + m.Automatic), ValueTop: pixels(baseLine - due - auto - 4),
		}
		day := Date(&m.From).Time()
		b.Letter, b.Title = day.Format("January")[:1], monthTitle(day, m)
		if i == 0 || day.Month() == time.January {
			b.Year, b.YearClass = day.Format("2006"), "start year"
		}
		if i == 0 && day.Month() > time.September { // the next year would begin under it
			b.YearClass = "start year long"
		}
		bars[i] = b
	}
	return bars
}

func monthTitle(day time.Time, m openapi.ForecastMonth) string {
	title := fmt.Sprintf("%s: %s an order", day.Format("January 2006"), needs(m.Ends))
	if m.Automatic > 0 {
		title += ", " + Number(m.Automatic) + " renew by themselves"
	}
	return title
}

func needs(n int) string {
	if n == 1 {
		return "1 needs"
	}
	return Number(n) + " need"
}

// devices opens the devices behind a number of a month.
func (a Ahead) devices(m openapi.ForecastMonth, renewal string) string {
	return a.Frame.At("/devices", "serviceEndFrom", m.From, "serviceEndTo", m.To, "renewal", renewal)
}
