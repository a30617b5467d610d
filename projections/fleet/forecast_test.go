package fleet_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

// What the database makes of free terms is what the domain makes of them: lists
// of devices ahead are filtered and sorted by the ends of then.
func TestFreeTermsAhead(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	own := h.account("Northwind", account.Reseller, uuid.Nil)
	ends := map[uuid.UUID]device.Service{}
	add := func(end calendar.Date, anchor int, free bool, more ...bool) {
		e := registered(fmt.Sprintf("SN%04d", len(ends)), own, end)
		e.Service.AnchorDay, e.Service.AutoRenew = anchor, free
		h.add(device.Aggregate.Stream(e.Device), e)
		if len(more) > 0 {
			h.add(device.Aggregate.Stream(e.Device), device.Retired{Device: e.Device})
			e.Service.AutoRenew = false
		}
		ends[e.Device] = e.Service
	}
	for month := range 26 {
		for _, anchor := range []int{1, 15, 28, 29, 30, 31} {
			add(day0.AddMonths(month, anchor), anchor, anchor != 15 || month%2 == 0)
		}
	}
	add(day0, day0.Day(), true, true)
	m.whenProjected(t, h)
	rapid.Check(t, func(t *rapid.T) {
		rules := device.Rules{FreeTermMonths: rapid.SampledFrom([]int{0, 1, 5, 12, 60}).Draw(t, "months")}
		day := day0.AddDays(rapid.IntRange(-40, 3700).Draw(t, "day"))
		from := day.AddDays(rapid.IntRange(-500, 500).Draw(t, "from"))
		to := from.AddDays(rapid.IntRange(0, 400).Draw(t, "to"))
		var want []string
		for uid, service := range ends {
			s := device.State{UID: uid, SerialNumber: "SN", LifeCycle: device.Active, Service: service}.Forecast(day, rules)
			if from <= s.Service.End && s.Service.End <= to {
				want = append(want, s.Service.End.String()+" "+uid.String())
			}
		}
		slices.Sort(want)
		var got []string
		q := query.DeviceQuery{
			Freshness: query.Freshness{AsOf: day.End(), Forecast: true}, Page: query.Page{Limit: 7, Sort: []string{"serviceEnd"}},
			ServiceEndFrom: from, ServiceEndTo: to, Today: day, FreeTerm: rules.FreeTermMonths,
		}
		for {
			page, err := m.reader.Devices(context.Background(), q)
			require.NoError(t, err)
			require.Equal(t, len(want), page.Total)
			for _, row := range page.Items {
				s := row.State.Forecast(day, rules)
				got = append(got, s.Service.End.String()+" "+s.UID.String())
			}
			if q.Cursor = page.NextCursor; q.Cursor == "" {
				break
			}
		}
		require.Equal(t, want, got)
	})
}

// The desk's chart and totals, of 10,000 customers and 200,000 devices.
func BenchmarkForecast(b *testing.B) {
	h := newHistory()
	reseller := h.account("Northwind", account.Reseller, uuid.Nil)
	var customers []uuid.UUID
	for c := range 10_000 {
		customers = append(customers, h.customer(fmt.Sprintf("Customer %d", c), reseller))
	}
	for i := range 200_000 {
		h.device(fmt.Sprintf("SN%06d", i), customers[i%len(customers)], day0+calendar.Date(i*7%1830))
	}
	m := newModel(b)
	m.applyAll(b, h)
	run := func(name string, q query.ForecastQuery) {
		b.Run(name, func(b *testing.B) {
			q.Today, q.Windows, q.Now = day0+30, query.DefaultWindows, h.now
			for b.Loop() {
				row, err := m.reader.Forecast(b.Context(), q)
				require.NoError(b, err)
				require.Greater(b, row.TotalSystems, 10)
			}
		})
	}
	run("reseller", query.ForecastQuery{Reseller: reseller, Own: reseller, Accounts: []uuid.UUID{reseller}})
	run("operator", query.ForecastQuery{})
	run("customer", query.ForecastQuery{Own: customers[7], Accounts: customers[7:8]})
	run("past", query.ForecastQuery{Reseller: reseller, Own: reseller, Accounts: []uuid.UUID{reseller}, Freshness: query.Freshness{AsOf: h.now}})
	b.Run("customers_page", func(b *testing.B) {
		for b.Loop() {
			_, err := m.reader.Customers(b.Context(), query.CustomerQuery{Reseller: reseller, Today: day0 + 30, Windows: query.DefaultWindows, Now: h.now})
			require.NoError(b, err)
		}
	})
}
