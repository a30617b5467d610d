package due_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/due"
)

// anyWindows draws disjoint windows in order, perhaps with gaps.
func anyWindows(t *rapid.T) []due.Window {
	var all []due.Window
	from := 0
	for i := range rapid.IntRange(1, 4).Draw(t, "windows") {
		from += rapid.IntRange(0, 4).Draw(t, "gap")
		to := from + rapid.IntRange(0, 12).Draw(t, "length")
		all = append(all, due.Window{Name: fmt.Sprint("window ", i), FromDay: from, ToDay: to})
		from = to + 1
	}
	return all
}

// deed draws something that happens to a device on a day.
func deed(t *rapid.T, s device.State, today calendar.Date) domain.Event {
	until := today.AddDays(rapid.IntRange(-20, 60).Draw(t, "end"))
	if !s.Exists() {
		return registered(rapid.SampledFrom([]uuid.UUID{customer, reseller}).Draw(t, "account"), until)
	}
	switch rapid.SampledFrom([]string{"transfer", "transfer", "renew", "reverse", "retire", "reinstate", "rename", "suspend"}).Draw(t, "deed") {
	case "transfer":
		to := rapid.SampledFrom([]uuid.UUID{customer, reseller, {3}}).Draw(t, "to")
		if rapid.Bool().Draw(t, "same end") {
			until = s.Service.End
		}
		return device.Transferred{To: to, Service: device.Service{End: until, AutoRenew: to == reseller}}
	case "renew":
		return device.ServiceRenewed{Renewal: uuid.UUID{4}, NewEnd: s.Service.End.AddDays(rapid.IntRange(1, 40).Draw(t, "term"))}
	case "reverse":
		return device.RenewalReversed{Renewal: uuid.UUID{4}, Restored: &device.Allocation{Until: s.Service.End.AddDays(-rapid.IntRange(1, 40).Draw(t, "term"))}}
	case "retire":
		return device.Retired{}
	case "reinstate":
		return device.Reinstated{}
	case "suspend":
		return device.Suspended{}
	}
	return device.Renamed{}
}

// watch tells of one device in the way that the package is meant for: it looks what is
// next whenever other things are to be told, and tells at each mark of a day.
type watch struct {
	state      device.State
	next, last calendar.Date // what is to be told next, and the last marked day
	told       map[string]due.Telling
	over       calendar.Date // an end from before the first mark
}

func (w *watch) evolve(windows []due.Window, e domain.Event) {
	before := w.state
	w.state = device.Evolve(before, e)
	if due.Changed(before, w.state) {
		w.next = due.Next(due.Tellings(w.state, windows), w.last)
	}
}

// mark is what is told as a day begins.
func (w *watch) mark(windows []due.Window, day calendar.Date) (fresh []due.Telling) {
	if w.next != 0 && w.next <= day {
		var told []due.Telling
		told, w.next = due.Between(due.Tellings(w.state, windows), w.next, day)
		if w.last == 0 {
			told = due.Current(told, day)
		}
		for _, told := range told {
			if _, twice := w.told[told.Key()]; !twice {
				w.told[told.Key()] = told
				fresh = append(fresh, told)
			}
		}
	}
	w.last = day
	return fresh
}

// TestWhatIsTold: whatever becomes of a device, and whichever days are marked, what is
// true of it on a marked day has been told by then, once, and nothing else is told.
func TestWhatIsTold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		windows := anyWindows(t)
		w := &watch{told: map[string]due.Telling{}}
		today := calendar.On(2027, 1, 1)
		for range rapid.IntRange(1, 60).Draw(t, "days") {
			skipped := rapid.SampledFrom([]int{1, 1, 1, 1, 2, 3, 10, 100}).Draw(t, "days since")
			today = today.AddDays(skipped)
			for range rapid.IntRange(0, 2).Draw(t, "deeds") {
				w.evolve(windows, deed(t, w.state, today))
			}
			known, first := len(w.told), w.last == 0
			fresh := w.mark(windows, today)
			require.Len(t, w.told, known+len(fresh))
			checkTold(t, w, windows, fresh, today, first)
			require.Empty(t, w.mark(windows, today), "the day once more")
		}
	})
}

// checkTold looks at what was told with a mark, by the rule and not by how it was found.
func checkTold(t *rapid.T, w *watch, windows []due.Window, fresh []due.Telling, today calendar.Date, first bool) {
	s := w.state
	left := int(s.Service.End - today)
	counting := s.Exists() && s.LifeCycle != device.OutOfService && !s.Service.AutoRenew
	if !counting {
		require.Empty(t, fresh, "%+v", s)
		return
	}
	for _, window := range windows {
		if window.FromDay <= left && left <= window.ToDay {
			is := due.ServiceExpiring{Device: s.UID, ServiceEnd: s.Service.End, Window: window.Name}
			require.Contains(t, w.told, due.Telling{Event: is}.Key(), "%d days left", left)
		}
	}
	if first && left < -1 {
		w.over = s.Service.End
	}
	if left < 0 && s.Service.End != w.over {
		over := due.ServiceExpired{Device: s.UID, ServiceEnd: s.Service.End}
		require.Contains(t, w.told, due.Telling{Event: over}.Key(), "%d days left", left)
	}
	last := calendar.Date(0)
	for _, f := range fresh {
		require.GreaterOrEqual(t, f.On, last, "the order of days")
		last = f.On
		require.LessOrEqual(t, f.On, today)
		device, account := f.Of()
		require.Equal(t, []uuid.UUID{s.UID, s.Account}, []uuid.UUID{device, account})
		switch e := f.Event.(type) {
		case due.ServiceExpiring:
			require.Equal(t, s.Service.End, e.ServiceEnd)
			require.Equal(t, s.Service.End.AddDays(-e.ToDay), f.On)
			require.False(t, first && today > s.Service.End.AddDays(-e.FromDay), "over before the first mark")
		case due.ServiceExpired:
			require.Equal(t, s.Service.End, e.ServiceEnd)
			require.Negative(t, left)
			require.False(t, first && left < -1, "over before the first mark")
		}
	}
}
