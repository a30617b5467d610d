package due_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/domaintest"
	"github.com/fleetledger/fleetledger/domain/due"
)

var (
	end     = calendar.On(2027, 6, 30)
	windows = []due.Window{{Name: "red", FromDay: 0, ToDay: 30}, {Name: "amber", FromDay: 31, ToDay: 60}, {Name: "green", FromDay: 61, ToDay: 90}}

	customer, reseller = uuid.UUID{1}, uuid.UUID{2}
	uid                = device.UID("LB00000000000001")
)

// registered is the first event of the device, in an account.
func registered(account uuid.UUID, until calendar.Date) device.Registered {
	return device.Registered{
		Device: uid, SerialNumber: "LB00000000000001", Account: account, LifeCycle: device.Active,
		Service: device.Service{End: until, AutoRenew: account == reseller},
	}
}

// TestGolden: no log has the events, but readers know their form.
func TestGolden(t *testing.T) {
	t.Parallel()
	domaintest.Golden(t, due.Codec,
		due.ServiceExpiring{Device: uid, SerialNumber: "LB00000000000001", Account: customer, ServiceEnd: end, Window: "red", ToDay: 30},
		due.ServiceExpired{Device: uid, SerialNumber: "LB00000000000001", Account: customer, ServiceEnd: end},
	)
}

// then expects tellings by the day that each begins with.
func then(t *testing.T, got []due.Telling, want ...string) {
	t.Helper()
	all := []string{}
	for _, g := range got {
		name := g.On.String() + " " + g.Event.EventType()
		if e, ok := g.Event.(due.ServiceExpiring); ok {
			name += " " + e.Window
		}
		all = append(all, name)
	}
	require.Equal(t, append([]string{}, want...), all)
}

func given(t *testing.T, events ...domain.Event) device.State {
	t.Helper()
	return domaintest.Given(t, device.Evolve, events...).State
}

func TestTellings(t *testing.T) {
	t.Parallel()
	all := due.Tellings(given(t, registered(customer, end)), windows)
	then(t, all, "2027-04-01 ServiceExpiring green", "2027-05-01 ServiceExpiring amber", "2027-05-31 ServiceExpiring red", "2027-07-01 ServiceExpired")
	require.Equal(t, due.ServiceExpiring{
		Device: uid, SerialNumber: "LB00000000000001", Account: customer, ServiceEnd: end, Window: "amber", FromDay: 31, ToDay: 60,
	}, all[1].Event)
	require.Equal(t, calendar.On(2027, 5, 30), all[1].Until)
	require.Equal(t, end, all[2].Until)
	require.True(t, all[3].Until.IsZero())

	none := map[string]device.State{
		"not registered": {},
		"retired":        given(t, registered(customer, end), device.Retired{}),
		"by itself":      given(t, registered(reseller, end)),
	}
	for name, s := range none {
		require.Empty(t, due.Tellings(s, windows), name)
	}
	require.Len(t, due.Tellings(given(t, registered(customer, end), device.Suspended{}), windows), 4)
	require.Len(t, due.Tellings(given(t, registered(customer, end), device.Retired{}, device.Reinstated{}), windows), 4)
	// One that was retired with a reseller's account still does not renew by itself.
	require.Empty(t, due.Tellings(given(t, registered(reseller, end), device.Retired{}), windows))
}

func TestNext(t *testing.T) {
	t.Parallel()
	all := due.Tellings(given(t, registered(customer, end)), windows)
	gaps := due.Tellings(given(t, registered(customer, end)), []due.Window{{Name: "soon", FromDay: 1, ToDay: 5}, {Name: "later", FromDay: 20, ToDay: 30}})
	for _, c := range []struct {
		of    []due.Telling
		since int // days after the end
		next  int
	}{
		{all, -91, -90},
		{all, -90, -90},
		{all, -61, -90},
		{all, -60, -60},
		{all, 0, -30},
		{all, 1, 1},
		{all, 900, 1}, // what is over stays so
		{gaps, -31, -30},
		{gaps, -20, -30},
		{gaps, -19, -5}, // in no window
		{gaps, 0, 1},
	} {
		require.Equal(t, end.AddDays(c.next), due.Next(c.of, end.AddDays(c.since)), "%d days", c.since)
	}
	require.Zero(t, due.Next(nil, end))
}

