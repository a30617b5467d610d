package app_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/clock"
	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
	"github.com/fleetledger/fleetledger/adapters/eventstoredb"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/projections"
	"github.com/fleetledger/fleetledger/projections/fleet"
)

// timedWorld is a world with read models that follow the log, so that what
// falls due by itself is found.
type timedWorld struct {
	*world
	runner *projections.Runner
}

var warnDays = []int{31, 7, 1}

func newTimedWorld(t testing.TB) *timedWorld { return followedWorld(t, false) }

// followedWorld is a timed world, in which the finisher may follow the log, too.
func followedWorld(t testing.TB, finishes bool) *timedWorld {
	t.Helper()
	node := eventnodetest.NewRestartable(t)
	node.Start()
	w := &timedWorld{world: worldOn(t, node.SocketPath())}
	store, ok := w.log.(*eventstoredb.Store)
	require.True(t, ok)
	identity, err := eventlog.Identify(t.Context(), w.log, w.clock)
	require.NoError(t, err)
	follow := func(name string, prefixes []string, from func(context.Context) (eventlog.Position, error)) (message.Subscriber, error) {
		return eventstoredb.NewSubscriber(store, eventstoredb.SubscriberOptions{
			FollowOptions: eventstoredb.FollowOptions{Name: name, Prefixes: prefixes}, From: from,
		})
	}
	w.reader = fleet.NewReader(w.pool, func(ctx context.Context, names []string, p eventlog.Position) error {
		return w.runner.WaitFor(ctx, names, p)
	})
	w.App = w.with(w.log)
	var following []projections.Reaction
	if f := w.Finisher; finishes {
		following = append(following, projections.Reaction{Name: f.Name(), Prefixes: f.Prefixes(), Handle: f.HandleBatch})
	}
	w.runner, err = projections.New(projections.Options{
		Pool: w.pool, Follow: follow, Log: w.log, Awaited: eventlog.Awaited, Source: identity.Source, Logger: slog.New(slog.DiscardHandler),
	}, []projections.Projection{fleet.Projection()}, following)
	require.NoError(t, err)
	require.NoError(t, w.runner.Prepare(t.Context()))
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.runner.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("read models: %v", err)
		}
	})
	return w
}

// sandbox is the service in a sandbox, whose clock begins with the machine's.
func (w *timedWorld) sandbox(log eventlog.Log) *app.App {
	w.t.Helper()
	c, err := clock.NewSandbox(w.ctx, w.pool, new(clock.Shifted))
	require.NoError(w.t, err)
	return w.with(log, func(d *app.Dependencies) { d.Clock, d.Sandbox = c, c })
}

// visible waits until the read models know of everything that is in the log.
func (w *world) visible() {
	w.t.Helper()
	var last eventlog.Position
	for e, err := range w.log.ReadAll(w.ctx, eventlog.Position{}, "account-", "device-", "notice", "partnership-", "user-") {
		require.NoError(w.t, err)
		last = e.Position
	}
	_, err := w.reader.Devices(w.ctx, query.DeviceQuery{Freshness: query.Freshness{MinPosition: last}, Page: query.Page{Limit: 1}})
	require.NoError(w.t, err)
}

// renewals are a device's automatic renewals as "old end - new end", and the
// instants at which they were written.
func (w *timedWorld) renewals(serial string) (periods []string, at []time.Time) {
	w.t.Helper()
	for e, err := range w.log.ReadStream(w.ctx, device.Aggregate.Stream(device.UID(serial)), 0) {
		require.NoError(w.t, err)
		if renewed, ok := e.Event.(device.ServiceRenewed); ok && renewed.Automatic {
			periods = append(periods, renewed.OldEnd.String()+" - "+renewed.NewEnd.String())
			at = append(at, e.Metadata.OccurredAt)
		}
	}
	return periods, at
}

// setDay has the world's clock show the morning of a day.
func (w *world) setDay(d calendar.Date) { w.clock.Set(d.Time().Add(9 * time.Hour)) }
