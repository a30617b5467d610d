package app_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/clock"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/app/schedule"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

func advance(t *testing.T, s string) schedule.MoveClock {
	t.Helper()
	span, err := calendar.ParseSpan(s)
	require.NoError(t, err)
	return schedule.MoveClock{Advance: span}
}

// stock registers a device in a reseller's account through the service on.
func (w *timedWorld) stock(on *app.App, reseller uuid.UUID, n int) string {
	w.t.Helper()
	r, err := on.Devices.Register(w.ctx, operatorFor(reseller), devices.Register{Command: newCommand(), Items: []devices.Registration{router(n)}})
	require.NoError(w.t, bulk(r, err))
	return router(n).SerialNumber
}

func (w *timedWorld) resellerOn(on *app.App, name string) uuid.UUID {
	w.t.Helper()
	created, err := on.Accounts.Create(w.ctx, operator(), accountNamed(name, account.Reseller))
	require.NoError(w.t, err)
	return created.UID
}

// Advancing by years renews on the way, each device on its day, in order.
func TestMoveClock(t *testing.T) {
	t.Parallel()
	w := newTimedWorld(t)
	sandbox := w.sandbox(w.log)
	reseller := w.resellerOn(sandbox, "North Radio")
	begun, err := sandbox.Schedule.SandboxTime(operator())
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), begun, time.Minute)
	serials := []string{w.stock(sandbox, reseller, 1)}
	for n := 2; n <= 3; n++ {
		_, _, err := sandbox.Schedule.MoveClock(w.ctx, operator(), advance(t, "P40D"))
		require.NoError(t, err)
		serials = append(serials, w.stock(sandbox, reseller, n))
	}
	now, position, err := sandbox.Schedule.MoveClock(w.ctx, operator(), advance(t, "P12Y"))
	require.NoError(t, err)
	require.Equal(t, begun.Year()+12, now.AddDate(0, 0, -80).Year())

	last := time.Time{}
	var order []string
	for e, err := range w.log.ReadAll(w.ctx, eventlog.Position{}, "device-") {
		require.NoError(t, err)
		if renewed, ok := e.Event.(device.ServiceRenewed); ok {
			require.Equal(t, renewed.OldEnd, calendar.DateOf(e.Metadata.OccurredAt), "renewed on its day")
			require.False(t, e.Metadata.OccurredAt.Before(last))
			last, order = e.Metadata.OccurredAt, append(order, e.Stream)
			require.False(t, position.Before(e.Position))
		}
	}
	var want []string
	for range 2 {
		for _, serial := range serials {
			want = append(want, device.Aggregate.Stream(device.UID(serial)))
		}
	}
	require.Equal(t, want, order)
	// A restart finds the clock where it was.
	restarted, err := clock.NewSandbox(w.ctx, w.pool, new(clock.Shifted))
	require.NoError(t, err)
	require.WithinDuration(t, now, restarted.Now(), time.Minute)
}

func TestMoveClockRefused(t *testing.T) {
	t.Parallel()
	w := newTimedWorld(t)
	sandbox := w.sandbox(w.log)
	reseller := administratorOf(w.reseller("North Radio"))
	before, err := sandbox.Schedule.SandboxTime(operator())
	require.NoError(t, err)
	for code, c := range map[string]schedule.MoveClock{
		schedule.CodeClockTarget:    {},
		schedule.CodeClockBackwards: {To: before.Add(-time.Second)},
		schedule.CodeClockTooFar:    advance(t, "P300Y"),
	} {
		_, _, err := sandbox.Schedule.MoveClock(w.ctx, operator(), c)
		refused(t, err, code)
	}
	both := advance(t, "P1D")
	both.To = before.Add(time.Hour)
	_, _, err = sandbox.Schedule.MoveClock(w.ctx, operator(), both)
	refused(t, err, schedule.CodeClockTarget)
	_, _, err = sandbox.Schedule.MoveClock(w.ctx, reseller, advance(t, "P1D"))
	require.ErrorIs(t, err, access.ErrForbidden)
	_, err = sandbox.Schedule.SandboxTime(reseller)
	require.ErrorIs(t, err, access.ErrForbidden)
	for _, caller := range []access.Caller{operator(), reseller} { // no sandbox
		_, err = w.Schedule.SandboxTime(caller)
		require.ErrorIs(t, err, query.ErrNotFound)
		_, _, err = w.Schedule.MoveClock(w.ctx, caller, advance(t, "P1D"))
		require.ErrorIs(t, err, query.ErrNotFound)
	}
	after, err := sandbox.Schedule.SandboxTime(operator())
	require.NoError(t, err)
	require.WithinDuration(t, before, after, time.Minute)
}

// A clock that stopped on the way, since the service died at one of its steps,
// stands where it got to; moving it to the same instant does the rest, and
// nothing twice.
func TestMoveClockAfterACrash(t *testing.T) {
	t.Parallel()
	w := newTimedWorld(t)
	w.more = func(d *app.Dependencies) { // each process finds the clock where the one before left it
		c, err := clock.NewSandbox(w.ctx, w.pool, new(clock.Shifted))
		require.NoError(t, err)
		d.Clock, d.Sandbox = c, c
	}
	sandbox := w.with(w.log)
	serial := w.stock(sandbox, w.resellerOn(sandbox, "North Radio"), 1)
	now, err := sandbox.Schedule.SandboxTime(operator())
	require.NoError(t, err)
	years := 0
	for _, before := range []bool{true, false} {
		for n, dead := 1, true; dead; n++ {
			require.Less(t, n, 20, "moving the clock does not end")
			years += 6
			target := schedule.MoveClock{To: now.AddDate(years, 0, 0)}
			on := w.dying(n, before)
			stopped, _, err := on.Schedule.MoveClock(w.ctx, operator(), target)
			if dead = on.dead; dead {
				require.ErrorIs(t, err, errDead)
				require.False(t, stopped.After(target.To.Add(time.Minute)))
			}
			_, _, err = w.with(w.log).Schedule.MoveClock(w.ctx, operator(), schedule.MoveClock{To: target.To.Add(time.Hour)})
			require.NoError(t, err)
		}
	}
	_, at := w.renewals(serial)
	require.Len(t, at, years/5)
	for i, renewed := range at {
		require.Equal(t, calendar.DateOf(now).AddMonths(60*(i+1), calendar.DateOf(now).Day()), calendar.DateOf(renewed))
	}
}

// Two operators at once: one moves the clock, the other is told to come back.
func TestMoveClockAlone(t *testing.T) {
	t.Parallel()
	w := newTimedWorld(t)
	c, err := clock.NewSandbox(w.ctx, w.pool, new(clock.Shifted))
	require.NoError(t, err)
	err = c.Alone(w.ctx, func(ctx context.Context) error {
		_, _, err := w.sandbox(w.log).Schedule.MoveClock(ctx, operator(), advance(t, "PT1H"))
		return err
	})
	require.ErrorIs(t, err, eventlog.ErrBusy)
	failed := errors.New("failed")
	require.ErrorIs(t, c.Alone(w.ctx, func(context.Context) error { return failed }), failed)
	_, _, err = w.sandbox(w.log).Schedule.MoveClock(w.ctx, operator(), advance(t, "PT1H"))
	require.NoError(t, err)
}
