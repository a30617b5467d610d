package app_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// renewed is a fresh order for devices of a customer.
func (w *timedWorld) renewed(devices ...string) uuid.UUID {
	w.t.Helper()
	c := app.RenewDevices{Command: command(), Devices: devices, Term: calendar.Months(12)}
	require.NoError(w.t, bulk(w.RenewDevices(w.ctx, operator(), c)))
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
	answers := make([]app.BulkResult, 6)
	var g errgroup.Group
	for i := range answers {
		g.Go(func() (err error) {
			answers[i], err = w.ReverseRenewal(w.ctx, operator(), app.ReverseRenewal{Command: command(), Renewal: order})
			return err
		})
	}
	require.NoError(t, g.Wait())
	reversed := 0
	for _, a := range answers {
		reversed += a.Count(app.OutcomeReversed)
		require.Len(t, a.Results, len(devices))
		require.Equal(t, len(devices), a.Count(app.OutcomeReversed)+a.Count(app.OutcomeRefused), "%v", outcomes(a))
	}
	require.Equal(t, len(devices), reversed)
	for _, serial := range devices {
		require.Equal(t, end, w.device(serial).Service.End)
	}
}

// An all-or-nothing reversal dies at each of its appends; afterwards it was
// carried out on all devices or on none, and a repeat goes through.
func TestCrashesOfAtomicReversal(t *testing.T) {
	t.Parallel()
	for _, before := range []bool{true, false} {
		t.Run(fmt.Sprintf("before=%t", before), func(t *testing.T) {
			t.Parallel()
			w := newTimedWorld(t)
			devices := w.registered(w.customer(w.reseller("North Radio"), "Delta Rail"), routers(1, 3)...)
			end := w.device(devices[0]).Service.End
			for n := 1; ; n++ {
				require.Less(t, n, 60, "the command does not end")
				c := app.ReverseRenewal{Command: command(), Renewal: w.renewed(devices...), Atomic: true}
				log := &dying{Log: w.log, left: n, before: before}
				_, err := w.on(log).ReverseRenewal(w.ctx, operator(), c)
				require.Equal(t, log.dead, err != nil, "append %d: %v", n, err)
				w.later()
				w.invariants()
				ends := map[calendar.Date]bool{}
				for _, serial := range devices {
					ends[w.device(serial).Service.End] = true
				}
				require.Len(t, ends, 1, "after death at append %d", n)
				require.NoError(t, bulk(w.ReverseRenewal(w.ctx, operator(), c)))
				for _, serial := range devices {
					require.Equal(t, end, w.device(serial).Service.End)
				}
				if !log.dead {
					require.Greater(t, n, 6, "the command has hardly died")
					return
				}
			}
		})
	}
}
