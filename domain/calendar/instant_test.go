package calendar_test

import (
	"testing"
	"time"

	"github.com/fleetledger/fleetledger/domain/calendar"
)

func TestParseInstant(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2026-01-31":                "2026-01-31T23:59:59.999999Z 2026-01-31",
		"2026-01-31T12:00:00Z":      "2026-01-31T12:00:00Z ",
		"2026-01-31T00:00:00+01:00": "2026-01-30T23:00:00Z ",
		"yesterday":                 "",
		"1970-01-01":                "",
		"2026-02-30":                "",
		"":                          "",
	} {
		at, day, err := calendar.ParseInstant(text)
		got := at.Format(time.RFC3339Nano) + " " + day.String()
		if err != nil {
			got = ""
		}
		if got != want {
			t.Errorf("%q: got %q, want %q (%v)", text, got, want, err)
		}
	}
}
