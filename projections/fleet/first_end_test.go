package fleet_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
)

// firstEnd is what is kept of an account: its first end, zero for none, and the day
// that it was counted from.
type firstEnd struct{ from, end calendar.Date }

// Given devices and what happens to the one that ends first, when seen on any day
// before and after, then the first end is the one counted device by device, whether
// what is kept is of that day or not.
func TestFirstEnds(t *testing.T) {
	t.Parallel()
	const day1 = 1 // a day after the first, on which something happens
	cases := map[string]struct {
		ends []int // of the devices, in days from day0
		free bool  // they renew by themselves
		then func(first uuid.UUID, customer, other uuid.UUID) domain.Event
		want firstEnd
	}{
		"no devices":                {},
		"one":                       {ends: []int{5}, want: firstEnd{day0, day0 + 5}},
		"several":                   {ends: []int{9, 4, 6}, want: firstEnd{day0, day0 + 4}},
		"several of the same end":   {ends: []int{4, 4, 6, 4}, want: firstEnd{day0, day0 + 4}},
		"the day itself":            {ends: []int{0, 3}, want: firstEnd{day0, day0}},
		"one that had passed":       {ends: []int{-3, 3}, want: firstEnd{day0, day0 + 3}},
		"all had passed":            {ends: []int{-3, -1}, want: firstEnd{day0, 0}},
		"all renew by themselves":   {ends: []int{3, 6}, free: true, want: firstEnd{day0, 0}},
		"one that passes meanwhile": {ends: []int{0, 6}, then: suspends, want: firstEnd{day0 + day1, day0 + 6}},
		"suspended":                 {ends: []int{4, 6}, then: suspends, want: firstEnd{day0 + day1, day0 + 4}},
		"renamed":                   {ends: []int{4, 6}, then: renames, want: firstEnd{day0, day0 + 4}},
		"renewed":                   {ends: []int{4, 6}, then: renews(10), want: firstEnd{day0 + day1, day0 + 6}},
		"renewed, not the last":     {ends: []int{4, 9}, then: renews(8), want: firstEnd{day0 + day1, day0 + 8}},
		"renewed, one of two":       {ends: []int{4, 4}, then: renews(8), want: firstEnd{day0 + day1, day0 + 4}},
		"shortened":                 {ends: []int{6, 8}, then: renews(3), want: firstEnd{day0 + day1, day0 + 3}},
		"transferred away":          {ends: []int{4, 6}, then: moves, want: firstEnd{day0 + day1, day0 + 6}},
		"the only one moved away":   {ends: []int{4}, then: moves},
		"retired":                   {ends: []int{4, 6}, then: retires, want: firstEnd{day0 + day1, day0 + 6}},
		"the only one retired":      {ends: []int{4}, then: retires},
	}
	m, h := given(t)
	reseller := h.account("Northwind", account.Reseller, uuid.Nil)
	other := h.customer("Other", reseller)
	customers := map[string]uuid.UUID{}
	for name := range cases {
		customers[name] = h.customer(name, reseller)
		for i, days := range cases[name].ends {
			e := registered(serialIn(name, i), customers[name], day0.AddDays(days))
			e.Service.AutoRenew = cases[name].free
			h.add(device.Aggregate.Stream(e.Device), e)
		}
	}
	m.whenProjected(t, h)
	h.now = start.AddDate(0, 0, day1)
	for name, c := range cases {
		if c.then != nil {
			first := device.UID(serialIn(name, 0))
			h.add(device.Aggregate.Stream(first), c.then(first, customers[name], other))
		}
	}
	m.whenProjected(t, h)
	for name, c := range cases {
		require.Equal(t, c.want, m.firstEnd(t, customers[name]), name)
	}
	for today := day0 - 5; today < day0+15; today++ {
		page := then(t, m.reader.Customers, query.CustomerQuery{Reseller: reseller, Today: today, Windows: testWindows})
		require.Len(t, page.Items, len(cases)+1)
		for _, row := range page.Items {
			require.Equal(t, h.recount(row.UID, today, time.Time{}), numbers(row), "%s on %s", row.Name, today)
		}
	}
}

// A page takes the first end that is kept, on the days that it is of.
func TestFirstEndIsTakenAsKept(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	reseller := h.account("Northwind", account.Reseller, uuid.Nil)
	customer := h.customer("Contoso", reseller)
	h.device("SN1", customer, day0+9)
	m.whenProjected(t, h)
	_, err := m.pool.Exec(t.Context(), fmt.Sprintf(`UPDATE %s.account_counts SET first_end = $1`, schema), (day0 + 7).Time())
	require.NoError(t, err)
	for today, want := range map[calendar.Date]calendar.Date{day0 - 1: day0 + 9, day0: day0 + 7, day0 + 7: day0 + 7, day0 + 8: day0 + 9} {
		page := then(t, m.reader.Customers, query.CustomerQuery{Reseller: reseller, Today: today, Windows: testWindows})
		require.Equal(t, want, page.Items[0].InitialRenewal, "on %s", today)
	}
}

func serialIn(name string, i int) string { return fmt.Sprintf("%s %d", name, i) }

func suspends(first, _, _ uuid.UUID) domain.Event { return device.Suspended{Device: first} }

func renames(first, _, _ uuid.UUID) domain.Event { return device.Renamed{Device: first, NewName: "x"} }

func retires(first, _, _ uuid.UUID) domain.Event { return device.Retired{Device: first} }

func renews(days int) func(first, _, _ uuid.UUID) domain.Event {
	return func(first, _, _ uuid.UUID) domain.Event {
		return device.ServiceRenewed{Device: first, Renewal: uuid.New(), NewEnd: day0.AddDays(days), AnchorDay: 1}
	}
}

func moves(first, from, to uuid.UUID) domain.Event {
	return device.Transferred{Device: first, Transfer: uuid.New(), From: from, To: to,
		Service: device.Service{Offer: catalogue.Basic, Start: day0, End: day0 + 2, AnchorDay: 1}}
}

// firstEnd is what the read model keeps of an account, zero without devices.
func (m *model) firstEnd(t require.TestingT, uid uuid.UUID) firstEnd {
	var from, end pgtype.Date
	err := m.pool.QueryRow(context.Background(), fmt.Sprintf(`SELECT max(counted_from), max(first_end) FROM %s.account_counts WHERE account = $1`, schema), uid).Scan(&from, &end)
	require.NoError(t, err)
	kept := firstEnd{}
	if from.Valid {
		kept.from = calendar.DateOf(from.Time)
	}
	if end.Valid {
		kept.end = calendar.DateOf(end.Time)
	}
	return kept
}