func TestBetween(t *testing.T) {
	t.Parallel()
	all := due.Tellings(given(t, registered(customer, end)), windows)
	told, next := due.Between(all, end.AddDays(-90), end.AddDays(-30))
	then(t, told, "2027-04-01 ServiceExpiring green", "2027-05-01 ServiceExpiring amber", "2027-05-31 ServiceExpiring red")
	require.Equal(t, end.AddDays(1), next)
	told, next = due.Between(all, end.AddDays(-89), end.AddDays(-61))
	then(t, told)
	require.Equal(t, end.AddDays(-60), next)
	told, next = due.Between(all, end.AddDays(1), end.AddDays(99))
	then(t, told, "2027-07-01 ServiceExpired")
	require.Zero(t, next)
}

func TestCurrent(t *testing.T) {
	t.Parallel()
	current := func(n int) []due.Telling {
		return due.Current(due.Tellings(given(t, registered(customer, end)), windows), end.AddDays(n))
	}
	then(t, current(-31), "2027-05-01 ServiceExpiring amber", "2027-05-31 ServiceExpiring red")
	then(t, current(0), "2027-05-31 ServiceExpiring red")
	then(t, current(1), "2027-07-01 ServiceExpired")
	then(t, current(2))
}

func TestSort(t *testing.T) {
	t.Parallel()
	of := func(id byte, on calendar.Date, e domain.Event) due.Telling {
		switch e := e.(type) {
		case due.ServiceExpiring:
			e.Device = uuid.UUID{id}
			return due.Telling{On: on, Event: e}
		case due.ServiceExpired:
			e.Device = uuid.UUID{id}
			return due.Telling{On: on, Event: e}
		}
		return due.Telling{}
	}
	want := []due.Telling{
		of(1, 5, due.ServiceExpired{}), of(1, 5, due.ServiceExpiring{}), of(2, 5, due.ServiceExpired{}), of(1, 6, due.ServiceExpired{}),
	}
	got := slices.Clone(want)
	slices.Reverse(got)
	due.Sort(got)
	require.Equal(t, want, got)
}

// A key is that of a device, an end and a window: whose the device is and what day it is
// say nothing of it.
func TestKey(t *testing.T) {
	t.Parallel()
	of := func(e domain.Event) string { return due.Telling{Event: e}.Key() }
	a := due.ServiceExpiring{Device: uid, Account: customer, ServiceEnd: end, Window: "red"}
	same, other, later := a, a, a
	same.Account, other.Window, later.ServiceEnd = reseller, "amber", end+1
	require.Equal(t, of(a), of(same))
	keys := []string{
		of(a), of(other), of(later), of(due.ServiceExpired{Device: uid, ServiceEnd: end}), of(due.ServiceExpired{Device: uid, ServiceEnd: end + 1}),
		of(due.ServiceExpired{ServiceEnd: end}),
	}
	slices.Sort(keys)
	require.Len(t, slices.Compact(keys), 6)
}

func TestChanged(t *testing.T) {
	t.Parallel()
	first := registered(customer, end)
	for name, c := range map[string]struct {
		before []domain.Event
		event  domain.Event
		want   bool
	}{
		"registered":  {nil, first, true},
		"held":        {nil, device.Held{}, false},
		"renamed":     {[]domain.Event{first}, device.Renamed{NewName: "gate"}, false},
		"suspended":   {[]domain.Event{first}, device.Suspended{}, false},
		"renewed":     {[]domain.Event{first}, device.ServiceRenewed{NewEnd: end + 365}, true},
		"parked":      {[]domain.Event{registered(reseller, end)}, device.ServiceRenewed{NewEnd: end + 365, Parked: true}, false},
		"retired":     {[]domain.Event{first}, device.Retired{}, true},
		"reinstated":  {[]domain.Event{first, device.Retired{}}, device.Reinstated{}, true},
		"given":       {[]domain.Event{first}, device.Transferred{To: uuid.UUID{3}, Service: first.Service}, false},
		"to reseller": {[]domain.Event{first}, device.Transferred{To: reseller, Service: device.Service{End: end, AutoRenew: true}}, true},
	} {
		before := given(t, c.before...)
		require.Equal(t, c.want, due.Changed(before, device.Evolve(before, c.event)), name)
	}
}
