package calendar

import (
	"fmt"
	"time"
)

// ParseInstant reads an instant to look back to: one of RFC 3339, or a date, which
// means its end. The date is given too, zero for an instant. Years from 1971 on.
func ParseInstant(s string) (time.Time, Date, error) {
	if d, err := Parse(s); err == nil {
		return d.End(), d, nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() < 1971 {
		return time.Time{}, 0, fmt.Errorf("%q is neither an instant such as 2026-01-31T12:00:00Z nor a date such as 2026-01-31, which means its end", s)
	}
	return t.UTC(), 0, nil
}

// End is the last microsecond of the date (UTC), the finest that is kept.
func (d Date) End() time.Time { return d.AddDays(1).Time().Add(-time.Microsecond) }
