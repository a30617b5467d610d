package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"
)

const (
	proofClients = 12
	// A subject is followed by another one after so many operations, or so many whose
	// outcome is unknown: what the checker has to try doubles with each of these.
	subjectEntries = 80
	subjectOpen    = 5
	// How long clients write in one history, with faults, and how long after that
	// what they repeat may take, and the reading of everything.
	shortHistory = 8 * time.Second
	longHistory  = 25 * time.Second
	proofEnd     = 90 * time.Second
)

// TestProof has clients write at once to the program as it runs, on one instance and
// on two, while processes are killed and frozen, connections are cut and clocks jump.
// What they were answered must be what some order of the operations, one after the
// other, could have been answered: nothing acknowledged is lost, nothing is done
// twice, no rule is broken. FLEETLEDGER_PROOF=1h does so for an hour, and prints what
// came of it; FLEETLEDGER_PROOF_SEED makes the same choices again.
func TestProof(t *testing.T) { //nolint:tparallel // one history after the other, each on the whole machine
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if given := os.Getenv("FLEETLEDGER_PROOF_SEED"); given != "" {
		var err error
		seed, err = strconv.ParseUint(given, 10, 64)
		require.NoError(t, err)
	}
	long, err := time.ParseDuration(cmp.Or(os.Getenv("FLEETLEDGER_PROOF"), "0s"))
	require.NoError(t, err)
	total, began := newTally(), time.Now()
	defer func() { t.Logf("FLEETLEDGER_PROOF_SEED=%d\n%s", seed, total) }()
	lasts := shortHistory
	if long > 0 {
		lasts = longHistory
	}
	for n := 0; n < 2 || time.Since(began) < long; n++ {
		t.Run(fmt.Sprintf("history %d", n+1), func(t *testing.T) {
			site := oneInstance
			if n%2 == 1 {
				site = twoInstances
			}
			newProofRun(t, site(t), seed, n, total).through(lasts)
		})
	}
}

// subject is what operations of a history are about.
type subject interface {
	act(*proofClient)       // one operation, at random
	look(*proofClient) bool // reads all there is, when nothing goes on any more
	full() bool
	counts() (entries, open int)
	itself() *history
}

func (h *history) itself() *history { return h }

// kindsOfSubjects are those that go on at any time. One of each is enough: then
// clients meet.
var kindsOfSubjects = []func(*proofClient) (subject, bool){newNames, newPlaces, newLife, newOrders}

// proofRun is one run of clients and faults on a site.
type proofRun struct {
	t      *testing.T
	site   *proofSite
	random *rand.Rand // of the faults
	seed   uint64
	nth    int
	tally  *tally
	began  time.Time
	until  context.Context // ends what clients repeat
	number func() int
	pace   *rate.Limiter // of what clients do
	turns  atomic.Int64  // that they had
	ended  atomic.Bool   // nobody needs to go on

	mu       sync.Mutex
	position string
	all      []subject
	current  *faulted // that is waited for
	faults   []*faulted
	windows  []window
	slots    []slot
}

// slot has the subject of a kind that goes on.
type slot struct {
	subject  subject
	renewing bool
}

func newProofRun(t *testing.T, site *proofSite, seed uint64, nth int, total *tally) *proofRun {
	var count atomic.Int64
	return &proofRun{
		t: t, site: site, seed: seed, nth: nth, tally: total, began: time.Now(), position: site.instances[0].operator.Position(),
		random: rand.New(rand.NewPCG(seed, uint64(nth)<<8)), number: func() int { return int(count.Add(1)) },
		pace: rate.NewLimiter(rate.Inf, 1), slots: make([]slot, len(kindsOfSubjects)),
	}
}

func (r *proofRun) now() time.Duration { return time.Since(r.began) }

func (r *proofRun) client(n int) *proofClient {
	c := &proofClient{proofRun: r, n: n, keys: n%2 == 0, random: rand.New(rand.NewPCG(r.seed, uint64(r.nth)<<8+uint64(n)+1))}
	for _, w := range r.site.wires {
		c.https = append(c.https, w.client(proofPatience))
	}
	return c
}

// begins notes a history; the subject of it is kept when it is there.
func (r *proofRun) begins(name string, m proofModel) *history {
	return &history{name: name, model: m}
}

// surprise fails the test from a client.
func (r *proofRun) surprise(what string) { r.t.Error(what) }

// through runs the clients and the faults, and checks what came of it.
func (r *proofRun) through(lasts time.Duration) {
	r.clients(func() { r.strike(lasts) })
	r.check()
	r.audit()
}

