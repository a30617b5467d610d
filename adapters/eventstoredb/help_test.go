package eventstoredb

import (
	"context"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fleetledger/fleetledger/app/eventlog"

	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
)

// open gives a store on the socket, patient and quick enough for tests.
func open(t testing.TB, socket string, change ...func(*Options)) *Store {
	t.Helper()
	o := Options{
		SocketPath:        socket,
		DiscoveryInterval: 20 * time.Millisecond,
		CallTimeout:       20 * time.Second,
	}
	for _, c := range change {
		c(&o)
	}
	s, err := Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// running gives a store and the node it talks to.
func running(t testing.TB, change ...func(*Options)) (*Store, *eventnodetest.Restartable) {
	t.Helper()
	node := eventnodetest.NewRestartable(t)
	node.Start()
	return open(t, node.SocketPath(), change...), node
}

// fact is an event to append, told from others by n.
func fact(n int) eventlog.NewEvent {
	return eventlog.NewEvent{
		ID:    uuid.New(),
		Event: account.AccountClosed{Account: uuid.Max, Reason: fmt.Sprint(n)},
		Metadata: eventlog.Metadata{
			OccurredAt: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC),
			Actor:      domain.Actor{Kind: domain.ActorSystem, ID: "test"},
		},
	}
}

func facts(n int) []eventlog.NewEvent {
	events := make([]eventlog.NewEvent, n)
	for i := range events {
		events[i] = fact(i)
	}
	return events
}

func number(r eventlog.Recorded) string { return r.Event.(account.AccountClosed).Reason }

// all collects a read.
func all(t testing.TB, seq iter.Seq2[eventlog.Recorded, error]) []eventlog.Recorded {
	t.Helper()
	var events []eventlog.Recorded
	for e, err := range seq {
		require.NoError(t, err)
		events = append(events, e)
	}
	return events
}

func failure(seq iter.Seq2[eventlog.Recorded, error]) error {
	for _, err := range seq {
		if err != nil {
			return err
		}
	}
	return nil
}

func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// value is what a counter or gauge stands at.
func value(t testing.TB, m prometheus.Metric) float64 {
	t.Helper()
	var d dto.Metric
	require.NoError(t, m.Write(&d))
	return d.GetCounter().GetValue() + d.GetGauge().GetValue()
}
