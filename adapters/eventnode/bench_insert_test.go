package eventnode

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
)

// BenchmarkEndCheck tells what it costs a write to check the end of the log: it writes
// with the check and without, by turns, so that both meet the same machine.
func BenchmarkEndCheck(b *testing.B) {
	s := &session{pool: pgtest.Pool(b), owner: uuid.New()}
	if _, err := s.open(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.close)
	_, err := s.conn.Exec(b.Context(), `INSERT INTO eventnode.events
		SELECT n, n, now(), gen_random_uuid(), true, 'filled', 'e', repeat('x', 250)::bytea, '' FROM generate_series(1, 200000) n`)
	if err != nil {
		b.Fatal(err)
	}
	if err := s.findEnd(b.Context()); err != nil {
		b.Fatal(err)
	}
	checked := insertSQL
	b.Cleanup(func() { insertSQL = checked })
	bare := strings.Replace(checked, endsAt("$11", "$12"), "$11::bigint >= 0 AND $12::uuid IS NOT NULL", 1)
	took := map[string][]time.Duration{}
	b.ResetTimer()
	for i := range b.N {
		for _, sql := range []string{bare, checked} {
			insertSQL = sql
			r := &record{position: s.end.position + 1, revision: int64(i), created: time.Now(), id: uuid.New(), isJSON: true,
				stream: uuid.NewString(), typ: "e", data: []byte("{}"), metadata: []byte("{}")}
			start := time.Now()
			if err := s.insert(b.Context(), []*record{r}, nil); err != nil {
				b.Fatal(err)
			}
			took[sql] = append(took[sql], time.Since(start))
		}
	}
	median := func(sql string) float64 {
		slices.Sort(took[sql])
		return float64(took[sql][len(took[sql])/2].Nanoseconds()) / 1e3
	}
	b.ReportMetric(median(bare), "µs/bare")
	b.ReportMetric(median(checked), "µs/checked")
	b.ReportMetric(0, "ns/op")
}
