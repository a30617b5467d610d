package fleet_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/device"
)

// What came with a SIM into a reseller's account before that was refused is found,
// until the SIM is taken away or the device retired; asked for the past, then, too.
func TestDevicesWithSIMsInResellersAccounts(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	reseller, rival := h.account("Northwind", account.Reseller, uuid.Nil), h.account("Southwind", account.Reseller, uuid.Nil)
	alder := h.customer("Alder", reseller)
	with := func(serial string, owner uuid.UUID) uuid.UUID {
		e := registered(serial, owner, day0+9)
		e.ICCID = "8931440300000000000"
		h.add(device.Aggregate.Stream(e.Device), e)
		return e.Device
	}
	stays, cured, retired := with("SN1", reseller), with("SN2", reseller), with("SN3", reseller)
	with("SN4", rival)
	with("SN5", alder)
	h.device("SN6", reseller, day0+9)
	before := h.now
	h.add(device.Aggregate.Stream(cured), device.SIMRemoved{Device: cured, ICCID: "8931440300000000000"})
	h.add(device.Aggregate.Stream(retired), device.Retired{Device: retired})
	m.whenProjected(t, h)
	found := func(q query.DeviceQuery, against bool) (serials []string) {
		q.SIMNotAllowed, q.Page = &against, query.Page{Sort: []string{"serialNumber"}}
		page, err := m.reader.Devices(t.Context(), q)
		require.NoError(t, err)
		for _, row := range page.Items {
			serials = append(serials, row.State.SerialNumber)
		}
		require.Equal(t, len(serials), page.Total)
		return serials
	}
	require.Equal(t, []string{"SN1", "SN4"}, found(query.DeviceQuery{}, true))
	require.Equal(t, []string{"SN1"}, found(query.DeviceQuery{Accounts: []uuid.UUID{reseller, alder}}, true))
	require.Equal(t, []string{"SN1"}, found(query.DeviceQuery{UID: stays}, true))
	require.Equal(t, []string{"SN2", "SN3", "SN5", "SN6"}, found(query.DeviceQuery{}, false))
	require.Equal(t, []string{"SN1", "SN2", "SN3", "SN4"}, found(query.DeviceQuery{Freshness: query.Freshness{AsOf: before}}, true))
}
