package app_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/renewals"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

func on(year, month, day int) calendar.Date {
	d, err := calendar.Parse(fmt.Sprintf("%04d-%02d-%02d", year, month, day))
	if err != nil {
		panic(err)
	}
	return d
}

// The world begins on 2026-03-10, so a reseller's devices fall due on 2031-03-10.
func TestAutomaticRenewal(t *testing.T) {
	t.Parallel()
	w := newTimedWorld(t)
	reseller := w.reseller("North Radio")
	mine := w.registered(reseller, routers(1, 3)...)
	sold := w.registered(w.customer(reseller, "Delta Rail"), router(9))[0]
	_, err := w.Devices.Retire(w.ctx, operator(), devices.LifeCycle{Command: newCommand(), Device: mine[2]})
	require.NoError(t, err)
	w.visible()

	w.setDay(on(2031, 3, 9))
	require.NoError(t, w.Schedule.RunDue(w.ctx))
	require.Equal(t, on(2031, 3, 10), w.device(mine[0]).Service.End)
	w.setDay(on(2031, 3, 10))
	for range 3 { // also when the read model does not know yet
		require.NoError(t, w.Schedule.RunDue(w.ctx))
	}
	w.visible()
	require.NoError(t, w.Schedule.RunDue(w.ctx))
	for _, serial := range mine[:2] {
		periods, _ := w.renewals(serial)
		require.Equal(t, []string{"2031-03-10 - 2036-03-10"}, periods)
	}
	// After a downtime all periods are made up for.
	w.setDay(on(2047, 1, 1))
	require.NoError(t, w.Schedule.RunDue(w.ctx))
	periods, _ := w.renewals(mine[0])
	require.Equal(t, []string{
		"2031-03-10 - 2036-03-10", "2036-03-10 - 2041-03-10", "2041-03-10 - 2046-03-10", "2046-03-10 - 2051-03-10",
	}, periods)
	for _, serial := range []string{mine[2], sold} {
		periods, _ := w.renewals(serial)
		require.Empty(t, periods)
	}
}

// Several instances at once, none of which knows what the others do.
func TestAutomaticRenewalByManyAtOnce(t *testing.T) {
	t.Parallel()
	w := newTimedWorld(t)
	mine := w.registered(w.reseller("North Radio"), routers(1, 20)...)
	w.visible()
	w.setDay(on(2040, 1, 1))
	var g errgroup.Group
	for range 4 {
		g.Go(func() error { return w.with(w.log).Schedule.RunDue(w.ctx) })
	}
	require.NoError(t, g.Wait())
	for _, serial := range mine {
		periods, _ := w.renewals(serial)
		require.Equal(t, []string{"2031-03-10 - 2036-03-10", "2036-03-10 - 2041-03-10"}, periods)
	}
}

// A device that a batch holds does not keep the others back, and is renewed
// when the hold has ended.
func TestAutomaticRenewalOfAHeldDevice(t *testing.T) {
	t.Parallel()
	w := newTimedWorld(t)
	reseller := w.reseller("North Radio")
	mine := w.registered(reseller, routers(1, 3)...)
	w.visible()
	w.setDay(on(2031, 3, 10))
	// An order of all or nothing dies with its holds in place.
	var err error
	for n := 1; w.device(mine[1]).HeldBy == [16]byte{}; n++ {
		c := renewals.Renew{Command: newCommand(), Devices: mine[1:2], Term: calendar.Months(12), Atomic: true}
		_, err = w.dying(n, false).Renewals.Renew(w.ctx, operator(), c)
		require.Error(t, err)
	}
	require.ErrorIs(t, w.Schedule.RunDue(w.ctx), eventlog.ErrBusy)
	for i, serial := range mine {
		require.Equal(t, i != 1, w.device(serial).Service.End == on(2036, 3, 10), serial)
	}
	w.visible()
	w.later()
	require.NoError(t, w.Schedule.RunDue(w.ctx))
	require.Equal(t, on(2036, 3, 10), w.device(mine[1]).Service.End)
	require.Equal(t, device.SourceFree, w.device(mine[1]).Service.Source)
}
