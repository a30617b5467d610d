package projections

import (
	"fmt"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// metrics counts what followers do, and tells their state whenever scraped: a
// lag must grow while nothing happens.
type metrics struct {
	followers []*follower
	batch     *prometheus.HistogramVec
	seconds   *prometheus.HistogramVec
	events    *prometheus.CounterVec
	failures  *prometheus.CounterVec
}

var (
	lagDesc = prometheus.NewDesc("fleetledger_projection_lag_seconds",
		"Age of the last applied event while there are more to come; 0 when caught up.", []string{"projection"}, nil)
	positionDesc = prometheus.NewDesc("fleetledger_projection_position",
		"Commit position up to which the log was applied, as this instance knows it.", []string{"projection"}, nil)
	stalledDesc = prometheus.NewDesc("fleetledger_projection_stalled_seconds",
		"For how long the follower has stood still, wherever it runs, while the log has more for it; 0 when it moves.", []string{"projection"}, nil)
	stateDesc = prometheus.NewDesc("fleetledger_projection_state",
		"1 for the state the follower is in on this instance.", []string{"projection", "state"}, nil)
)

func newMetrics(registerer prometheus.Registerer, followers []*follower) (*metrics, error) {
	label := []string{"projection"}
	m := &metrics{
		followers: followers,
		batch: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "fleetledger_projection_batch_events", Help: "Events per batch.",
			Buckets: []float64{0, 1, 2, 5, 10, 25, 50, 100, 250, 500},
		}, label),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "fleetledger_projection_batch_seconds", Help: "Time from a batch's arrival to its commit, retries included.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2.5, 12),
		}, label),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fleetledger_projection_events_total", Help: "Events applied.",
		}, label),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fleetledger_projection_failures_total", Help: "Batches given up; the projector stopped or began anew.",
		}, label),
	}
	if registerer == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m, m.batch, m.seconds, m.events, m.failures} {
		if err := registerer.Register(c); err != nil {
			return nil, fmt.Errorf("register projection metrics: %w", err)
		}
	}
	return m, nil
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(ch chan<- *prometheus.Desc) {
	ch <- lagDesc
	ch <- positionDesc
	ch <- stalledDesc
	ch <- stateDesc
}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	now := time.Now()
	for _, f := range m.followers {
		f.mu.Lock()
		lag, stalled, position, state := f.lag(now), f.stalled(now), f.position, f.state
		f.mu.Unlock()
		gauge := func(d *prometheus.Desc, v float64, labels ...string) {
			ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, append([]string{f.name}, labels...)...)
		}
		gauge(lagDesc, lag.Seconds())
		gauge(positionDesc, float64(position.Commit))
		gauge(stalledDesc, stalled.Seconds())
		gauge(stateDesc, 1, string(state))
	}
}

// lag is zero when caught up or before the first event. The caller holds f.mu.
func (f *follower) lag(now time.Time) time.Duration {
	if f.caughtUp || f.latest.IsZero() {
		return 0
	}
	return max(0, now.Sub(f.latest))
}

func (m *metrics) measure(f *follower) message.HandlerMiddleware {
	return func(h message.HandlerFunc) message.HandlerFunc {
		return func(msg *message.Message) ([]*message.Message, error) {
			begin := time.Now()
			out, err := h(msg)
			if err != nil {
				m.failures.WithLabelValues(f.name).Inc()
				return out, err
			}
			m.seconds.WithLabelValues(f.name).Observe(time.Since(begin).Seconds())
			if batch, ok := eventlog.BatchFrom(msg.Context()); ok {
				m.batch.WithLabelValues(f.name).Observe(float64(len(batch.Events)))
				m.events.WithLabelValues(f.name).Add(float64(len(batch.Events)))
			}
			return out, nil
		}
	}
}
