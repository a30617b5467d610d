package eventnode

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the node's collectors.
type metrics struct {
	events        prometheus.Counter
	writes        *prometheus.CounterVec
	groupEvents   prometheus.Histogram
	writeSeconds  prometheus.Histogram
	position      prometheus.Gauge
	subscriptions prometheus.Gauge
}

func newMetrics() *metrics {
	return &metrics{
		events: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "eventnode_events_written_total", Help: "Events written to the log."}),
		writes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "eventnode_writes_total", Help: "Transactions that wrote events, by result (ok, error)."}, []string{"result"}),
		groupEvents: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "eventnode_write_events", Help: "Events per transaction.", Buckets: prometheus.ExponentialBuckets(1, 4, 7)}),
		writeSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "eventnode_write_seconds", Help: "Duration of a transaction, until durable.", Buckets: prometheus.ExponentialBuckets(0.0002, 2, 14)}),
		position: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "eventnode_log_position", Help: "Position of the last event."}),
		subscriptions: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "eventnode_subscriptions", Help: "Subscriptions being served."}),
	}
}

func (m *metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.events, m.writes, m.groupEvents, m.writeSeconds, m.position, m.subscriptions}
}

func (m *metrics) observeWrite(events int, d time.Duration, err error) {
	if err != nil {
		m.writes.WithLabelValues("error").Inc()
		return
	}
	m.writes.WithLabelValues("ok").Inc()
	m.events.Add(float64(events))
	m.groupEvents.Observe(float64(events))
	m.writeSeconds.Observe(d.Seconds())
}

func (m *metrics) observePosition(position int64) { m.position.Set(float64(position)) }
