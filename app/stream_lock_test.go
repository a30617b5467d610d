package app_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/devices"
)

// Forty at once, on two instances, want the same device. They take turns, and
// nobody is told to come again.
func TestManyChangeOneDevice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	serial := w.registered(w.reseller("North Radio"), router(1))[0]
	instances := []*app.App{w.App, w.with(w.log)}
	errs := make([]error, 40)
	concurrently(len(errs), func(i int) {
		labels, name := []string{fmt.Sprint("label ", i)}, fmt.Sprint("name ", i)
		c := devices.Edit{Command: newCommand(), Device: serial, Labels: &labels}
		if i%4 == 0 {
			c.Name = &name
		}
		_, errs[i] = instances[i%2].Devices.Edit(w.ctx, operator(), c)
	})
	for _, err := range errs {
		require.NoError(t, err)
	}
	w.later()
	w.invariants()
}

// Whoever waits for a turn waits no longer than its context, and leaves no gap.
func TestWaitingForATurnEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	serial := w.registered(w.reseller("North Radio"), router(1))[0]
	slow := &paused{Log: w.log, event: "Suspended", reached: make(chan struct{}), letGo: make(chan struct{})}
	on := w.with(slow)
	suspended := make(chan error)
	go func() {
		_, err := on.Devices.Suspend(w.ctx, operator(), devices.LifeCycle{Command: newCommand(), Device: serial})
		suspended <- err
	}()
	<-slow.reached
	ctx, cancel := context.WithCancel(w.ctx)
	waited := make(chan error)
	go func() {
		_, err := on.Devices.Resume(ctx, operator(), devices.LifeCycle{Command: newCommand(), Device: serial})
		waited <- err
	}()
	cancel()
	require.ErrorIs(t, <-waited, context.Canceled)
	close(slow.letGo)
	require.NoError(t, <-suspended)
	_, err := on.Devices.Resume(w.ctx, operator(), devices.LifeCycle{Command: newCommand(), Device: serial})
	require.NoError(t, err)
}
