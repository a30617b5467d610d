package app_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/renewals"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// renewed is a fresh order for devices of a customer.
func (w *timedWorld) renewed(devices ...string) uuid.UUID {
	w.t.Helper()
	c := renewals.Renew{Command: newCommand(), Devices: devices, Term: calendar.Months(12)}
	require.NoError(w.t, bulk(w.Renewals.Renew(w.ctx, operator(), c)))
	return c.ID
}

// Everybody reverses at once: each device is taken back once, by one of them.
// None of them waits for the read model, which may lag behind the order.
func TestReverseRenewalByManyAtOnce(t *testing.T) {
	t.Parallel()
	w := newTimedWorld(t)
	devices := w.registered(w.customer(w.reseller("North Radio"), "Delta Rail"), routers(1, 8)...)
	end := w.device(devices[0]).Service.End
	order := w.renewed(devices...)
	answers := make([]command.BulkResult, 6)
	var g errgroup.Group
	for i := range answers {
		g.Go(func() (err error) {
			c := renewals.Reverse{Command: newCommand(), Renewal: order, Devices: devices}
			c.Reason = "a mistake"
			answers[i], err = w.Renewals.Reverse(w.ctx, operator(), c)
			return err
		})
	}
	require.NoError(t, g.Wait())
	reversed := 0
	for _, a := range answers {
		reversed += a.Count(domain.OutcomeReversed)
		require.Len(t, a.Results, len(devices))
		require.Equal(t, len(devices), a.Count(domain.OutcomeReversed)+a.Count(domain.OutcomeRefused), "%v", outcomes(a))
	}
	require.Equal(t, len(devices), reversed)
	for _, serial := range devices {
		require.Equal(t, end, w.device(serial).Service.End)
	}
}
