package view

import (
	"testing"

	"github.com/fleetledger/fleetledger/domain/calendar"
)

// Days are told from today, and on a page of another day from that day.
func TestDistances(t *testing.T) {
	t.Parallel()
	const day = 20_000
	for days, want := range map[calendar.Date][2]string{
		0: {"today", "that day"}, 1: {"tomorrow", "the day after"}, -1: {"yesterday", "the day before"},
		90: {"in 90 days", "90 days later"}, -7: {"7 days ago", "7 days earlier"}, 120: {"in 4 months", "4 months later"},
		-800: {"2 years ago", "2 years earlier"},
	} {
		present, past := Frame{Today: day}, Frame{Today: day + 50, AsOf: day}
		if got := [2]string{present.Distance(day + days), past.Distance(day + days)}; got != want {
			t.Errorf("%d: %q, want %q", days, got, want)
		}
	}
}

// Values of fields and months are told in words.
func TestValuesInWords(t *testing.T) {
	t.Parallel()
	if got := monthName("2026-11"); got != "November 2026" {
		t.Errorf("a month is %q", got)
	}
	for field, pair := range map[string][2]string{
		"term": {"P5Y", "5 years"}, "offer": {"complete", "Complete"}, "autoRenew": {"true", "yes"}, "labels": {"a|b", "a, b"}, "name": {"", "none"},
	} {
		if got := shownValue(field, pair[0]); got != pair[1] {
			t.Errorf("%s %q reads %q, want %q", field, pair[0], got, pair[1])
		}
	}
}
