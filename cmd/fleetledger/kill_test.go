package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/device"
)

const (
	kills        = 3
	killClients  = 4
	killMostAcks = 40 // between two kills
)

// killed is a service that is killed again and again, and its clients.
type killed struct {
	t                   *testing.T
	dir                 string
	reseller            string
	accounts            []string // the reseller's and its customers'
	acknowledged, limit atomic.Int64
	due                 chan struct{} // it is time for the next kill
	done                chan struct{}

	mu      sync.Mutex
	current *service
	changed chan struct{} // closed when another service has taken over
	answers []answered
}

// answered is a write with its answer.
type answered struct {
	write
	answer
}

type write struct {
	method, path, key string
	body              any
	repeated          bool // after it was not answered
}

// A service with a log of its own on a slow disk, killed by SIGKILL in the middle
// of random writes: nothing that was acknowledged is lost, what was not answered
// goes through when it is sent again with its key, and what must hold holds.
func TestKilledInTheMiddleOfWrites(t *testing.T) {
	t.Parallel()
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	k := &killed{t: t, dir: t.TempDir(), due: make(chan struct{}, 1), done: make(chan struct{}), changed: make(chan struct{})}
	k.current = serve(t, k.dir)
	var desk string
	k.reseller, desk = k.current.reseller("Summit Wireless")
	k.accounts = []string{k.reseller, k.current.customer(desk, "Prairie Fire", "complete"), k.current.customer(desk, "Delta Rail", "complete")}
	var clients sync.WaitGroup
	for n := range killClients {
		clients.Go(func() { k.client(rand.New(rand.NewPCG(uint64(seed), uint64(n+1)))) })
	}
	for range kills {
		k.limit.Store(k.acknowledged.Load() + 5 + random.Int64N(killMostAcks))
		<-k.due
		k.current.kill()
		k.takeOver(serve(t, k.dir))
	}
	k.limit.Store(k.acknowledged.Load() + 20)
	<-k.due
	close(k.done)
	clients.Wait()
	k.check()
}

func (k *killed) service() (*service, chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.current, k.changed
}

func (k *killed) takeOver(s *service) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.current = s
	close(k.changed)
	k.changed = make(chan struct{})
}

// client sends writes until the end. One that is not answered, since the service
// was killed, is sent again to the next one.
func (k *killed) client(random *rand.Rand) {
	for {
		select {
		case <-k.done:
			return
		default:
		}
		k.send(k.random(random))
	}
}

func (k *killed) send(w write) {
	for {
		s, changed := k.service()
		a, err := s.try(w.method, w.path, s.operator, w.body, "Idempotency-Key", w.key)
		passing := err == nil && a.header.Get("Retry-After") != "" // such as busy: no answer that is kept
		if err == nil && a.status < http.StatusInternalServerError && !passing {
			k.mu.Lock()
			k.answers = append(k.answers, answered{w, a})
			k.mu.Unlock()
			if k.acknowledged.Add(1) == k.limit.Load() {
				k.due <- struct{}{}
			}
			return
		}
		w.repeated = w.repeated || err != nil || a.status >= http.StatusInternalServerError
		if err != nil {
			<-changed
		}
	}
}

// random is a write about few devices and accounts, so that they meet.
func (k *killed) random(r *rand.Rand) write {
	serial := func(n int) string { return fmt.Sprintf("LD%014d", n) }
	account := func() string { return k.accounts[r.IntN(len(k.accounts))] }
	n := r.IntN(30)
	w := write{method: http.MethodPost, key: uuid.NewString()}
	switch r.IntN(8) {
	case 0, 1, 2:
		w.path, w.body = "/v1/device-registrations", map[string]any{"items": []map[string]string{
			{"serialNumber": serial(n), "esn": fmt.Sprintf("%08X", n+1), "account": account(), "name": fmt.Sprint("router ", n)},
		}}
	case 3, 4, 5:
		from, to := account(), k.reseller
		if from == k.reseller {
			to = k.accounts[1]
		}
		w.path, w.body = "/v1/transfers", map[string]any{"from": from, "to": to, "devices": []string{serial(n), serial(r.IntN(30))}}
	case 6:
		w.method, w.path, w.body = http.MethodPatch, "/v1/devices/"+serial(n), map[string]any{"name": fmt.Sprint("router ", r.IntN(30))}
	default:
		w.path, w.body = "/v1/accounts", map[string]any{"name": fmt.Sprint("Company ", r.IntN(10)), "type": "standard",
			"administrator": map[string]string{"email": fmt.Sprintf("admin%d@x.example", r.IntN(10))}}
	}
	return w
}

