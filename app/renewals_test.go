package app_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/renewals"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

// renewing is a reseller with two customers, one of which lets it renew.
type renewing struct {
	*world
	reseller, may, mayNot uuid.UUID
}

func newRenewing(t *testing.T) renewing {
	t.Helper()
	w := renewing{world: newWorld(t)}
	w.reseller = w.world.reseller("North Radio")
	w.may, w.mayNot = w.readOnlyCustomer(w.reseller, "Delta Rail"), w.readOnlyCustomer(w.reseller, "Alder Ambulance")
	require.NoError(t, w.assign(w.reseller, w.may, "renewals"))
	return w
}

func (w renewing) order(by access.Caller, term int, serials ...string) command.BulkResult {
	w.t.Helper()
	r, err := w.Renewals.Renew(w.ctx, by, renewals.Renew{Command: newCommand(), Devices: serials, Term: calendar.Months(term)})
	require.NoError(w.t, err)
	return r
}

func TestRenewalOfWhatTheCallerSees(t *testing.T) {
	t.Parallel()
	w := newRenewing(t)
	foreign := w.readOnlyCustomer(w.world.reseller("South Radio"), "Redwood Freight")
	hidden := w.registered(foreign, router(3))[0]
	serials := append(w.registered(w.may, router(1)), w.registered(w.mayNot, router(2))...)
	serials = append(serials, hidden, "no name at all", hidden)
	const unknown, again = "refused device_not_found", "refused duplicate_in_request"

	r := w.order(administratorOf(w.reseller), 12, serials...)
	require.Equal(t, []string{"ordered", "ordered", unknown, unknown, again}, outcomes(r))
	require.Nil(t, r.Results[2].Device)
	acting := administratorOf(w.reseller)
	acting.ActingFor = w.mayNot
	require.Equal(t, []string{unknown, "ordered", unknown, unknown, again}, outcomes(w.order(acting, 12, serials...)))
	r = w.order(operator(), 12, serials...)
	require.Equal(t, []string{"renewed", "renewed", "renewed", unknown, again}, outcomes(r))
	require.NotNil(t, r.Results[2].Device, "the operator sees all")
}

// An alignment is found among the devices that the caller may order for: all that
// it sees.
func TestAlign(t *testing.T) {
	t.Parallel()
	w := newRenewing(t)
	foreign := w.readOnlyCustomer(w.world.reseller("South Radio"), "Redwood Freight")
	serials := append(w.registered(w.may, router(1)), w.registered(w.mayNot, router(2))...)
	serials = append(serials, w.registered(foreign, router(3))...)
	for i, term := range []int{12, 36, 60} {
		require.Equal(t, []string{"renewed"}, outcomes(w.order(operator(), term, serials[i])))
	}
	latest := device.Alignment{Kind: device.AlignLatest}
	for by, want := range map[*access.Caller]string{
		new(administratorOf(w.may)):      serials[0],
		new(administratorOf(w.reseller)): serials[1],
		new(operator()):                  serials[2],
	} {
		found, err := w.Renewals.Align(w.ctx, *by, latest, serials)
		require.NoError(t, err)
		require.Equal(t, w.device(want).Service.End, found.Day)
	}
	found, err := w.Renewals.Align(w.ctx, administratorOf(w.mayNot), latest, []string{serials[0], serials[2]})
	require.NoError(t, err)
	require.True(t, found.NeedsSelection(), "what the caller does not see tells nothing")
}

// A preview tells the dates of an order that will wait, too: those it has when it
// is applied on the same day.
func TestPreviewTellsWhatTheOrderDoes(t *testing.T) {
	t.Parallel()
	w := newRenewing(t)
	serials := append(w.registered(w.may, router(1)), w.registered(w.mayNot, routers(2, 2)...)...)
	_, err := w.Devices.Retire(w.ctx, operator(), devices.LifeCycle{Command: newCommand(), Device: serials[2]})
	require.NoError(t, err)
	log := &countingLog{Log: w.log}
	previews, err := w.with(log).Renewals.Preview(w.ctx, administratorOf(w.reseller), renewals.Renew{
		Command: newCommand(), Devices: serials, Term: calendar.Months(12),
	})
	require.NoError(t, err)
	require.Empty(t, log.appends)
	var foretold []string
	for _, p := range previews {
		foretold = append(foretold, outcome(command.ItemResult{Outcome: p.Outcome, Problems: p.Problems}))
	}
	require.Equal(t, []string{"ordered", "ordered", "refused device_retired"}, foretold)
	require.Equal(t, w.device(serials[2]).Service.End, previews[2].CurrentEnd, "it is seen all the same")
	require.True(t, previews[2].NewEnd.IsZero())

	ordered := w.order(administratorOf(w.reseller), 12, serials...)
	require.Equal(t, foretold, outcomes(ordered))
	require.Equal(t, previews[0].CurrentEnd, w.device(serials[0]).Service.End, "the order waits")
	applied, err := w.Renewals.Apply(w.ctx, operator(), renewals.Answer{Command: newCommand(), Renewal: ordered.ID})
	require.NoError(t, err)
	require.Equal(t, []string{"renewed", "renewed"}, outcomes(applied))
	for i, serial := range serials[:2] {
		require.Equal(t, w.device(serial).Service.End, previews[i].NewEnd)
		require.Greater(t, previews[i].NewEnd, previews[i].CurrentEnd)
	}
}

func TestGrant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.customer(w.reseller("North Radio"), "Delta Rail")
	serial := w.registered(customer, router(1))[0]
	c := renewals.Grant{Command: newCommand(), Device: serial, Term: calendar.Months(36)}
	_, err := w.Renewals.Grant(w.ctx, administratorOf(customer), c)
	require.ErrorIs(t, err, access.ErrForbidden)
	receipt, err := w.Renewals.Grant(w.ctx, operator(), c)
	require.NoError(t, err)
	require.Equal(t, device.UID(serial), receipt.UID)
	require.Equal(t, device.SourceGranted, w.device(serial).Service.Source)
}
