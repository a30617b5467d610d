package device_test

import (
	"testing"

	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

func TestParseAlignment(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "latest", "majority", "monthEnd", "2028-02-29"} {
		if _, problems := device.ParseAlignment(s); len(problems) > 0 {
			t.Errorf("%q: %+v", s, problems)
		}
	}
	for _, s := range []string{"Latest", "2027-02-29", "month", "1970-01-01"} {
		if _, problems := device.ParseAlignment(s); len(problems) != 1 || problems[0].Code != device.CodeAlignInvalid {
			t.Errorf("%q: %+v", s, problems)
		}
	}
}

func ends(days ...calendar.Date) []device.Allocation {
	var all []device.Allocation
	for _, d := range days {
		all = append(all, device.Allocation{Until: d, AnchorDay: d.Day()})
	}
	return all
}

func TestAlignAmong(t *testing.T) {
	t.Parallel()
	past, near, far := day0-1, day0+10, day0+20
	for _, c := range []struct {
		to   string
		ends []device.Allocation
		want calendar.Date
	}{
		{"latest", ends(past, near, near, far), far},
		{"latest", ends(past, day0), day0},
		{"latest", ends(past, 0), 0},
		{"majority", ends(past, past, past, near, near, far), near},
		{"majority", ends(far, near, far, near), far},
		{"majority", ends(near, far, near, far), far},
		{"majority", nil, 0},
	} {
		a, _ := device.ParseAlignment(c.to)
		if got := a.Among(c.ends, day0); got.Day != c.want {
			t.Errorf("%s of %v: %v, want %v", c.to, c.ends, got.Day, c.want)
		}
	}
}

func TestAlign(t *testing.T) {
	t.Parallel()
	s := registered(t, customer) // until 2027-11-23
	selected := ends(s.State.Service.End, on(2028, 1, 15), on(2028, 3, 10), on(2028, 3, 10))
	wantEnd(t, s.When(order(1, day0, align("latest", day0, selected...))).ThenDone().State, on(2028, 3, 10))
	wantEnd(t, s.When(order(1, day0, align("majority", day0, selected...))).ThenDone().State, on(2028, 3, 10))
	wantEnd(t, s.When(order(1, day0, align("2028-02-29", day0))).ThenDone().State, on(2028, 2, 29))
	s.When(order(1, day0, align("2027-11-23", day0))).Then() // ends there already
	s.When(order(1, day0, align("2027-11-22", day0))).ThenRefused(device.CodeUntilNotLater)
	s.When(order(1, day0, align("latest", day0))).ThenRefused(device.CodeNothingToAlign)
	s.When(order(1, day0, align("latest", day0, selected...), term("P1Y"))).ThenRefused(device.CodeTermAmbiguous)
	s.When(order(1, day0, align("monthEnd", day0), until(on(2029, 1, 1)))).ThenRefused(device.CodeTermAmbiguous)
	s.When(retire).ThenDone().When(order(1, day0, align("monthEnd", day0))).ThenRefused(device.CodeRetired)

	late := on(2028, 2, 3) // expired by then
	wantEnd(t, s.When(order(1, late, align("monthEnd", late))).ThenDone().State, on(2028, 2, 29))
}

// What was aligned stays aligned through later renewals.
func TestAlignedStaysAligned(t *testing.T) {
	t.Parallel()
	day := on(2026, 2, 10)
	monthEnd := given(t).When(register(customer, day)).ThenDone().When(order(1, day, align("monthEnd", day))).ThenDone()
	wantEnd(t, monthEnd.State, on(2027, 2, 28))
	monthEnd.When(order(2, day, align("monthEnd", day))).Then()
	wantEnd(t, monthEnd.When(order(2, day, term("P1Y"))).ThenDone().State, on(2028, 2, 29))

	leap := given(t).When(register(customer, on(2024, 2, 29))).ThenDone()
	selected := []device.Allocation{leap.State.Allocation()} // 2025-02-28, but of the 29th
	other := given(t).When(register(customer, on(2024, 2, 20))).ThenDone().
		When(order(1, on(2024, 3, 1), align("latest", on(2024, 3, 1), selected...))).ThenDone()
	year := func(r *device.Renew) { r.Term, r.Today = calendar.Months(36), on(2024, 3, 1) }
	wantEnd(t, leap.When(order(2, 0, year)).ThenDone().State, on(2028, 2, 29))
	wantEnd(t, other.When(order(2, 0, year)).ThenDone().State, on(2028, 2, 29))
}
