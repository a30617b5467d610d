package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"
)

// Without FLEETLEDGER_SOAK it is seen only that everything works. What is flat shows in
// a long time: then a process has what it needs after the first quarter.
const (
	shortSoak  = 8 * time.Second
	soakFaults = time.Minute // from one fault to the next
	soakFlat   = 10 * time.Minute
	// What a level may be higher in the last quarter than in the second.
	soakRise = 1.2
	// How many things of a kind come and go by themselves.
	soakSlack = 20
)

// TestSoak has clients write and read at half of what the program can do, with a fault
// each minute that its process survives, for FLEETLEDGER_SOAK=30m: memory, goroutines,
// files, connections, and what the tables take for an event must stay where they are.
func TestSoak(t *testing.T) {
	t.Parallel()
	long(t)
	lasts, err := time.ParseDuration(cmp.Or(os.Getenv("FLEETLEDGER_SOAK"), "0s"))
	require.NoError(t, err)
	site := (&proofSite{t: t, dir: filepath.Join(t.TempDir(), "data"), args: []string{"--sandbox"}}).begins(1)
	total := newTally()
	s := &soak{proofRun: newProofRun(t, site, uint64(time.Now().UnixNano()), 0, total), lasts: max(lasts, shortSoak), every: soakFaults}
	if lasts == 0 {
		s.every = 2 * time.Second
	}
	s.clients(s.through)
	s.check()
	t.Logf("%s\n%s", s, total)
	s.audit()
	if lasts >= soakFlat {
		s.flat()
	}
}

type soak struct {
	*proofRun
	lasts, every time.Duration
	capacity     float64 // turns of clients in a second
	samples      []soakSample
}

// soakSample is what the program takes at a moment.
type soakSample struct {
	at     time.Duration
	levels soakLevels
	tables map[string]int64 // bytes of each table with its indexes
	turns  int64            // of clients so far
}

// soakLevels are by what is measured.
type soakLevels map[string]float64

// soakColumns are the measures that are not to rise.
var soakColumns = []string{"MB", "goroutines", "files", "sockets", "connections", "bytes/event"}

// survived are the faults that leave the process running: what it piles up shows then.
func survived(s *proofSite) []proofFault {
	return slices.DeleteFunc(faultsOf(s), func(f proofFault) bool { return f.kind == "instance killed" || f.kind == "everything killed" })
}

// through sees how much clients can do, has them do the half of it, and makes a fault
// from time to time.
func (s *soak) through() {
	t := s.t
	readers := make(chan struct{})
	go func() { defer close(readers); s.client(proofClients + 1).browses() }()
	whole := min(s.lasts/4, 20*time.Second)
	before := s.turns.Load()
	require.NoError(t, pause(t.Context(), whole))
	s.capacity = float64(s.turns.Load()-before) / whole.Seconds()
	s.pace.SetLimit(rate.Limit(max(1, s.capacity/2)))
	kinds := survived(s.site)
	for n := 0; s.now() < s.lasts; n++ {
		require.NoError(t, pause(t.Context(), time.Duration(n+1)*s.every-s.now()))
		s.samples = append(s.samples, s.sample())
		s.fault(s.random, kinds[n%len(kinds)])
	}
	require.NoError(t, pause(t.Context(), time.Second))
	s.samples = append(s.samples, s.sample())
	s.ended.Store(true)
	<-readers
}

// soakPages are what is read beside.
var soakPages = []string{"/v1/customers?sort=-red&limit=50", "/v1/devices?limit=50", "/v1/events?limit=50", "/v1/accounts?limit=50", "/v1/renewals?limit=50"}

// browses reads pages of the reseller's desk, as all clients have turns.
func (c *proofClient) browses() {
	for n := 0; !c.ended.Load() && c.pace.Wait(c.until) == nil; n++ {
		path := soakPages[n%len(soakPages)]
		request, err := http.NewRequestWithContext(c.until, http.MethodGet, "http://fleet.example"+path, http.NoBody)
		if err != nil {
			panic(err)
		}
		request.Header.Set("Authorization", "Bearer "+c.site.desk)
		answer, err := c.https[0].Do(request)
		if err != nil {
			continue // a fault is on
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		if answer.StatusCode >= http.StatusMultipleChoices && answer.StatusCode < http.StatusInternalServerError {
			c.surprise(path + ": " + answer.Status)
		}
		c.turns.Add(1)
	}
}

// sample looks when all goes well.
func (s *soak) sample() soakSample {
	t, service := s.t, s.site.instances[0]
	g := service.gauges()
	conn := service.database(t)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	rows, err := conn.Query(t.Context(), `SELECT schemaname || '.' || relname, pg_total_relation_size(relid) FROM pg_stat_user_tables`)
	require.NoError(t, err)
	sizes, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct {
		Table string
		Bytes int64
	}])
	require.NoError(t, err)
	taken, tables := int64(0), map[string]int64{}
	for _, size := range sizes {
		taken += size.Bytes
		tables[size.Table] = size.Bytes
	}
	events := value[int64](t, conn, `SELECT count(*) FROM eventnode.events`)
	connections := value[int64](t, conn, `SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'`)
	return soakSample{at: s.now(), tables: tables, turns: s.turns.Load(), levels: soakLevels{
		"MB": float64(g.megabytes), "goroutines": float64(g.goroutines), "files": float64(g.files), "sockets": float64(g.sockets),
		"connections": float64(connections), "bytes/event": float64(taken) / float64(max(1, events)), "events": float64(events),
	}}
}

// quarter is the middle of a measure in a quarter, from 0 on.
func (s *soak) quarter(n int, measure string) float64 {
	part := s.samples[len(s.samples)*n/4 : len(s.samples)*(n+1)/4]
	values := make([]float64, len(part))
	for i, sample := range part {
		values[i] = sample.levels[measure]
	}
	return median(values)
}

// flat expects that nothing rises from the second quarter to the last.
func (s *soak) flat() {
	for _, measure := range soakColumns {
		require.LessOrEqual(s.t, s.quarter(3, measure), s.quarter(1, measure)*soakRise+soakSlack, measure)
	}
}

// String is a table of the samples, and of the tables that take most.
func (s *soak) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%.0f turns of clients in a second at most; half of it from then on\n%10s %8s %8s", s.capacity, "after", "turns/s", "events")
	for _, measure := range soakColumns {
		fmt.Fprintf(&b, " %12s", measure)
	}
	var before soakSample
	for _, sample := range s.samples {
		pace := float64(sample.turns-before.turns) / (sample.at - before.at).Seconds()
		fmt.Fprintf(&b, "\n%10s %8.0f %8.0f", sample.at.Round(time.Second), pace, sample.levels["events"])
		for _, measure := range soakColumns {
			fmt.Fprintf(&b, " %12.0f", sample.levels[measure])
		}
		before = sample
	}
	first, last := s.samples[len(s.samples)/4], s.samples[len(s.samples)-1]
	tables := slices.SortedFunc(maps.Keys(last.tables), func(x, y string) int { return cmp.Compare(last.tables[y], last.tables[x]) })
	fmt.Fprintf(&b, "\n%-40s %12s %12s  (kB, after a quarter and at the end)", "table", "then", "now")
	for _, table := range tables[:min(15, len(tables))] {
		fmt.Fprintf(&b, "\n%-40s %12d %12d", table, first.tables[table]>>10, last.tables[table]>>10)
	}
	return b.String()
}
