package partnership_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/domaintest"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/rights"
)

var warnDays = []int{31, 7, 1}

func lapse(now time.Time) decision {
	return func(s partnership.State) ([]domain.Event, error) {
		return partnership.DecideLapse(s, now)
	}
}

func warn(now time.Time) decision {
	return func(s partnership.State) ([]domain.Event, error) {
		return partnership.DecideWarn(s, warnDays, now)
	}
}

func TestTheEndIsRecordedOnce(t *testing.T) {
	t.Parallel()
	uid := partnership.UID(reseller, customer)
	night := noon.Add(12 * time.Hour)
	s := given(t).When(establish(rights.ReadOnly)).ThenDone()
	s.When(lapse(noon.AddDate(9, 0, 0))).Then()
	s = s.When(until(night)).ThenDone()
	s.When(lapse(night.Add(-time.Nanosecond))).Then()
	over := s.When(lapse(night)).Then(partnership.PartnershipEnded{Partnership: uid, Automatic: true})
	over.When(lapse(night.AddDate(9, 0, 0))).Then()
	s.When(until(time.Time{})).ThenDone().When(lapse(night)).Then()
	moved := s.When(until(night.Add(time.Hour))).ThenDone()
	moved.When(lapse(night)).Then()
	s.When(end).ThenDone().When(lapse(night)).Then()
	given(t).When(lapse(night)).Then()
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	uid := partnership.UID(reseller, customer)
	last := noon.AddDate(0, 0, 40)
	before := func(days int) time.Time { return last.AddDate(0, 0, -days) }
	warned := func(days int) domain.Event {
		return partnership.PartnershipEndWarned{Partnership: uid, Until: last, DaysBefore: days}
	}
	s := given(t).When(establish(rights.ReadOnly)).ThenDone()
	s.When(warn(last)).Then()
	s = s.When(until(last)).ThenDone()
	s.When(warn(before(31).Add(-time.Nanosecond))).Then()
	first := s.When(warn(before(31))).Then(warned(31))
	first.When(warn(before(8))).Then()
	second := first.When(warn(before(7))).Then(warned(7))
	second.When(warn(before(2))).Then()
	third := second.When(warn(before(1))).Then(warned(1))
	third.When(warn(last.Add(-time.Nanosecond))).Then()
	third.When(warn(before(20))).Then() // the clock was set back

	// After a downtime only the nearest is given.
	s.When(warn(before(5))).Then(warned(7)).When(warn(before(1))).Then(warned(1))
	s.When(warn(last)).Then()
	s.When(end).ThenDone().When(warn(before(1))).Then()

	// Other days from tomorrow on: what was said is not said again.
	fewer := func(s partnership.State) ([]domain.Event, error) {
		return partnership.DecideWarn(s, []int{14, 3}, before(2))
	}
	second.When(fewer).Then(warned(3))
	third.When(fewer).Then()

	// Another end is warned of afresh, the same one is not.
	third.When(until(last)).Then().When(warn(before(1))).Then()
	moved := third.When(until(last.AddDate(0, 0, 30))).ThenDone()
	moved.When(warn(last)).Then(partnership.PartnershipEndWarned{Partnership: uid, Until: last.AddDate(0, 0, 30), DaysBefore: 31})
	third.When(until(time.Time{})).ThenDone().When(until(last)).ThenDone().When(warn(before(7))).Then(warned(7))
}

// However often and late somebody looks, each end is warned of in falling order,
// each time with what is nearest, and ends once.
func TestLookingNowAndThen(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		days := rapid.SliceOfNDistinct(rapid.IntRange(1, 60), 0, 5, rapid.ID).Draw(t, "days")
		s := partnership.State{UID: partnership.UID(reseller, customer)}
		now, ends := noon, 0
		var given []int
		for range 30 {
			now = now.Add(time.Duration(rapid.IntRange(0, 10*24).Draw(t, "hours")) * time.Hour)
			if rapid.IntRange(0, 9).Draw(t, "move") == 0 && s.ActiveAt(now) {
				last := now.AddDate(0, 0, rapid.IntRange(1, 70).Draw(t, "until"))
				for _, e := range domaintest.Allowed(partnership.DecideSetEnd(s, last, now)) {
					s, given = partnership.Evolve(s, e), nil
				}
			}
			events := append(domaintest.Allowed(partnership.DecideWarn(s, days, now)), domaintest.Allowed(lapse(now)(s))...)
			if len(events) > 1 {
				t.Fatalf("warned of what has ended: %+v", events)
			}
			for _, e := range events {
				s = partnership.Evolve(s, e)
				switch e := e.(type) {
				case partnership.PartnershipEndWarned:
					left := s.Until.Sub(now)
					for _, d := range days {
						if d < e.DaysBefore && left <= time.Duration(d)*24*time.Hour {
							t.Fatalf("%d days are nearer than %d", d, e.DaysBefore)
						}
					}
					given = append(given, e.DaysBefore)
				case partnership.PartnershipEnded:
					ends++
				}
			}
			if !slices.IsSortedFunc(given, func(a, b int) int { return b - a }) || len(slices.Compact(slices.Clone(given))) != len(given) || ends > 1 {
				t.Fatalf("warned %v, ended %d times", given, ends)
			}
		}
	})
}