// clients work while something is done, and read everything in the end.
func (r *proofRun) clients(meanwhile func()) {
	until, cancel := context.WithCancel(r.t.Context())
	defer cancel()
	r.until = until
	reader := r.client(proofClients)
	reader.keys = true
	for i := range r.slots {
		r.renew(reader, i)
		require.NotNil(r.t, r.slots[i].subject)
	}
	writing, stop := context.WithCancel(until)
	var clients sync.WaitGroup
	for n := range proofClients {
		clients.Go(func() { r.client(n).work(writing) })
	}
	meanwhile()
	stop()
	giveUp := time.AfterFunc(proofEnd, cancel) // what is repeated comes to an end before
	clients.Wait()
	for _, s := range r.all {
		require.True(r.t, s.look(reader), "%s cannot be read", s.itself().name)
	}
	giveUp.Stop()
	r.tally.finished(r.faults)
}

// strike makes one fault after the other, each kind once before one comes again.
func (r *proofRun) strike(lasts time.Duration) {
	kinds := faultsOf(r.site)
	for n := 0; r.now() < lasts; n++ {
		if n%len(kinds) == 0 {
			r.random.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
		}
		gap := 500*time.Millisecond + time.Duration(r.random.Int64N(int64(time.Second)))
		require.NoError(r.t, pause(r.t.Context(), gap))
		r.fault(r.random, kinds[n%len(kinds)])
	}
	require.NoError(r.t, pause(r.t.Context(), time.Second))
}

// work does one thing after the other, until it is enough.
func (c *proofClient) work(ctx context.Context) {
	for c.pace.Wait(ctx) == nil {
		i := c.random.IntN(len(c.slots))
		c.mu.Lock()
		s := c.slots[i]
		entries, open := s.subject.counts()
		done := entries >= subjectEntries || open >= subjectOpen || s.subject.full()
		if done {
			c.slots[i].renewing = true
		}
		c.mu.Unlock()
		switch {
		case !done:
			s.subject.act(c)
		case !s.renewing:
			c.renew(c, i)
		default:
			_ = pause(ctx, 5*time.Millisecond)
			continue
		}
		c.turns.Add(1)
	}
}

// twice has a client do something, and mostly another one beside it, as who clicks
// twice does. The other one is of the other kind.
func (c *proofClient) twice(do func(*proofClient)) {
	var both sync.WaitGroup
	if c.random.IntN(3) > 0 {
		other := &proofClient{
			proofRun: c.proofRun, n: c.n + proofClients + 1, keys: !c.keys, random: rand.New(rand.NewPCG(c.random.Uint64(), 0)), https: c.https,
		}
		both.Go(func() { do(other) })
	}
	do(c)
	both.Wait()
}

// renew puts another subject into a slot.
func (r *proofRun) renew(c *proofClient, i int) {
	s, ok := kindsOfSubjects[i](c)
	r.mu.Lock()
	defer r.mu.Unlock()
	if ok {
		r.slots[i].subject = s
		r.all = append(r.all, s)
	}
	r.slots[i].renewing = false
}

// check has each history checked.
func (r *proofRun) check() {
	for _, s := range r.all {
		h := s.itself()
		result, info := h.check(true)
		strict, _ := h.check(false)
		r.tally.checked(result, strict)
		if result != porcupine.Ok {
			r.t.Errorf("%s: %s, no order of the operations was found that explains the answers (FLEETLEDGER_PROOF_SEED=%d, %s); look at %s",
				h.name, result, r.seed, r.t.Name(), h.explain(r.t, info, r.faults))
		}
	}
}

// audit has the log exported and verified, as an auditor would. Where the test fails, the
// export stays.
func (r *proofRun) audit() {
	t := r.t
	dir, err := os.MkdirTemp("", "fleetledger-proof-")
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the whole log is in %s", dir)
			return
		}
		require.NoError(t, os.RemoveAll(dir))
	})
	file := filepath.Join(dir, "log.ndjson")
	args := append([]string{"--data-dir", r.site.dir}, r.site.storeArgs()...)
	for _, command := range [][]string{{"audit", "export", "--out", file}, {"audit", "verify", file}} {
		out, err := program(t.Context(), append(command, args...)...).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
}

// clockCall asks for the service's clock, or moves it.
func clockCall(t *testing.T, c *http.Client, url, token, method string, body any) (status int, now time.Time) {
	t.Helper()
	text, err := json.Marshal(body)
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), method, url+"/v1/sandbox/clock", bytes.NewReader(text))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	answer, err := c.Do(request)
	if err != nil {
		return 0, time.Time{}
	}
	defer func() { _ = answer.Body.Close() }()
	var clock struct{ Now time.Time }
	if err := json.NewDecoder(answer.Body).Decode(&clock); err != nil {
		return 0, time.Time{}
	}
	return answer.StatusCode, clock.Now
}
