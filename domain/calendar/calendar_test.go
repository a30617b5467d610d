package calendar_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/domain/calendar"
)

func on(y int, m time.Month, d int) calendar.Date { return calendar.On(y, m, d) }

// Renewal 4: calendar arithmetic keeps the anchor day.
func TestTermFrom(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		from   calendar.Date
		term   string
		anchor int
		want   calendar.Date
	}{
		{on(2026, 11, 23), "P1Y", 23, on(2027, 11, 23)},
		{on(2024, 2, 29), "P1Y", 29, on(2025, 2, 28)},
		{on(2025, 2, 28), "P3Y", 29, on(2028, 2, 29)},
		{on(2024, 2, 29), "P4Y", 29, on(2028, 2, 29)},
		{on(2096, 2, 29), "P4Y", 29, on(2100, 2, 28)}, // no leap year
		{on(2027, 1, 31), "P1M", 31, on(2027, 2, 28)},
		{on(2027, 2, 28), "P1M", 31, on(2027, 3, 31)},
		{on(2027, 12, 15), "P1M", 15, on(2028, 1, 15)},
		{on(2027, 2, 28), "P2D", 31, on(2027, 3, 2)},
		{on(2027, 1, 31), "P1M1D", 31, on(2027, 3, 1)},
	} {
		term, err := calendar.ParseTerm(tt.term)
		if err != nil {
			t.Fatal(err)
		}
		if got := term.From(tt.from, tt.anchor); got != tt.want {
			t.Errorf("%v + %s (anchor %d) = %v, want %v", tt.from, tt.term, tt.anchor, got, tt.want)
		}
	}
}

// TestAddMonths: over all months the result is in the right month, on the
// anchor day or the last one before it, and steps add up to the whole way.
func TestAddMonths(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		from := on(1971, 1, 1) + calendar.Date(rapid.IntRange(0, 60_000).Draw(t, "from"))
		n, anchor := rapid.IntRange(1, 240).Draw(t, "months"), rapid.IntRange(from.Day(), 31).Draw(t, "anchor")
		got := from.AddMonths(n, anchor)
		y, m, d := from.Time().Date()
		first := time.Date(y, m+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
		if gy, gm, _ := got.Time().Date(); gy != first.Year() || gm != first.Month() {
			t.Fatalf("%v + %d months = %v", from, n, got)
		}
		if last := first.AddDate(0, 1, -1).Day(); got.Day() != min(anchor, last) {
			t.Fatalf("%v + %d months (anchor %d) = %v", from, n, anchor, got)
		}
		step := from
		for range n {
			step = step.AddMonths(1, anchor)
		}
		if step != got {
			t.Fatalf("%d steps of a month from %v (day %d) lead to %v, not %v", n, from, d, step, got)
		}
		if got <= from {
			t.Fatalf("%v + %d months = %v", from, n, got)
		}
	})
}

func TestDate(t *testing.T) {
	t.Parallel()
	late := time.Date(2026, 11, 23, 23, 30, 0, 0, time.FixedZone("west", -3600))
	if got := calendar.DateOf(late); got != on(2026, 11, 24) {
		t.Errorf("the UTC date of %v is %v", late, got)
	}
	if got := on(2026, 12, 31).AddDays(1); got != on(2027, 1, 1) {
		t.Errorf("the day after is %v", got)
	}
	var none, read calendar.Date
	data, err := json.Marshal(map[string]calendar.Date{"a": none, "b": on(2026, 11, 23)})
	if err != nil || string(data) != `{"a":"","b":"2026-11-23"}` {
		t.Errorf("%s %v", data, err)
	}
	if err := json.Unmarshal([]byte(`""`), &read); err != nil || !read.IsZero() {
		t.Errorf("%v %v", read, err)
	}
	if err := json.Unmarshal([]byte(`"2026-02-30"`), &read); err == nil {
		t.Errorf("30 February was read as %v", read)
	}
	for _, bad := range []string{"", "2026-2-3", "2026-13-01", "1970-01-01", "0000-00-00", "2026-11-23T00:00:00Z", "12026-01-01"} {
		if d, err := calendar.Parse(bad); err == nil {
			t.Errorf("%q was read as %v", bad, d)
		}
	}
}

func TestParseTerm(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"P1Y": "P1Y", "P12M": "P1Y", "P18M": "P1Y6M", "P90D": "P90D", "P1Y2M3D": "P1Y2M3D",
		"": "", "P": "", "P0D": "", "P0Y": "", "1Y": "", "P-1Y": "", "P1.5Y": "", "PT1H": "", "P1W": "", "p1y": "", "P1000Y": "", "P1D1Y": "",
	} {
		term, err := calendar.ParseTerm(in)
		if (err != nil) != (want == "") || err == nil && term.String() != want {
			t.Errorf("%q: %v %v", in, term, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("2026-11-23")
	f.Add("9999-12-31")
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := calendar.Parse(s); err == nil && (d.String() != s || d.IsZero()) {
			t.Fatalf("%q becomes %q", s, d)
		}
	})
}

func FuzzParseTerm(f *testing.F) {
	f.Add("P1Y2M3D")
	f.Fuzz(func(t *testing.T, s string) {
		term, err := calendar.ParseTerm(s)
		if err != nil {
			return
		}
		if again, err := calendar.ParseTerm(term.String()); err != nil && term.Months < 12000 || err == nil && again != term {
			t.Fatalf("%q becomes %v, %v %v", s, term, again, err)
		}
		if from := on(2026, 11, 23); term.From(from, 23) <= from {
			t.Fatalf("%q does not lead on", s)
		}
	})
}
