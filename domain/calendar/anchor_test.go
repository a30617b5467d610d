package calendar_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/domain/calendar"
)

// dates from 1971 to 2170: leap years, and 2100 which is none.
func dates() *rapid.Generator[calendar.Date] {
	return rapid.Custom(func(t *rapid.T) calendar.Date {
		if rapid.Bool().Draw(t, "edge") { // the days around the ends of months
			year, month := rapid.IntRange(1971, 2170).Draw(t, "year"), time.Month(rapid.IntRange(1, 12).Draw(t, "month"))
			return calendar.On(year, month, rapid.IntRange(27, 32).Draw(t, "day"))
		}
		return calendar.On(1971, 1, 1) + calendar.Date(rapid.IntRange(0, 73_000).Draw(t, "days"))
	})
}

func months(d calendar.Date) int {
	y, m, _ := d.Time().Date()
	return 12*y + int(m)
}

// TestAddMonthsInSteps: however a span is cut, it leads to the same day. Without
// an anchor a short month on the way would cost days.
func TestAddMonthsInSteps(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := dates().Draw(t, "date")
		anchor, step, sum := d.Day(), d, 0
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, 60), 1, 12).Draw(t, "steps") {
			step, sum = step.AddMonths(n, anchor), sum+n
			if whole := d.AddMonths(sum, anchor); step != whole {
				t.Fatalf("%v plus %d months: %v in steps, %v at once", d, sum, step, whole)
			}
		}
	})
}

// TestAddMonthsKeepsTheOrder: who ends later renews to later, or to the same
// day at the end of a short month, as long as the anchors are in order too.
func TestAddMonthsKeepsTheOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := dates().Draw(t, "a"), dates().Draw(t, "b")
		if a > b {
			a, b = b, a
		}
		n := rapid.IntRange(0, 240).Draw(t, "months")
		if x, y := a.AddMonths(n, a.Day()), b.AddMonths(n, b.Day()); x > y {
			t.Fatalf("%v before %v, but %v after %v", a, b, x, y)
		}
		if n > 0 && a.AddMonths(n, a.Day()) <= a {
			t.Fatalf("%v plus %d months is not later", a, n)
		}
	})
}

// TestLeapDay: 29 February comes back in every leap year and only there.
func TestLeapDay(t *testing.T) {
	t.Parallel()
	d := calendar.On(2024, 2, 29)
	for year := 2024; year < 2170; year++ {
		want := 28
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			want = 29
		}
		if got := d.AddMonths(12*(year-2024), 29); got != calendar.On(year, 2, want) {
			t.Fatalf("in %d it is %v", year, got)
		}
	}
}

func TestMonthEnd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := dates().Draw(t, "date")
		end := d.MonthEnd()
		if end < d || months(end) != months(d) || (end+1).Day() != 1 || end.MonthEnd() != end {
			t.Fatalf("the month of %v ends on %v", d, end)
		}
	})
}

func TestDateAsText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := dates().Draw(t, "date")
		back, err := calendar.Parse(d.String())
		if err != nil || back != d || calendar.DateOf(d.Time()) != d || calendar.DateOf(d.Time().Add(24*time.Hour-1)) != d {
			t.Fatalf("%v reads back as %v, %v", d, back, err)
		}
	})
}

func TestTermAsText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		term := calendar.Term{Months: rapid.IntRange(0, 240).Draw(t, "months"), Days: rapid.IntRange(0, 9999).Draw(t, "days")}
		if term == (calendar.Term{}) {
			return
		}
		back, err := calendar.ParseTerm(term.String())
		if err != nil || back != term {
			t.Fatalf("%v reads back as %v, %v", term, back, err)
		}
	})
}
