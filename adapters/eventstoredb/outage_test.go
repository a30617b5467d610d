package eventstoredb

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
	"github.com/fleetledger/fleetledger/app/eventlog"
)

// Each failure of the client that the guard answers has its test here, with a
// node that goes down and comes back.

// searches is a log that signals every attempt of the client to find the node.
type searches struct {
	slog.Handler
	attempts chan struct{}
}

func newSearches() searches {
	return searches{slog.DiscardHandler, make(chan struct{}, 1000)}
}

func (searches) Enabled(context.Context, slog.Level) bool { return true }

func (s searches) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if strings.HasPrefix(a.Value.String(), "discovery attempt") {
			select {
			case s.attempts <- struct{}{}:
			default:
			}
		}
		return true
	})
	return nil
}

func (s searches) wait(t *testing.T, n int) {
	t.Helper()
	for range n {
		select {
		case <-s.attempts:
		case <-within(t, 30*time.Second).Done():
			t.Fatal("the client does not look for the node")
		}
	}
}

// worksAtOnce makes 20 calls of which all must succeed.
func worksAtOnce(t *testing.T, s *Store) {
	t.Helper()
	var calls sync.WaitGroup
	for i := range 20 {
		calls.Go(func() {
			stream := fmt.Sprintf("account-after-%d", i)
			_, _, err := s.Append(t.Context(), stream, eventlog.NoStream, fact(i))
			assert.NoError(t, err)
			assert.NoError(t, failure(s.ReadStream(t.Context(), stream, 0)))
			assert.NoError(t, failure(s.ReadAll(t.Context(), eventlog.Position{}, stream)))
		})
	}
	calls.Wait()
}

func TestCallersComeBackDuringAnOutage(t *testing.T) {
	t.Parallel()
	s, node := running(t)
	require.NoError(t, s.Ping(t.Context()))
	node.Stop()

	const deadline = 300 * time.Millisecond
	var (
		callers sync.WaitGroup
		slowest atomic.Int64
	)
	for i := range 100 {
		callers.Go(func() {
			start := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			var err error
			switch i % 3 {
			case 0:
				_, _, err = s.Append(ctx, "account-1", eventlog.Any, fact(i))
			case 1:
				err = failure(s.ReadStream(ctx, "account-1", 0))
			case 2:
				err = failure(s.ReadAll(ctx, eventlog.Position{}, "account-"))
			}
			assert.ErrorIs(t, err, eventlog.ErrUnavailable)
			for took := int64(time.Since(start)); ; {
				if old := slowest.Load(); took <= old || slowest.CompareAndSwap(old, took) {
					return
				}
			}
		})
	}
	callers.Wait() // the client alone would keep them for ever
	t.Logf("100 callers with a deadline of %s, the last back after %s", deadline, time.Duration(slowest.Load()))

	node.Start()
	worksAtOnce(t, s)
	require.Eventually(t, func() bool { return s.guard.parked.Load() == 0 }, 30*time.Second, time.Millisecond)
	assert.Empty(t, all(t, s.ReadStream(t.Context(), "account-1", 0)), "a call whose caller left does nothing later")
}

func TestCallsWithoutDeadlineComeBackToo(t *testing.T) {
	t.Parallel()
	s, node := running(t, func(o *Options) { o.CallTimeout = 300 * time.Millisecond })
	require.NoError(t, s.Ping(t.Context()))
	node.Stop()
	var callers sync.WaitGroup
	for name, call := range map[string]func(context.Context) error{
		"ping":   s.Ping,
		"stream": func(ctx context.Context) error { return failure(s.ReadStream(ctx, "account-1", 0)) },
		"all":    func(ctx context.Context) error { return failure(s.ReadAll(ctx, eventlog.Position{}, "account-")) },
		"append": func(ctx context.Context) error {
			_, _, err := s.Append(ctx, "account-1", eventlog.Any, fact(0))
			return err
		},
	} {
		for range 5 {
			callers.Go(func() { assert.ErrorIs(t, call(t.Context()), eventlog.ErrUnavailable, name) })
		}
	}
	callers.Wait()
}

func TestCallsAfterAnOutageNobodySaw(t *testing.T) {
	t.Parallel()
	s, node := running(t)
	for range 3 {
		require.NoError(t, s.Ping(t.Context()))
		node.Stop()
		node.Start()
		_, _, err := s.Append(t.Context(), "account-1", eventlog.Any, fact(0))
		require.NoError(t, err, "the client fails the first call after a break")
	}
	worksAtOnce(t, s)
}

func TestFirstReadAfterABreak(t *testing.T) {
	t.Parallel()
	s, node := running(t)
	_, _, err := s.Append(t.Context(), "account-1", eventlog.NoStream, facts(3)...)
	require.NoError(t, err)
	for range 3 {
		node.Stop()
		node.Start()
		require.Len(t, all(t, s.ReadStream(t.Context(), "account-1", 0)), 3)
		node.Stop()
		node.Start()
		require.Len(t, all(t, s.ReadAll(t.Context(), eventlog.Position{}, "account-")), 3)
	}
}

func TestReadsHaveTheNodeLookedFor(t *testing.T) {
	t.Parallel()
	log := newSearches()
	s, node := running(t, func(o *Options) { o.Logger = slog.New(log) })
	_, _, err := s.Append(t.Context(), "account-1", eventlog.NoStream, fact(0))
	require.NoError(t, err)
	log.wait(t, 1)
	node.Stop()
	read := make(chan error, 1)
	go func() { read <- failure(s.ReadStream(t.Context(), "account-1", 0)) }()
	log.wait(t, 3) // the client's reads alone would not
	node.Start()
	require.NoError(t, <-read)
	assert.Positive(t, value(t, s.metrics.reconnects), "reconnects are counted")
}

