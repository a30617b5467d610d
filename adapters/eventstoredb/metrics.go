package eventstoredb

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	parked        prometheus.GaugeFunc
	inside        prometheus.GaugeFunc
	clients       prometheus.GaugeFunc
	reconnects    prometheus.Counter
	retries       *prometheus.CounterVec
	subscriptions *prometheus.CounterVec
	redeliveries  *prometheus.CounterVec
	failedAppends prometheus.Counter
	appending     prometheus.GaugeFunc
}

func newMetrics(g *guard, c *clients, a *appends) *metrics {
	const ns, sub = "fleetledger", "eventstore"
	return &metrics{
		parked: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: ns, Subsystem: sub, Name: "parked_calls",
			Help: "Calls that hang in the client after their callers have left.",
		}, func() float64 { return float64(g.parked.Load()) }),
		inside: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: ns, Subsystem: sub, Name: "calls",
			Help: "Calls, reads and subscriptions inside the client, parked ones included.",
		}, func() float64 { return float64(len(g.slots)) }),
		clients: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: ns, Subsystem: sub, Name: "clients",
			Help: "Clients that are not closed: one, and for a few seconds each that has lost its connection.",
		}, func() float64 { return float64(c.opened()) }),
		reconnects: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: ns, Subsystem: sub, Name: "reconnects_total",
			Help: "Searches for a node after a connection was lost.",
		}),
		retries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: ns, Subsystem: sub, Name: "retries_total",
			Help: "Repeated attempts by operation.",
		}, []string{"operation"}),
		subscriptions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: ns, Subsystem: sub, Name: "subscriptions_total",
			Help: "Attempts to subscribe by follower; all but the first followed a drop or a failed attempt.",
		}, []string{"follower"}),
		redeliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: ns, Subsystem: sub, Name: "redeliveries_total",
			Help: "Batches delivered again after a nack, by follower.",
		}, []string{"follower"}),
		failedAppends: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: ns, Subsystem: sub, Name: "failed_appends_total",
			Help: "Appends that the store did not answer or had no room for.",
		}),
		appending: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: ns, Subsystem: sub, Name: "appends_failing",
			Help: "1 while the last append, or the last question whether the store takes any, failed.",
		}, func() float64 {
			if a.last() != nil {
				return 1
			}
			return 0
		}),
	}
}

func (m *metrics) all() []prometheus.Collector {
	return []prometheus.Collector{m.parked, m.inside, m.clients, m.reconnects, m.retries, m.subscriptions, m.redeliveries, m.failedAppends, m.appending}
}

// register registers all or none.
func (m *metrics) register(r prometheus.Registerer) error {
	if r == nil {
		return nil
	}
	for i, c := range m.all() {
		if err := r.Register(c); err != nil {
			for _, done := range m.all()[:i] {
				r.Unregister(done)
			}
			return fmt.Errorf("event store: metrics: %w", err)
		}
	}
	return nil
}

func (m *metrics) unregister(r prometheus.Registerer) {
	if r == nil {
		return
	}
	for _, c := range m.all() {
		r.Unregister(c)
	}
}
