package eventnode_test

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fleetledger/fleetledger/adapters/eventnode"
	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
)

// benchNode is a node on a database that writes through to where it is kept: set
// FLEETLEDGER_PGTEST_DIR to a folder on a disk, or it may be memory.
func benchNode(b *testing.B, options ...eventnodetest.Option) *eventnode.Node {
	b.Helper()
	return eventnodetest.On(b, pgtest.Server(b, pgtest.Durable()).Pool(b), options...).Start()
}

func BenchmarkAppend(b *testing.B) {
	for _, appenders := range []int{1, 16} {
		for _, size := range []int{1, 100} {
			b.Run(fmt.Sprintf("appenders=%d/events=%d", appenders, size), func(b *testing.B) {
				registry := prometheus.NewRegistry()
				client := eventnodetest.Client(b, benchNode(b, eventnodetest.Metrics(registry)))
				var n atomic.Int64
				mustAppend(b, client, "warm", esdb.Any{}, event("e"))
				b.ResetTimer()
				var wg sync.WaitGroup
				for range appenders {
					wg.Go(func() {
						for i := n.Add(1); i <= int64(b.N); i = n.Add(1) {
							mustAppend(b, client, fmt.Sprintf("stream-%d", i), esdb.NoStream{}, events("event", size)...)
						}
					})
				}
				wg.Wait()
				b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "events/s")
				b.ReportMetric(meanOf(b, registry, "eventnode_write_events"), "events/commit")
				b.ReportMetric(1e3*meanOf(b, registry, "eventnode_write_seconds"), "ms/commit")
			})
		}
	}
}

func meanOf(b *testing.B, registry *prometheus.Registry, histogram string) float64 {
	b.Helper()
	families, err := registry.Gather()
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == histogram {
			h := f.GetMetric()[0].GetHistogram()
			return h.GetSampleSum() / float64(h.GetSampleCount())
		}
	}
	b.Fatalf("no metric %s", histogram)
	return 0
}

// filled is a node with n events of 250 bytes in the log.
func filled(b *testing.B, n int) (*esdb.Client, *eventnodetest.Restartable) {
	b.Helper()
	r := eventnodetest.NewRestartable(b)
	client := eventnodetest.Client(b, r.Start())
	for i := 0; i < n; i += 500 {
		batch := events("event", 500)
		for j := range batch {
			batch[j].Data = fmt.Appendf(nil, `{"number":%d,"text":"%0200d"}`, i+j, 0)
		}
		mustAppend(b, client, fmt.Sprintf("stream-%d", i), esdb.NoStream{}, batch...)
	}
	return client, r
}

func BenchmarkReadAll(b *testing.B) {
	client, _ := filled(b, 20_000)
	for b.Loop() {
		got, err := drain(client.ReadAll(b.Context(), esdb.ReadAllOptions{}, math.MaxUint64))
		if err != nil || len(got) != 20_000 {
			b.Fatalf("%d events, %v", len(got), err)
		}
	}
	b.ReportMetric(float64(b.N)*20_000/b.Elapsed().Seconds(), "events/s")
}

// From PostgreSQL after a restart, or from memory.
func BenchmarkCatchUp(b *testing.B) {
	const n = 15_000
	for _, from := range []string{"memory", "database"} {
		b.Run(from, func(b *testing.B) {
			client, r := filled(b, n)
			if from == "database" {
				r.Stop()
				client = eventnodetest.Client(b, r.Start())
			}
			for b.Loop() {
				sub := subscribeAll(b, client, esdb.SubscribeToAllOptions{
					From: esdb.Start{}, MaxSearchWindow: 500,
					Filter: &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"stream-"}},
				})
				nextEvents(b, sub, n)
				_ = sub.Close()
			}
			b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkReadStream loads a short stream, as a command does.
func BenchmarkReadStream(b *testing.B) {
	client, _ := filled(b, 500)
	mustAppend(b, client, "short", esdb.NoStream{}, events("event", 5)...)
	for b.Loop() {
		if got := readStream(b, client, "short", esdb.ReadStreamOptions{}); len(got) != 5 {
			b.Fatal(len(got))
		}
	}
}

// BenchmarkDelivery is the time from the call of an append, durable, to its event
// at a subscriber, with nothing else going on.
func BenchmarkDelivery(b *testing.B) {
	node := benchNode(b)
	client := eventnodetest.Client(b, node)
	sub := subscribeAll(b, eventnodetest.Client(b, node), esdb.SubscribeToAllOptions{From: esdb.End{}})
	untilCaughtUp(b, sub)
	arrived := make(chan time.Time, 1)
	go func() {
		for {
			m := sub.Recv()
			switch {
			case m.SubscriptionDropped != nil:
				close(arrived)
				return
			case m.EventAppeared != nil:
				arrived <- time.Now()
			}
		}
	}()
	latencies := make([]time.Duration, 0, 1024)
	for b.Loop() {
		start := time.Now()
		mustAppend(b, client, "s", esdb.Any{}, event("e"))
		latencies = append(latencies, (<-arrived).Sub(start))
	}
	reportPercentiles(b, latencies)
}

func reportPercentiles(b *testing.B, latencies []time.Duration) {
	slices.Sort(latencies)
	at := func(p int) float64 { return float64(latencies[(len(latencies)-1)*p/100].Microseconds()) }
	b.ReportMetric(at(50), "p50-µs")
	b.ReportMetric(at(99), "p99-µs")
}
