package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/api/client"
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
	reseller            uuid.UUID
	accounts            []uuid.UUID // the reseller's and its customers'
	acknowledged, limit atomic.Int64
	due                 chan struct{} // it is time for the next kill
	done                chan struct{}

	mu      sync.Mutex
	current *service
	changed chan struct{} // closed when another service has taken over
	answers []answered
}

// write is sent with a key of its own, so that it can be repeated.
type write struct {
	name     string
	call     func(context.Context, *client.RawClient) (*http.Response, error)
	key      string
	repeated bool // after it was not answered
}

// answered is a write with its answer.
type answered struct {
	write
	answer
}

// answer is what a write was answered with; of a problem its text is the body.
type answer struct {
	status int
	header http.Header
	body   string
}

// send sends the write once. Without an answer there is an error.
func (w write) send(s *service) (answer, error) {
	ctx := context.Background() // ends with the service
	c, err := client.New(s.url, s.token, client.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Idempotency-Key", w.key)
		return nil
	}))
	if err != nil {
		return answer{}, err
	}
	got, err := w.call(ctx, c.Raw)
	if problem, ok := errors.AsType[*client.Problem](err); ok {
		return answer{problem.Status, problem.Header, problem.Error()}, nil
	}
	if err != nil {
		return answer{}, err
	}
	body, err := io.ReadAll(got.Body)
	return answer{got.StatusCode, got.Header, string(body)}, errors.Join(err, got.Body.Close())
}

// A service with a log of its own on a slow disk, killed by SIGKILL in the middle
// of random writes: nothing that was acknowledged is lost, what was not answered
// goes through when it is sent again with its key, and what must hold holds.
func TestKilledInTheMiddleOfWrites(t *testing.T) {
	t.Parallel()
	long(t)
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	k := &killed{t: t, dir: t.TempDir(), due: make(chan struct{}, 1), done: make(chan struct{}), changed: make(chan struct{})}
	k.current = serve(t, k.dir)
	var token string
	k.reseller, token = k.current.reseller("Summit Wireless")
	desk := k.current.client(token)
	k.accounts = []uuid.UUID{k.reseller, k.current.customer(desk, "Prairie Fire", "complete"), k.current.customer(desk, "Delta Rail", "complete")}
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
		a, err := w.send(s)
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
	account := func() uuid.UUID { return k.accounts[r.IntN(len(k.accounts))] }
	n := r.IntN(30)
	w := write{key: uuid.NewString()}
	switch r.IntN(8) {
	case 0, 1, 2:
		device := client.Registration{
			SerialNumber: serial(n), Esn: new(fmt.Sprintf("%08X", n+1)), Account: new(account().String()), Name: new(fmt.Sprint("router ", n)),
		}
		w.name, w.call = "register", func(ctx context.Context, c *client.RawClient) (*http.Response, error) {
			return c.RegisterDevices(ctx, nil, client.RegistrationRequest{Items: []client.Registration{device}})
		}
	case 3, 4, 5:
		from, to := account(), k.reseller
		if from == k.reseller {
			to = k.accounts[1]
		}
		devices := []string{serial(n), serial(r.IntN(30))}
		w.name, w.call = "transfer", func(ctx context.Context, c *client.RawClient) (*http.Response, error) {
			return c.TransferDevices(ctx, nil, client.TransferRequest{From: &from, To: &to, Devices: &devices})
		}
	case 6:
		name := fmt.Sprint("router ", r.IntN(30))
		w.name, w.call = "rename", func(ctx context.Context, c *client.RawClient) (*http.Response, error) {
			return c.EditDevice(ctx, serial(n), nil, client.DeviceEdit{Name: &name})
		}
	default:
		opened := client.NewAccount{
			Name: fmt.Sprint("Company ", r.IntN(10)), Type: client.Standard,
			Administrator: client.Administrator{Email: fmt.Sprintf("admin%d@x.example", r.IntN(10))},
		}
		w.name, w.call = "open", func(ctx context.Context, c *client.RawClient) (*http.Response, error) {
			return c.CreateAccount(ctx, nil, opened)
		}
	}
	return w
}

// check looks at what is left, by the API and by the log itself.
func (k *killed) check() {
	t, s := k.t, k.current
	outcomes, repeated := map[string]int{}, 0
	positions, devices, last := k.log()
	for _, a := range k.answers {
		outcomes[fmt.Sprint(a.name, " ", a.status)]++
		require.NotContains(t, a.body, "idempotency_key", a.name)
		if a.repeated {
			repeated++
		}
		if p := a.header.Get("X-Position"); p != "" && p != (eventlog.Position{}).String() && a.status < http.StatusBadRequest {
			require.True(t, positions[withoutEpoch(p)], "%s was acknowledged at %s: %s", a.name, p, a.body)
		}
		again, err := a.send(s)
		require.NoError(t, err)
		require.Equal(t, a.status, again.status, "%s: %s", a.name, again.body)
		if a.status < http.StatusBadRequest {
			require.JSONEq(t, a.body, again.body, "the same answer again")
		}
	}
	t.Logf("%d answers, %d of them to what was sent again: %v", len(k.answers), repeated, outcomes)
	require.Positive(t, repeated, "the kills hit nothing")

	s.operator.After(last)
	slots := when(s.operator.GetSlots(t.Context(), k.reseller, nil)).Then(t).JSON200
	require.LessOrEqual(t, slots.Used, 20)
	listed := map[uuid.UUID]int{}
	all := when(s.operator.ListDevices(t.Context(), &client.ListDevicesParams{Limit: new(1000)})).Then(t).JSON200
	require.Len(t, all.Items, len(devices))
	for _, d := range all.Items {
		require.Equal(t, devices[d.Uid].Account, d.Account.Uid, d.SerialNumber)
		listed[d.Account.Uid]++
	}
	require.Equal(t, slots.Used, listed[k.reseller])
	page := when(s.operator.ListCustomers(t.Context(), &client.ListCustomersParams{Limit: new(1000), XAccount: &k.reseller})).Then(t).JSON200
	require.Len(t, page.Items, 2)
	for _, customer := range page.Items {
		require.Equal(t, listed[customer.Uid], customer.TotalSystems)
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
	prefixes := []string{"account-", "batch-", "device-", "partnership-", "release", "reservation-", "reserved-", "transfer", "user-"}
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
