package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
)

func TestFinisherLeavesTheYoungAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.customer(w.reseller("North Radio"), "Delta Rail")
	_, err := w.dying(3, true).Devices.Register(w.ctx, operatorFor(customer), devices.Register{Command: newCommand(), Items: routers(1, 1)})
	require.ErrorIs(t, err, errDead)
	events := eventlog.Batch{Events: w.everything()}

	var early *command.TooEarly
	require.ErrorAs(t, w.Finisher.HandleBatch(w.ctx, events), &early)
	require.Equal(t, w.clock.Now().Add(30*time.Second), early.NotBefore())
	require.Len(t, w.everything(), len(events.Events))

	w.clock.Advance(-24 * time.Hour) // set back: nobody waits for a day
	require.NoError(t, w.Finisher.HandleBatch(w.ctx, events))
	cleared := len(w.everything())
	require.Greater(t, cleared, len(events.Events))
	require.NoError(t, w.Finisher.HandleBatch(w.ctx, events))
	require.Len(t, w.everything(), cleared, "once more does nothing")
	w.invariants()
}

func TestRequestsOutliveAnOutage(t *testing.T) {
	t.Parallel()
	node := eventnodetest.NewRestartable(t)
	node.Start()
	w := worldOn(t, node.SocketPath())
	reseller := w.reseller("North Radio")

	node.Stop()
	results := make([]command.BulkResult, 25)
	errs := make([]error, 25)
	begun := make(chan struct{}, 25)
	back := make(chan struct{})
	go func() {
		for range 25 {
			<-begun
		}
		node.Start()
		close(back)
	}()
	concurrently(25, func(i int) {
		begun <- struct{}{}
		results[i], errs[i] = w.Devices.Register(w.ctx, operatorFor(reseller), devices.Register{Command: newCommand(), Items: routers(i, 1)})
	})
	<-back
	created := 0
	for i, r := range results {
		if errs[i] != nil { // a read may have given up
			require.ErrorIs(t, errs[i], eventlog.ErrUnavailable)
			continue
		}
		created += r.Count(domain.OutcomeCreated)
	}
	require.Positive(t, created)
	w.later()
	w.invariants()
	for i := range results {
		w.register(reseller, router(i))
	}
	w.later()
	w.invariants()
}
