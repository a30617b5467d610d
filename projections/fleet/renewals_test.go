package fleet_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

func serials(t *testing.T, m *model, q query.DeviceQuery) []string {
	t.Helper()
	q.Sort = []string{"serviceEnd"}
	page := then(t, m.reader.Devices, q)
	found := []string{}
	for _, row := range page.Items {
		found = append(found, row.State.SerialNumber)
	}
	require.Equal(t, len(found), page.Total)
	return found
}

// What renews by itself comes in the order in which it falls due.
func TestDevicesThatRenewByThemselves(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	reseller := h.account("Northwind", account.Reseller, uuid.Nil)
	free := func(serial string, end calendar.Date) {
		e := registered(serial, reseller, end)
		e.Service.AutoRenew = true
		h.add(device.Aggregate.Stream(e.Device), e)
	}
	free("LATE", day0+30)
	free("EARLY", day0+10)
	free("RETIRED", day0+5)
	h.add(device.Aggregate.Stream(device.UID("RETIRED")), device.Retired{})
	h.device("PAID", h.customer("Fabrikam", reseller), day0+1)
	m.whenProjected(t, h)
	due := query.DueQuery{Kind: query.DueRenewals, Limit: 10}
	row := func(serial string, end calendar.Date) query.DueRow {
		return query.DueRow{UID: device.UID(serial), At: end.Time()}
	}
	early, late := row("EARLY", day0+10), row("LATE", day0+30)
	require.Equal(t, []query.DueRow{early, late}, m.due(t, due))
	due.Upto = late.At.Add(-time.Microsecond)
	require.Equal(t, []query.DueRow{early}, m.due(t, due))
	h.add(device.Aggregate.Stream(device.UID("EARLY")), device.ServiceRenewed{NewEnd: day0 + 2000, AnchorDay: 1, Automatic: true})
	m.whenProjected(t, h)
	due.Upto = time.Time{}
	require.Equal(t, []query.DueRow{late, row("EARLY", day0+2000)}, m.due(t, due))
}

// An order finds its devices, also when it was reversed.
func TestDevicesOfAnOrder(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	customer := h.account("Fabrikam", account.Standard, uuid.Nil)
	one, two := uuid.New(), uuid.New()
	order := func(serial string, id uuid.UUID, end calendar.Date) {
		h.add(device.Aggregate.Stream(device.UID(serial)), device.ServiceRenewed{Device: device.UID(serial), Renewal: id, NewEnd: end, AnchorDay: 1})
	}
	for n, serial := range []string{"A", "B", "C", "D"} {
		h.device(serial, customer, day0+calendar.Date(n))
	}
	order("A", one, day0+100)
	order("B", one, day0+101)
	order("B", two, day0+201)
	order("C", two, day0+202)
	h.add(device.Aggregate.Stream(device.UID("A")), device.RenewalReversed{Device: device.UID("A"), Renewal: one, Restored: &device.Allocation{Until: day0}})
	m.whenProjected(t, h)
	require.Equal(t, []string{"A", "B"}, serials(t, m, query.DeviceQuery{Applied: one}))
	require.Equal(t, []string{"B", "C"}, serials(t, m, query.DeviceQuery{Applied: two}))
	require.Empty(t, serials(t, m, query.DeviceQuery{Applied: uuid.New()}))
}