// check looks at what is left, by the API and by the log itself.
func (k *killed) check() {
	t, s := k.t, k.current
	outcomes, repeated := map[string]int{}, 0
	positions, devices, last := k.log()
	for _, a := range k.answers {
		outcomes[fmt.Sprint(a.method, " ", a.path[:min(len(a.path), 12)], " ", a.status)]++
		require.NotContains(t, string(a.answer.body), "idempotency_key", "%s %s", a.method, a.path)
		if a.repeated {
			repeated++
		}
		if p := a.header.Get("X-Position"); p != "" && p != (eventlog.Position{}).String() && a.status < http.StatusBadRequest {
			require.True(t, positions[p], "%s %s was acknowledged at %s: %s", a.method, a.path, p, a.answer.body)
		}
		again := s.do(a.status, a.method, a.path, s.operator, a.write.body, "Idempotency-Key", a.key)
		if a.status < http.StatusBadRequest {
			require.JSONEq(t, string(a.answer.body), string(again.body), "the same answer again")
		}
	}
	t.Logf("%d answers, %d of them to what was sent again: %v", len(k.answers), repeated, outcomes)
	require.Positive(t, repeated, "the kills hit nothing")

	var slots struct{ Places, Used int }
	s.do(http.StatusOK, http.MethodGet, "/v1/accounts/"+k.reseller+"/slots?minPosition="+last, s.operator, nil).read(t, &slots)
	require.LessOrEqual(t, slots.Used, 20)
	listed := map[string]int{}
	var all struct {
		Items []struct {
			UID, SerialNumber string
			Account           struct{ UID string }
		}
	}
	s.do(http.StatusOK, http.MethodGet, "/v1/devices?limit=1000&minPosition="+last, s.operator, nil).read(t, &all)
	require.Len(t, all.Items, len(devices))
	for _, d := range all.Items {
		require.Equal(t, devices[uuid.MustParse(d.UID)].Account.String(), d.Account.UID, d.SerialNumber)
		listed[d.Account.UID]++
	}
	require.Equal(t, slots.Used, listed[k.reseller])
	var page struct {
		Items []struct {
			UID          string
			TotalSystems int
		}
	}
	s.do(http.StatusOK, http.MethodGet, "/v1/customers?limit=1000&minPosition="+last, s.operator, nil, "X-Account", k.reseller).read(t, &page)
	require.Len(t, page.Items, 2)
	for _, customer := range page.Items {
		require.Equal(t, listed[customer.UID], customer.TotalSystems)
	}
}

// log is what the log itself says: the positions of all events, the devices, and
// the last position that a read model knows.
func (k *killed) log() (positions map[string]bool, devices map[uuid.UUID]device.State, last string) {
	t := k.t
	stores, err := attachStores(t.Context(), &Config{DataDir: k.dir}, quiet())
	require.NoError(t, err)
	defer func() { require.NoError(t, stores.close(t.Context())) }()
	positions, devices = map[string]bool{}, map[uuid.UUID]device.State{}
	prefixes := []string{"account-", "batch-", "device-", "partnership-", "release", "reservation-", "transfer", "user-"}
	for e, err := range stores.log.ReadAll(t.Context(), eventlog.Position{}, prefixes...) {
		require.NoError(t, err)
		positions[e.Position.String()] = true
		if id, ok := strings.CutPrefix(e.Stream, "device-"); ok {
			uid := uuid.MustParse(id)
			devices[uid] = device.Evolve(devices[uid], e.Event)
			if !devices[uid].Exists() {
				delete(devices, uid)
			}
			last = e.Position.String()
		}
	}
	return positions, devices, last
}
