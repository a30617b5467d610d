package app_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/transfers"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/reservation"
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

// noticing is a log that tells of each append with an event of one type.
type noticing struct {
	eventlog.Log
	event   string
	streams chan string
}

func (n noticing) Append(ctx context.Context, stream string, expected eventlog.Revision, events ...eventlog.NewEvent) (eventlog.Revision, eventlog.Position, error) {
	if slices.ContainsFunc(events, func(e eventlog.NewEvent) bool { return e.Event.EventType() == n.event }) {
		n.streams <- stream
	}
	return n.Log.Append(ctx, stream, expected, events...)
}

// A command that has given something up and not released it yet will do so: no instance
// fences its device off, whose caller is about to hear of its revision. What a dead one
// has left behind beside it is released.
func TestFinisherLeavesTheLivingAlone(t *testing.T) {
	t.Parallel()
	for name, givesUp := range map[string]func(*app.App, context.Context, string, uuid.UUID, uuid.UUID) error{
		"retires": func(a *app.App, ctx context.Context, serial string, _, _ uuid.UUID) error {
			_, err := a.Devices.Retire(ctx, operator(), devices.LifeCycle{Command: newCommand(), Device: serial})
			return err
		},
		"transfers, all or nothing": func(a *app.App, ctx context.Context, serial string, from, to uuid.UUID) error {
			_, err := a.Transfers.Transfer(ctx, operator(), transfers.Transfer{
				Command: newCommand(), From: from, To: to, Devices: []string{serial}, Atomic: true,
			})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			reseller := w.reseller("North Radio")
			customer := w.customer(reseller, "Delta Rail")
			serials := w.registered(reseller, routers(1, 2)...)
			van := "Van 7"
			w.dyingAfter("Reserved", func(on process) error {
				_, err := on.Devices.Edit(w.ctx, operator(), devices.Edit{Command: newCommand(), Device: serials[1], Name: &van})
				return err
			})
			w.clock.Advance(time.Minute)
			before := eventlog.Batch{Events: w.everything()}

			slow := &paused{Log: w.log, event: "Released", reached: make(chan struct{}), letGo: make(chan struct{})}
			letGo := sync.OnceFunc(func() { close(slow.letGo) })
			defer letGo()
			gone := make(chan error, 1)
			go func() { gone <- givesUp(w.with(slow), w.ctx, serials[0], reseller, customer) }()
			select {
			case <-slow.reached:
			case err := <-gone:
				t.Fatalf("nothing to release: %v", err)
			}
			fences := noticing{Log: w.log, event: "ClaimAbandoned", streams: make(chan string, 10)}
			require.NoError(t, w.with(fences).Finisher.HandleBatch(w.ctx, before))
			require.Equal(t, device.Aggregate.Stream(w.device(serials[1]).UID), <-fences.streams)
			require.Empty(t, fences.streams, "and no other one")
			letGo()
			require.NoError(t, <-gone)
			w.later()
			w.invariants()
		})
	}
}

// A device that had many names costs no more to look after with each new one, and
// what an event has given up is looked after with its own batch.
func TestFinisherReadsWhatWasGivenUpSince(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	serial := w.registered(reseller, router(1))[0]
	names := []string{"van 1", "van 2", "van 3", "van 4"}
	for _, name := range names[:3] {
		w.rename(serial, name)
	}
	earlier := w.end()
	w.dyingAfter("Renamed", func(on process) error {
		_, err := on.Devices.Edit(w.ctx, operator(), devices.Edit{Command: newCommand(), Device: serial, Name: &names[3]})
		return err
	})
	w.clock.Advance(time.Minute)
	last := eventlog.Batch{Events: w.after(earlier, w.Finisher.Prefixes()...)}

	stream := device.Aggregate.Stream(w.device(serial).UID)
	left := reservation.NameIn(reseller, names[2]).Stream
	counted := &countingLog{Log: w.log}
	require.NoError(t, w.with(counted).Finisher.HandleBatch(w.ctx, last))
	require.Equal(t, []string{stream, left, stream}, counted.reads)
	require.Equal(t, []string{stream, left}, counted.appends, "a fence, and the release that the dead one owed")

	counted = &countingLog{Log: w.log}
	require.NoError(t, w.with(counted).Finisher.HandleBatch(w.ctx, last))
	require.Equal(t, []string{stream, left}, counted.reads)
	require.Empty(t, counted.appends)
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
