package fleet_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
)

// Given devices and what happens to the one that ends first, when seen on any day
// before and after, then the numbers are those counted device by device.
func TestDays(t *testing.T) {
	t.Parallel()
	const day1 = 1 // a day after the first, on which something happens
	cases := map[string]struct {
		ends []int // of the devices, in days from day0
		free bool  // they renew by themselves
		then func(first uuid.UUID, customer, other uuid.UUID) domain.Event
		want []string // days from day0, and the devices up to and on each
	}{
		"no devices":                {},
		"one":                       {ends: []int{5}, want: []string{"5:1"}},
		"several":                   {ends: []int{9, 4, 6}, want: []string{"4:1", "6:2", "9:3"}},
		"several of the same end":   {ends: []int{4, 4, 6, 4}, want: []string{"4:3", "6:4"}},
		"the day itself":            {ends: []int{0, 3}, want: []string{"0:1", "3:2"}},
		"one that had passed":       {ends: []int{-3, 3}, want: []string{"-3:1", "3:2"}},
		"all had passed":            {ends: []int{-3, -1}, want: []string{"-3:1", "-1:2"}},
		"all renew by themselves":   {ends: []int{3, 6}, free: true},
		"one that passes meanwhile": {ends: []int{0, 6}, then: suspends, want: []string{"0:1", "6:2"}},
		"suspended":                 {ends: []int{4, 6}, then: suspends, want: []string{"4:1", "6:2"}},
		"renamed":                   {ends: []int{4, 6}, then: renames, want: []string{"4:1", "6:2"}},
		"renewed":                   {ends: []int{4, 6}, then: renews(10), want: []string{"6:1", "10:2"}},
		"renewed, not the last":     {ends: []int{4, 9}, then: renews(8), want: []string{"8:1", "9:2"}},
		"renewed, one of two":       {ends: []int{4, 4}, then: renews(8), want: []string{"4:1", "8:2"}},
		"shortened":                 {ends: []int{6, 8}, then: renews(3), want: []string{"3:1", "8:2"}},
		"transferred away":          {ends: []int{4, 6}, then: moves, want: []string{"6:1"}},
		"the only one moved away":   {ends: []int{4}, then: moves},
		"retired":                   {ends: []int{4, 6}, then: retires, want: []string{"6:1"}},
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
		require.ElementsMatch(t, c.want, m.keptDays(t, customers[name]), name)
	}
	for today := day0 - 5; today < day0+15; today++ {
		page := then(t, m.reader.Customers, query.CustomerQuery{Reseller: reseller, Today: today, Windows: testWindows})
		require.Len(t, page.Items, len(cases)+1)
		for _, row := range page.Items {
			require.Equal(t, h.recount(row.UID, today, time.Time{}), numbers(row), "%s on %s", row.Name, today)
		}
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

// keptDays are the days that the read model keeps of an account, with how many devices'
// services end up to and on each: of those that do not renew by themselves.
func (m *model) keptDays(t require.TestingT, uid uuid.UUID) (kept []string) {
	rows, err := m.pool.Query(context.Background(), fmt.Sprintf(`SELECT concat(d.days[n] - $2::int, ':', d.through[n])
		FROM %s.account_days d, generate_subscripts(d.days, 1) n WHERE d.account = $1 AND NOT d.auto_renew ORDER BY n`, schema), uid, int(day0))
	require.NoError(t, err)
	kept, err = pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return kept
}
