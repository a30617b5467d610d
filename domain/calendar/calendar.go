// Package calendar has dates and terms: whole UTC days, and ISO 8601 periods
// that keep an anchor day when added.
package calendar

import (
	"fmt"
	"time"
)

// Date is a calendar date, counted in days since 1970-01-01 (UTC). The zero
// Date is that day, which no device has seen: it stands for "none".
type Date int32

// Layout is the only text form of a date.
const Layout = time.DateOnly

// On makes a Date; values out of range are normalised as time.Date does.
func On(year int, month time.Month, day int) Date {
	return Date(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// DateOf is the UTC date of an instant.
func DateOf(t time.Time) Date {
	y, m, d := t.UTC().Date()
	return On(y, m, d)
}

// Parse reads YYYY-MM-DD, years 1971 to 9999.
func Parse(s string) (Date, error) {
	t, err := time.Parse(Layout, s)
	if err != nil || t.Year() < 1971 {
		return 0, fmt.Errorf("%q is not a date in the form YYYY-MM-DD", s)
	}
	return DateOf(t), nil
}

// Time is the midnight (UTC) that the date begins with.
func (d Date) Time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// IsZero reports whether there is no date.
func (d Date) IsZero() bool { return d == 0 }

// String is YYYY-MM-DD, or empty for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.Time().Format(Layout)
}

// Day is the day of the month, 1 to 31.
func (d Date) Day() int { return d.Time().Day() }

// AddDays is n days later.
func (d Date) AddDays(n int) Date { return d + Date(n) }

// MarshalText makes YYYY-MM-DD.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads YYYY-MM-DD; empty is no date.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = 0
		return nil
	}
	parsed, err := Parse(string(text))
	*d = parsed
	return err
}

// MonthEnd is the last day of the date's month.
func (d Date) MonthEnd() Date { return d.AddMonths(0, 31) }

// AddMonths is the date n months on that comes closest to the anchor day
// (1 to 31) without leaving the month: 29 February plus twelve months is
// 28 February, plus 48 the 29th again, when the anchor is 29.
func (d Date) AddMonths(n, anchorDay int) Date {
	y, m, _ := d.Time().Date()
	first := time.Date(y, m+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return On(first.Year(), first.Month(), min(anchorDay, last))
}