func TestOutageLongerThanTheClientBears(t *testing.T) {
	t.Parallel()
	log := newSearches()
	node := eventnodetest.NewRestartable(t)
	s := open(t, node.SocketPath(), func(o *Options) { o.Logger = slog.New(log); o.DiscoveryInterval = time.Millisecond })
	call := make(chan error, 1)
	go func() { call <- s.Ping(t.Context()) }()
	log.wait(t, 50) // by default it gives up for good after 10
	node.Start()
	require.NoError(t, <-call)
	worksAtOnce(t, s)
}

func TestParkedCallsAreBounded(t *testing.T) {
	t.Parallel()
	s, node := running(t, func(o *Options) { o.MaxCalls, o.CallTimeout = 8, time.Hour })
	require.NoError(t, s.Ping(t.Context()))
	node.Stop()
	_, err := with(t.Context(), s, readEnd) // the client sees that the node is gone
	require.Error(t, err)
	var callers sync.WaitGroup
	for i := range 100 {
		callers.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			_, _, err := s.Append(ctx, "account-1", eventlog.Any, fact(i))
			assert.ErrorIs(t, err, eventlog.ErrUnavailable)
		})
	}
	callers.Wait()
	require.Eventually(t, func() bool { return s.guard.parked.Load() == 8 }, 30*time.Second, time.Millisecond)
	_, _, err = s.Append(within(t, 10*time.Second), "account-1", eventlog.Any, fact(0))
	require.ErrorIs(t, err, errBusy, "full of parked calls: the next fails without a wait")
	require.ErrorIs(t, err, eventlog.ErrUnavailable)
	assert.InDelta(t, 8, value(t, s.metrics.parked), 0)

	node.Start()
	require.Eventually(t, func() bool { return s.guard.parked.Load() == 0 }, 30*time.Second, time.Millisecond)
	worksAtOnce(t, s)
}

func TestCloseDuringAnOutage(t *testing.T) {
	t.Parallel()
	log := newSearches()
	s, node := running(t, func(o *Options) { o.Logger = slog.New(log) })
	require.NoError(t, s.Ping(t.Context()))
	log.wait(t, 1)
	node.Stop()
	var callers sync.WaitGroup
	for i := range 20 {
		callers.Go(func() {
			_, _, err := s.Append(t.Context(), "account-1", eventlog.Any, fact(i))
			assert.ErrorIs(t, err, eventlog.ErrUnavailable)
		})
	}
	log.wait(t, 2)                // the client is in the search that ignores contexts
	require.NoError(t, s.Close()) // the client alone would panic the callers
	callers.Wait()
	_, _, err := s.Append(t.Context(), "account-1", eventlog.Any, fact(0))
	require.ErrorIs(t, err, eventlog.ErrUnavailable)
	require.NoError(t, s.Close())

	node.Start()
	<-s.guard.idle // what hung has ended
	assert.Zero(t, s.guard.parked.Load())
	assert.Zero(t, s.clients.opened(), "then the client was closed")
}

func TestReadsGoOnAfterABreak(t *testing.T) {
	t.Parallel()
	node := eventnodetest.NewRestartable(t)
	node.Start()
	p := newProxy(t, node.SocketPath())
	s := open(t, p.socket)
	const count = 6000 // more than the buffers on the way hold
	rev := eventlog.NoStream
	for range count / 1000 {
		var err error
		rev, _, err = s.Append(t.Context(), "account-1", rev, facts(1000)...)
		require.NoError(t, err)
	}
	for name, read := range map[string]func(func(eventlog.Recorded, error) bool){
		"stream": s.ReadStream(t.Context(), "account-1", 0),
		"all":    s.ReadAll(t.Context(), eventlog.Position{}, "account-"),
	} {
		next := eventlog.Revision(0)
		for e, err := range read {
			require.NoError(t, err, name)
			require.Equal(t, next, e.Revision, name)
			if next++; next%2000 == 10 {
				p.cut()
			}
		}
		assert.Equal(t, eventlog.Revision(count), next, name)
	}
}

func TestLostAnswerOfAnAppend(t *testing.T) {
	t.Parallel()
	node := eventnodetest.NewRestartable(t)
	node.Start()
	p := newProxy(t, node.SocketPath())
	s, direct := open(t, p.socket), open(t, node.SocketPath())
	require.NoError(t, s.Ping(t.Context()))
	rev := eventlog.NoStream
	for i, expected := range []eventlog.Revision{eventlog.NoStream, 1, 3, eventlog.Any} {
		p.swallow.Store(true)
		var at eventlog.Position
		done := make(chan error, 1)
		go func() {
			var err error
			rev, at, err = s.Append(t.Context(), "account-1", expected, facts(2)...)
			done <- err
		}()
		require.Eventually(t, func() bool { // the store has it, the caller does not know
			return len(all(t, direct.ReadStream(t.Context(), "account-1", 0))) == 2*(i+1)
		}, 30*time.Second, time.Millisecond)
		_, _, err := direct.Append(t.Context(), "account-other", eventlog.Any, fact(0))
		require.NoError(t, err)
		p.swallow.Store(false)
		p.cut()
		require.NoError(t, <-done)
		got := all(t, direct.ReadStream(t.Context(), "account-1", 0))
		require.Len(t, got, 2*(i+1), "appended once")
		assert.Equal(t, got[len(got)-1].Revision, rev)
		assert.Equal(t, got[len(got)-1].Position, at)
	}
	assert.Positive(t, value(t, s.metrics.retries.WithLabelValues("append")))
}
