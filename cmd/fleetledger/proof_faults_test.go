package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/stretchr/testify/require"
)

// faulted is a fault that was made, and how long it took until writes that were sent
// after it had begun went through what it had hit.
type faulted struct {
	kind                     string
	hit                      int // instance; -1: all that there are
	began, healed, recovered time.Duration
	counts                   time.Duration // what was sent after this counts as a recovery
	again                    chan struct{} // closed when it has recovered
}

func (f *faulted) String() string {
	return fmt.Sprintf("%s (instance %d) at %s, healed after %s, writes again after %s", f.kind, f.hit,
		f.began.Round(time.Millisecond), (f.healed - f.began).Round(time.Millisecond), (f.recovered - f.began).Round(time.Millisecond))
}

// proofFault is a kind of fault. What it does gives how it is healed, after a time
// that is between none and lasts.
type proofFault struct {
	kind  string
	lasts time.Duration
	all   bool // hits all instances
	some  bool // of the writes go through while it lasts; those after it count
	do    func(s *proofSite, instance int) (heal func())
}

// faultsOf are the kinds of faults that a site can have.
func faultsOf(s *proofSite) []proofFault {
	kinds := []proofFault{
		{kind: "instance killed", lasts: time.Second, do: func(s *proofSite, i int) func() {
			s.kills(i)
			return func() { s.starts(i) }
		}},
		{kind: "instance frozen", lasts: 6 * time.Second, do: func(s *proofSite, i int) func() {
			s.instances[i].frozen()
			return s.instances[i].thawed
		}},
		{kind: "connections cut", lasts: time.Second, do: func(s *proofSite, i int) func() {
			s.wires[i].cut()
			return func() { s.wires[i].leads(s.t, s.instances[i]) }
		}},
		{kind: "connections stalled", lasts: 5 * time.Second, do: func(s *proofSite, i int) func() { return s.wires[i].stall() }},
		{kind: "PostgreSQL killed", lasts: time.Second, all: true, do: func(s *proofSite, _ int) func() { return s.killsPostgreSQL() }},
		{kind: "PostgreSQL frozen", lasts: 3 * time.Second, all: true, do: func(s *proofSite, _ int) func() { return s.freezesPostgreSQL() }},
		{kind: "clock jumped ahead", do: func(s *proofSite, i int) func() { return func() { s.jumps(i) } }},
		{kind: "everything killed", lasts: time.Second, all: true, do: everythingKilled},
	}
	if s.node != nil {
		kinds = append(kinds, proofFault{kind: "event store down", lasts: 2 * time.Second, all: true, do: func(s *proofSite, _ int) func() { return s.stopsNode() }})
	}
	if s.disk != nil {
		kinds = append(kinds, proofFault{kind: "disk full", lasts: 3 * time.Second, all: true, some: true, do: func(s *proofSite, _ int) func() {
			s.disk.fill()
			return s.disk.remove
		}})
	}
	return kinds
}

func everythingKilled(s *proofSite, _ int) func() {
	again := s.killsPostgreSQL()
	for i := range s.instances {
		s.kills(i)
	}
	return func() {
		again()
		for i := range s.instances {
			s.starts(i)
		}
	}
}

// jumps has the service's clock jump ahead by more than an interrupted command is
// left alone for, so that what is under way is taken for dead. The other instances
// notice within a second. A sandbox's clock does not go back, and nothing else moves
// the clock of the service alone.
func (s *proofSite) jumps(i int) {
	s.jumped++
	jump := time.Duration(1+s.jumped*23%60) * time.Minute
	c := &http.Client{Timeout: 30 * time.Second}
	call := func(method string, body any) (now time.Time, ok bool) {
		status, answer := clockCall(s.t, c, s.instances[i].url, s.token, method, body)
		return answer, status == http.StatusOK
	}
	require.Eventually(s.t, func() bool {
		now, ok := call(http.MethodGet, nil)
		if ok {
			_, ok = call(http.MethodPost, map[string]time.Time{"now": now.Add(jump)})
		}
		return ok
	}, time.Minute, 100*time.Millisecond)
}

// fault makes a fault, heals it, and waits until writes go through again.
func (r *proofRun) fault(random *rand.Rand, kind proofFault) {
	t := r.t
	f := &faulted{kind: kind.kind, hit: random.IntN(len(r.site.instances)), again: make(chan struct{})}
	lasts := time.Duration(random.Int64N(int64(kind.lasts) + 1))
	started := r.now()
	heal := kind.do(r.site, f.hit)
	if kind.all {
		f.hit = -1
	}
	f.began, f.healed = r.now(), r.now()
	if f.counts = f.began; kind.some {
		f.counts = endless
	}
	r.mu.Lock()
	r.faults, r.current = append(r.faults, f), f
	r.windows = append(r.windows, window{started, endless})
	r.mu.Unlock()
	require.NoError(t, pause(t.Context(), lasts))
	heal()
	r.mu.Lock()
	f.healed = r.now()
	f.counts = min(f.counts, f.healed)
	r.mu.Unlock()
	select {
	case <-f.again:
	case <-time.After(recovery):
		t.Errorf("no write went through %s after: %v", recovery, f)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current = nil
	r.windows[len(r.windows)-1].to = r.now() + settling
}

const (
	// recovery is how long it may take at most until writes go through again.
	recovery = time.Minute
	// settling is how long after that deeds are still taken for disturbed.
	settling = 500 * time.Millisecond
	endless  = time.Duration(1 << 62)
)

// window is a time in which a fault may have disturbed what went on.
type window struct{ from, to time.Duration }

// faulty tells whether a fault may have disturbed what was done from a time to another.
func (r *proofRun) faulty(from, to time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range r.windows {
		if from < w.to && to > w.from {
			return true
		}
	}
	return false
}

// acknowledged notes that a write that was sent to an instance at a time went through.
func (r *proofRun) acknowledged(instance int, sent time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.current
	if f == nil || f.recovered > 0 || sent < f.counts || f.hit >= 0 && f.hit != instance {
		return
	}
	f.recovered = r.now()
	close(f.again)
}
