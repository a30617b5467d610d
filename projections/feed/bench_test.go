package feed_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/device"
)

// Filling: batches as a rebuild and the subscriber make them, checkpoint and rows in a
// transaction each; with a mark of a day for every so many devices.
func BenchmarkFilling(b *testing.B) {
	for _, c := range []struct{ batch, mark int }{{500, 1000}, {5000, 20_000}, {5000, 1000}, {5000, 100}} {
		b.Run(fmt.Sprintf("batch=%d/mark=%d", c.batch, c.mark), func(b *testing.B) {
			batch := c.batch
			h := newHistory()
			for i := range 20_000 {
				serial, end := fmt.Sprintf("SN%06d", i), day0.AddDays(i*7%730)
				h.device(serial, registered(serial, uuid.UUID{byte(i % 40), 1}, end))
				if i%5 == 0 {
					h.device(serial, device.ServiceRenewed{NewEnd: end + 365})
				}
				if i%c.mark == c.mark-1 {
					h.mark(day0.AddDays(i / c.mark))
				}
			}
			m := newModel(b)
			b.ResetTimer()
			events := 0
			for b.Loop() {
				if m.done >= len(h.events) {
					b.StopTimer()
					m.empty(b)
					b.StartTimer()
				}
				next := h.events[m.done:min(m.done+batch, len(h.events))]
				m.apply(b, next)
				events += len(next)
			}
			b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// empty makes a new generation of the feed.
func (m *model) empty(b *testing.B) {
	b.Helper()
	for _, sql := range []string{
		"TRUNCATE rm_feed_v1.items, rm_feed_v1.told, rm_feed_v1.subjects, rm_feed_v1.devices", "UPDATE rm_feed_v1.head SET items = 0, day = NULL",
	} {
		if _, err := m.pool.Exec(b.Context(), sql); err != nil {
			b.Fatal(err)
		}
	}
	m.done = 0
}
