package app_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/app/renewals"
	"github.com/fleetledger/fleetledger/app/transfers"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

func TestFromCustomerToRenewedDevice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.customer(reseller, "Delta Rail")

	serials := w.registered(reseller, routers(1, 3)...)
	require.Equal(t, calendar.On(2031, time.March, 10), w.device(serials[0]).Service.End, "five years in a reseller account")

	r := w.transfer(reseller, customer, serials...)
	require.Equal(t, 3, r.Count(domain.OutcomeTransferred), "%v", outcomes(r))
	require.Equal(t, customer, w.device(serials[0]).Account)

	renewed, err := w.Renewals.Renew(w.ctx, operator(), renewals.Renew{
		Command: newCommand(), Devices: serials, Term: calendar.Months(12), OrderNumber: "PO-1",
	})
	require.NoError(t, err)
	require.Equal(t, 3, renewed.Count(domain.OutcomeRenewed), "%v", outcomes(renewed))
	require.Equal(t, calendar.On(2028, time.March, 10), w.device(serials[0]).Service.End)
	require.NotZero(t, renewed.Position)
}

func TestRegistrationPlacesAndOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	w.registered(reseller, routers(1, 15)...)

	rows := append(routers(100, 3), devices.Registration{SerialNumber: "nonsense!", IMEI: imei(1)})
	rows = append(rows, routers(103, 4)...)
	dry, err := w.Devices.Register(w.ctx, operatorFor(reseller), devices.Register{Command: dryRun(), Items: rows})
	require.NoError(t, err)
	before := len(w.everything())
	done := w.register(reseller, rows...)

	require.Equal(t, []string{
		"created", "created", "created", "refused serial_invalid", "created", "created",
		"refused device_limit_reached", "refused device_limit_reached",
	}, outcomes(done))
	require.Equal(t, outcomes(done), outcomes(dry), "a dry run says what happens")
	require.Greater(t, len(w.everything()), before)

	again := w.register(reseller, rows...)
	require.Equal(t, "unchanged", outcomes(again)[0])
	_, err = w.Devices.Retire(w.ctx, operator(), devices.LifeCycle{Command: newCommand(), Device: rows[0].SerialNumber})
	require.NoError(t, err)
	require.Equal(t, "created", outcomes(w.register(reseller, rows[7]))[0], "a retired device takes no place")
}

func TestRegistrationRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.customer(reseller, "Delta Rail")
	other := w.customer(reseller, "Alder Ambulance")
	w.registered(customer, router(1))

	sameFactor, sameName, sim, wrongModel := router(2), router(3), router(4), router(5)
	sameFactor.IMEI = imei(1)
	sameName.Name = "  ROUTER   1 "
	sim.ICCID, sim.Account = "8949000000000000001", reseller
	wrongModel.Model = "RV50"
	unknown, elsewhere, twice := router(6), router(1), router(7)
	unknown.Account, elsewhere.Account = seed(1), other
	badIMEI := router(8)
	badIMEI.IMEI = "123456789012345"

	r := w.register(customer, sameFactor, sameName, sim, wrongModel, unknown, elsewhere, twice, twice, badIMEI)
	require.Equal(t, []string{
		"refused factor_taken", "refused name_taken", "refused sim_not_allowed", "refused model_mismatch", "refused target_unknown",
		"refused registered_elsewhere", "created", "refused duplicate_in_request", "refused imei_invalid",
	}, outcomes(r))

	require.Equal(t, "created", outcomes(w.register(customer, router(2)))[0], "a refusal leaves nothing behind")
	free := router(3)
	free.Name = "router 3"
	require.Equal(t, "created", outcomes(w.register(other, free))[0])
}

func TestTransferRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller, stranger := w.reseller("North Radio"), w.reseller("South Radio")
	customer, readOnly := w.customer(reseller, "Delta Rail"), w.readOnlyCustomer(reseller, "Alder Ambulance")
	w.registered(reseller, routers(1, 4)...)
	same := router(9)
	same.Name = "router 3"
	w.registered(customer, same)

	caller := administratorOf(reseller)
	transfer := func(c transfers.Transfer) []string {
		c.Command, c.From = newCommand(), reseller
		r, err := w.Transfers.Transfer(w.ctx, caller, c)
		require.NoError(t, err)
		return outcomes(r)
	}
	serial := func(n int) string { return fmt.Sprintf("LD%014d", n) }
	require.Equal(t, []string{"transferred", "refused name_taken", "refused duplicate_in_request", "refused device_not_found", "refused not_in_source"},
		transfer(transfers.Transfer{To: customer, Devices: []string{serial(1), serial(3), serial(3), serial(77), serial(9)}}))
	require.Equal(t, []string{"transferred"}, transfer(transfers.Transfer{To: readOnly, Devices: []string{serial(4)}}), "a customer takes what its partner gives")
	require.Equal(t, []string{"refused not_partnered target_unknown"}, transfer(transfers.Transfer{To: stranger, Devices: []string{serial(2)}}))
	require.Equal(t, []string{"refused not_partnered target_unknown"}, transfer(transfers.Transfer{To: seed(2), Devices: []string{serial(2)}}))
	require.Equal(t, []string{"refused target_same"}, transfer(transfers.Transfer{To: reseller, Devices: []string{serial(2)}}))

	_, err := w.Transfers.Transfer(w.ctx, caller, transfers.Transfer{From: reseller, To: customer})
	refused(t, err, device.CodeSelectionEmpty)
	_, err = w.Transfers.Transfer(w.ctx, caller, transfers.Transfer{From: stranger, To: customer, Devices: []string{serial(2)}})
	require.ErrorIs(t, err, query.ErrNotFound)

	w.clock.Advance(3 * 366 * 24 * time.Hour)
	require.Equal(t, []string{"refused service_allocation_missing"}, transfer(transfers.Transfer{To: customer, Devices: []string{serial(2)}}))
	_, err = w.Renewals.Grant(w.ctx, operator(), renewals.Grant{Command: newCommand(), Device: serial(2), Term: calendar.Months(12)})
	require.NoError(t, err)
	require.Equal(t, []string{"transferred"}, transfer(transfers.Transfer{To: customer, Devices: []string{serial(2)}}))
}

func TestTransferBackNeedsAPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.customer(reseller, "Delta Rail")
	serials := w.registered(customer, routers(1, 3)...)
	w.registered(reseller, routers(100, 18)...)

	r := w.transfer(customer, reseller, serials...)
	require.Equal(t, []string{"transferred", "transferred", "refused device_limit_reached"}, outcomes(r))
	r = w.transfer(reseller, customer, serials[0])
	require.Equal(t, []string{"transferred"}, outcomes(r))
	require.Equal(t, []string{"transferred"}, outcomes(w.transfer(customer, reseller, serials[2])))
}
