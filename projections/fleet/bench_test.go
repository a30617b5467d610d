package fleet_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

// fleetOf is a reseller with customers and n devices, their service ends
// spread over two years, each device renewed every now and then.
func fleetOf(n, among int) (*history, uuid.UUID, []uuid.UUID) {
	h := newHistory()
	reseller := h.account("Northwind", account.Reseller, uuid.Nil)
	var customers []uuid.UUID
	for c := range among {
		customers = append(customers, h.customer(fmt.Sprintf("Customer %d", c), reseller))
	}
	for i := range n {
		end := day0 + calendar.Date(i*7%730)
		uid := h.device(fmt.Sprintf("SN%06d", i), customers[i%len(customers)], end)
		if i%5 == 0 {
			h.add(device.Aggregate.Stream(uid), device.ServiceRenewed{Device: uid, OldEnd: end, NewEnd: end + 365, AnchorDay: 1})
		}
	}
	return h, reseller, customers
}

// Catching up: batches of 500 as the subscriber makes them, checkpoint and rows
// in a transaction each.
func BenchmarkCatchUp(b *testing.B) {
	for _, batch := range []int{1, 50, 500, 5000} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			h, _, _ := fleetOf(min(50_000, 2000*batch), 1000)
			m := newModel(b)
			b.ResetTimer()
			events := 0
			for b.Loop() {
				if m.done >= len(h.events) {
					b.StopTimer()
					m.empty(b)
					b.StartTimer()
				}
				next := h.events[m.done:min(m.done+batch, len(h.events))]
				m.apply(b, next)
				events += len(next)
			}
			b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// The Customers page costs the same for a thousand and a hundred thousand devices.
func BenchmarkCustomers(b *testing.B) {
	for _, devices := range []int{1_000, 100_000} {
		h, reseller, customers := fleetOf(devices, 1000)
		m := newModel(b)
		m.applyAll(b, h)
		run := func(name string, read func() error) {
			b.Run(fmt.Sprintf("devices=%d/%s", devices, name), func(b *testing.B) {
				for b.Loop() {
					require.NoError(b, read())
				}
			})
		}
		run("customers", func() error {
			_, err := m.reader.Customers(b.Context(), query.CustomerQuery{Reseller: reseller, Today: day0 + 30, Windows: query.DefaultWindows,
				Page: query.Page{Sort: []string{"-red"}, Limit: 50}})
			return err
		})
		run("customers_asof", func() error {
			_, err := m.reader.Customers(b.Context(), query.CustomerQuery{Reseller: reseller, Today: day0 + 30, Windows: query.DefaultWindows,
				Freshness: query.Freshness{AsOf: h.now}})
			return err
		})
		run("devices_of_account", func() error {
			_, err := m.reader.Devices(b.Context(), query.DeviceQuery{Accounts: customers[:1]})
			return err
		})
		run("search", func() error {
			_, err := m.reader.Devices(b.Context(), query.DeviceQuery{Search: "sn000777"})
			return err
		})
		var n atomic.Int64
		run("device_by_serial", func() error {
			_, err := m.reader.Devices(b.Context(), query.DeviceQuery{SerialNumber: fmt.Sprintf("SN%06d", n.Add(1)%1000)})
			return err
		})
	}
}

func (m *model) applyAll(t testing.TB, h *history) {
	for i := 0; i < len(h.events); i += 5000 {
		m.apply(t, h.events[i:min(i+5000, len(h.events))])
	}
	_, err := m.pool.Exec(context.Background(), "ANALYZE")
	require.NoError(t, err)
}
