package fleet_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/order"
)

func TestAnalyticsOfOrdersAndAllocations(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	reseller := h.account("Northwind", account.Reseller, uuid.Nil)
	alder := h.customer("Alder", reseller)
	one, two, old := h.device("SN1", alder, day0+9), h.device("SN2", alder, day0+9), h.device("SN3", alder, day0+9)
	id, before := uuid.UUID{1}, uuid.UUID{2}
	stream := order.Aggregate.Stream(id)
	h.add(stream, order.RenewalOrdered{
		Order: id, Account: reseller, Term: "P1Y", Offer: catalogue.Premium, OrderNumber: "PO-1", Note: "ask Ada",
		Devices: []order.Line{{Device: one, SerialNumber: "SN1", Account: alder}, {Device: two, SerialNumber: "SN2", Account: alder}},
	})
	renewed := func(uid, renewal uuid.UUID, number string) device.ServiceRenewed {
		return device.ServiceRenewed{Device: uid, Renewal: renewal, NewEnd: day0 + 374, OldEnd: day0 + 9, AnchorDay: 10, OrderNumber: number}
	}
	h.now = h.now.AddDate(0, 0, 1)
	h.add(device.Aggregate.Stream(one), renewed(one, id, "PO-1"))
	h.now = h.now.AddDate(0, 0, 1)
	h.add(stream, order.RenewalOrderApplied{Order: id, Devices: []order.Renewed{{Device: one}}}, order.RenewalOrderDeclined{Order: id, Devices: []uuid.UUID{two}, Reason: "no"})
	h.add(device.Aggregate.Stream(old), renewed(old, before, ""), device.RenewalReversed{Device: old, Reversal: uuid.New(), Renewal: before})
	free := renewed(two, uuid.UUID{3}, "")
	free.Automatic = true
	h.add(device.Aggregate.Stream(two), free)
	grant := device.AllocationGranted{Device: two, ID: uuid.UUID{4}, OldEnd: day0 + 9, Reason: "for Ada", Allocation: device.Allocation{Source: "granted", Until: day0 + 40}}
	h.add(device.Aggregate.Stream(two), grant)
	m.whenProjected(t, h)

	day := func(n calendar.Date) string { return (day0 + n).String() }
	require.Equal(t, []string{
		joined("SN1", "applied", "Alder", "Northwind", "reseller", "P1Y", nil, "premium", "PO-1", day(0), day(1)),
		joined("SN2", "declined", "Alder", "Northwind", "reseller", "P1Y", nil, "premium", "PO-1", day(0), nil),
		joined("SN3", "reversed", "Alder", nil, nil, nil, day(374), nil, nil, day(2), day(2)),
	}, m.lines(t, `SELECT serial_number, state, account_name, ordered_by_name, ordered_by_type, term, until, offer, order_number, ordered_at, applied_at
		FROM analytics.orders ORDER BY serial_number`))
	require.Equal(t, []string{joined("SN2", "RV50X", "Alder", day(9), day(40), false, day(2))},
		m.lines(t, `SELECT serial_number, model, account_name, old_end, until, parked, granted_at FROM analytics.allocations`))
	for _, view := range []string{"orders", "allocations"} {
		for _, row := range m.dump(t, "analytics", view) {
			require.NotContains(t, row, "Ada")
		}
	}
}
