package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/eventlog"
)

// outages is how often the tests below take the node or its database away.
const outages = 6

// TestOutagesLeaveNothingBehind has the node, then its PostgreSQL, go away again and
// again under load. Afterwards there is one connection, and no goroutine more
// than before. The counts are the process's: no other test runs beside it.
//
//nolint:paralleltest // see above
func TestOutagesLeaveNothingBehind(t *testing.T) {
	for name, address := range map[string]func(*Options, *eventnodetest.Restartable){
		"socket": func(o *Options, n *eventnodetest.Restartable) { o.SocketPath = n.SocketPath() },
		"tcp": func(o *Options, n *eventnodetest.Restartable) {
			o.ConnectionString = n.Node().ConnectionString()
		},
		"discover": func(o *Options, n *eventnodetest.Restartable) {
			o.ConnectionString = strings.Replace(n.Node().ConnectionString(), "esdb:", "esdb+discover:", 1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := pgtest.Server(t)
			node := eventnodetest.On(t, server.Pool(t), eventnodetest.TCP())
			node.Start()
			s := open(t, "", func(o *Options) { address(o, node) })
			work := startWork(t, s)
			before := gauge(t, node)
			require.Equal(t, 1, before.connections, "a test that counts nothing")

			work.during(t, outages, func() { node.Stop(); node.Start() })
			comesBack(t, node, s, before)
			searches := value(t, s.metrics.reconnects)
			work.during(t, outages, func() { server.Kill(t); server.Start(t) })
			comesBack(t, node, s, before)
			require.InDelta(t, searches, value(t, s.metrics.reconnects), 0, "the node was there all the time")
		})
	}
}

// work is two followers, and callers while an outage lasts.
type work struct {
	store   *Store
	mu      sync.Mutex
	follows [2]int // events that each follower had
	rounds  int
	changed chan struct{}
}

func startWork(t *testing.T, s *Store) *work {
	t.Helper()
	w := &work{store: s, changed: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	var following sync.WaitGroup
	for i := range w.follows {
		following.Go(func() {
			_ = s.Follow(ctx, FollowOptions{Name: fmt.Sprint(i), Prefixes: []string{"account-"}, Backoff: Backoff{Max: time.Second}}, fromStart,
				func(_ context.Context, b eventlog.Batch) error {
					w.mu.Lock()
					defer w.mu.Unlock()
					w.follows[i] += len(b.Events)
					select {
					case w.changed <- struct{}{}:
					default:
					}
					return nil
				})
		})
	}
	t.Cleanup(func() { cancel(); following.Wait() })
	w.append(t, "account-first")
	w.caughtUp(t, 1)
	return w
}

func (w *work) append(t *testing.T, stream string) {
	t.Helper()
	_, _, err := w.store.Append(t.Context(), stream, eventlog.NoStream, fact(0))
	require.NoError(t, err)
}

// caughtUp waits until both followers had so many events.
func (w *work) caughtUp(t *testing.T, events int) {
	t.Helper()
	over := within(t, time.Minute)
	for {
		w.mu.Lock()
		done := w.follows[0] >= events && w.follows[1] >= events
		w.mu.Unlock()
		if done {
			return
		}
		select {
		case <-w.changed:
		case <-over.Done():
			t.Fatalf("followers stopped at %v of %d", w.follows, events)
		}
	}
}

// during runs an outage several times, with callers at work before, in and after it.
func (w *work) during(t *testing.T, times int, outage func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var callers sync.WaitGroup
	for i := range 16 {
		callers.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				call, done := context.WithTimeout(ctx, time.Duration(50+i*100)*time.Millisecond) // some give up in the outage
				stream := fmt.Sprintf("device-%d-%d-%d", w.rounds, i, n)
				_, _, err := w.store.Append(call, stream, eventlog.NoStream, fact(n))
				if err == nil {
					err = failure(w.store.ReadStream(call, stream, 0))
				}
				if err == nil && n%8 == 0 {
					err = failure(w.store.ReadAll(call, eventlog.Position{}, stream))
				}
				if err != nil && !errors.Is(err, eventlog.ErrUnavailable) {
					t.Errorf("caller %d: %v", i, err)
				}
				done()
			}
		})
	}
	for range times {
		outage()
		require.NoError(t, w.store.Ping(t.Context()))
	}
	cancel()
	callers.Wait()
	w.rounds++
	w.append(t, fmt.Sprintf("account-after-%d", w.rounds))
	w.caughtUp(t, w.rounds+1)
}

// gauges are what a leak would raise.
type gauges struct{ goroutines, files, connections int }

func gauge(t *testing.T, node *eventnodetest.Restartable) gauges {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc to count in")
	}
	return gauges{runtime.NumGoroutine(), len(files), connections(t, node)}
}

// connections counts those that the node has accepted and are open.
func connections(t *testing.T, node *eventnodetest.Restartable) int {
	t.Helper()
	unix, err := os.ReadFile("/proc/net/unix")
	require.NoError(t, err)
	tcp, err := os.ReadFile("/proc/net/tcp")
	require.NoError(t, err)
	n := 0
	for line := range strings.Lines(string(unix)) { // Num RefCount Protocol Flags Type St Inode Path
		if f := strings.Fields(line); len(f) == 8 && f[5] == "03" && f[7] == node.SocketPath() {
			n++
		}
	}
	_, port, err := net.SplitHostPort(node.Node().Addr())
	require.NoError(t, err)
	number, err := strconv.Atoi(port)
	require.NoError(t, err)
	for line := range strings.Lines(string(tcp)) { // sl local_address rem_address st
		if f := strings.Fields(line); len(f) > 3 && f[3] == "01" && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", number)) {
			n++
		}
	}
	return n
}

// comesBack waits until everything is as it was.
func comesBack(t *testing.T, node *eventnodetest.Restartable, s *Store, before gauges) {
	t.Helper()
	const poolGrows = 25 // connections to PostgreSQL that the load had the node's pool open: 20 at most
	after := gauge(t, node)
	back := assert.Eventually(t, func() bool {
		now := gauge(t, node)
		return now.connections <= before.connections && now.goroutines <= before.goroutines+poolGrows && now.files <= before.files+poolGrows
	}, time.Minute, 50*time.Millisecond)
	t.Logf("before %+v, directly after %d outages %+v, then %+v, %v searches", before, outages, after, gauge(t, node), value(t, s.metrics.reconnects))
	if !back {
		_ = pprof.Lookup("goroutine").WriteTo(os.Stdout, 1)
	}
}
