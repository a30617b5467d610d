package fleet_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

// Given devices whose services end before, on and behind every border of the
// windows, when seen on a day, then all who count renewals say the same: the
// Customers page now and in the past, the lists behind its circles, and the
// views of analysts. What they say is what is counted device by device.
func TestAllCountTheSameWindows(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	reseller := h.account("Northwind", account.Reseller, uuid.Nil)
	customer, empty := h.customer("Contoso", reseller), h.customer("Empty", reseller)
	for i := range 20 {
		end := day0 + calendar.Date(i)
		h.device(fmt.Sprintf("PLAIN%02d", i), customer, end)
		if i%2 == 0 {
			h.device(fmt.Sprintf("SUSPENDED%02d", i), customer, end, device.Suspended{Device: device.UID(fmt.Sprintf("SUSPENDED%02d", i))})
			h.device(fmt.Sprintf("RETIRED%02d", i), customer, end, device.Retired{Device: device.UID(fmt.Sprintf("RETIRED%02d", i))})
			free := registered(fmt.Sprintf("FREE%02d", i), customer, end)
			free.Service.AutoRenew = true
			h.add(device.Aggregate.Stream(free.Device), free)
		}
	}
	m.whenProjected(t, h)
	for _, today := range []calendar.Date{day0 - 13, day0 - 12, day0 - 1, day0, day0 + 1, day0 + 10, day0 + 19, day0 + 20} {
		m.sandboxTime(t, today.Time().Add(time.Hour))
		for _, uid := range []uuid.UUID{customer, empty} {
			want := h.recount(uid, today, time.Time{})
			for _, asOf := range []time.Time{{}, h.now} {
				page := then(t, m.reader.Customers, query.CustomerQuery{Reseller: reseller, Customers: []uuid.UUID{uid}, Today: today, Windows: testWindows,
					Freshness: query.Freshness{AsOf: asOf}})
				require.Equal(t, want, numbers(page.Items[0]), "%s on %s, as of %s", uid, today, asOf)
				for i, w := range testWindows {
					require.Equal(t, want.Windows[i], m.devices(t, query.DeviceQuery{Accounts: []uuid.UUID{uid}, Due: true,
						Today: today, Ends: []query.Window{w}, Freshness: query.Freshness{AsOf: asOf}}))
				}
				require.Equal(t, want.Expired, m.devices(t, query.DeviceQuery{Accounts: []uuid.UUID{uid}, Expired: new(true), Today: today,
					Freshness: query.Freshness{AsOf: asOf}}))
			}
			require.Equal(t, []string{joined(want.InitialRenewal, want.RenewalSystems, want.LastRenewal, want.Windows[0], want.Windows[1], want.Windows[2], want.Expired)},
				m.lines(t, `SELECT initial_renewal, renewal_systems, last_renewal, red, amber, green, expired FROM analytics.customers WHERE uid = $1`, uid))
			require.Equal(t, []string{joined("red", want.Windows[0]), joined("amber", want.Windows[1]), joined("green", want.Windows[2])},
				m.lines(t, `SELECT name, devices FROM analytics.renewal_windows WHERE account_uid = $1 ORDER BY from_date`, uid))
		}
	}
}

// devices counts what a list of devices has.
func (m *model) devices(t *testing.T, q query.DeviceQuery) int {
	t.Helper()
	page := then(t, m.reader.Devices, q)
	return page.Total
}

// numbers are what is counted in a row of the Customers page.
func numbers(row query.CustomerRow) query.CustomerRow {
	return query.CustomerRow{
		UID: row.UID, TotalSystems: row.TotalSystems, ActiveSystems: row.ActiveSystems, InitialRenewal: row.InitialRenewal,
		RenewalSystems: row.RenewalSystems, LastRenewal: row.LastRenewal, Windows: row.Windows, Expired: row.Expired, AutoRenewing: row.AutoRenewing,
	}
}
