package device

import (
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// Alignment says on which day the services of the selected devices are to end
// together (co-terming). No service gets shorter: a device that ends later than
// the day is refused with until_not_later, one that ends on it is unchanged.
// The zero Alignment is none.
//
//	a date    that day
//	latest    the latest end among the selected devices
//	majority  the end that most of the selected devices have; of several such
//	          the latest
//	monthEnd  for each device the last day of the month in which it ends, or of
//	          this month when it has ended before
//
// For latest and majority only ends from today on count. The ends are those of
// State.Renewable: what is parked, where a reseller holds the device.
type Alignment struct {
	Kind AlignmentKind
	// Day and AnchorDay are where the services are to end, and the day of month
	// that later renewals aim at: for a date given with it, for latest and
	// majority found by Among.
	Day       calendar.Date
	AnchorDay int
}

// AlignmentKind is one of the ways to align.
type AlignmentKind string

// The kinds of alignment.
const (
	AlignDate     AlignmentKind = "date"
	AlignLatest   AlignmentKind = "latest"
	AlignMajority AlignmentKind = "majority"
	AlignMonthEnd AlignmentKind = "monthEnd"
)

// ParseAlignment reads a date (YYYY-MM-DD), latest, majority or monthEnd; empty
// is none.
func ParseAlignment(s string) (Alignment, []domain.Problem) {
	switch kind := AlignmentKind(s); kind {
	case "":
		return Alignment{}, nil
	case AlignLatest, AlignMajority, AlignMonthEnd:
		return Alignment{Kind: kind}, nil
	}
	day, err := calendar.Parse(s)
	if err != nil {
		return Alignment{}, invalid(CodeAlignInvalid, "Align to a date (YYYY-MM-DD), latest, majority or monthEnd.")
	}
	return Alignment{Kind: AlignDate, Day: day, AnchorDay: day.Day()}, nil
}

// NeedsSelection reports whether Among has yet to find the day.
func (a Alignment) NeedsSelection() bool {
	return (a.Kind == AlignLatest || a.Kind == AlignMajority) && a.Day.IsZero()
}

// Among finds the day of latest and majority among what the selected devices
// have. It stays open when none of them ends today or later. The anchor day
// comes with the end, so that devices that were aligned stay so.
func (a Alignment) Among(selected []Allocation, today calendar.Date) Alignment {
	if !a.NeedsSelection() {
		return a
	}
	count, most := map[calendar.Date]int{}, 0
	for _, s := range selected {
		if s.Until < today || s.Until.IsZero() {
			continue
		}
		count[s.Until]++
		n := count[s.Until]
		if a.Kind == AlignLatest {
			n = 1
		}
		if n > most || n == most && s.Until > a.Day {
			a.Day, most = s.Until, n
		}
	}
	for _, s := range selected {
		if s.Until == a.Day {
			a.AnchorDay = max(a.AnchorDay, s.AnchorDay)
		}
	}
	return a
}

// target is the day on which a device is to end; zero: there is none.
func (a Alignment) target(old Allocation, today calendar.Date) calendar.Date {
	if a.Kind == AlignMonthEnd {
		return max(old.Until, today).MonthEnd()
	}
	return a.Day
}

// anchorDay keeps month ends month ends.
func (a Alignment) anchorDay() int {
	if a.Kind == AlignMonthEnd {
		return lastAnchor
	}
	return a.AnchorDay
}

// lastAnchor aims at the last day of every month.
const lastAnchor = 31
