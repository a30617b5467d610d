package calendar_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/domain/calendar"
)

func TestSpan(t *testing.T) {
	t.Parallel()
	start := time.Date(2028, 1, 31, 10, 30, 0, 0, time.UTC)
	for s, want := range map[string]time.Time{
		"P1M":      time.Date(2028, 2, 29, 10, 30, 0, 0, time.UTC),
		"P5Y":      time.Date(2033, 1, 31, 10, 30, 0, 0, time.UTC),
		"PT90S":    time.Date(2028, 1, 31, 10, 31, 30, 0, time.UTC),
		"P1DT14H":  time.Date(2028, 2, 2, 0, 30, 0, 0, time.UTC),
		"P7D":      time.Date(2028, 2, 7, 10, 30, 0, 0, time.UTC),
		"PT24H1M":  time.Date(2028, 2, 1, 10, 31, 0, 0, time.UTC),
		"P1Y2M3DT": {},
		"PT":       {}, "P": {}, "": {}, "T1H": {}, "PT1D": {}, "P1H": {}, "PT-1H": {}, "PT1.5H": {}, "P1MT1HT1H": {}, "PT0S": {},
	} {
		span, err := calendar.ParseSpan(s)
		if (err != nil) != want.IsZero() {
			t.Errorf("%q: %v", s, err)
		} else if err == nil && !span.From(start).Equal(want) {
			t.Errorf("%s from %v is %v, want %v", s, start, span.From(start), want)
		}
	}
}

func TestSpanLeadsAhead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		from := time.Unix(rapid.Int64Range(40_000_000, 6_000_000_000).Draw(t, "from"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns"))
		span := calendar.Span{
			Term: calendar.Term{Months: rapid.IntRange(0, 300).Draw(t, "months"), Days: rapid.IntRange(0, 900).Draw(t, "days")},
			Time: time.Duration(rapid.IntRange(0, 1e6).Draw(t, "seconds")) * time.Second,
		}
		if to := span.From(from); to.Before(from) || span != (calendar.Span{}) && !to.After(from) {
			t.Fatalf("%+v from %v is %v", span, from, to)
		}
	})
}
