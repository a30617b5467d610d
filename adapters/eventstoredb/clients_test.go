package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
	"github.com/fleetledger/fleetledger/app/eventlog"
)

// idleClients are clients that never connect.
func idleClients(t *testing.T) (*clients, *int) {
	t.Helper()
	lost := 0
	c := &clients{
		spacing: time.Second, lost: func() { lost++ }, log: func(esdb.LogLevel, string, ...any) {},
		open: func(log esdb.LoggingFunc) (*esdb.Client, error) {
			return esdb.NewClient(&esdb.Configuration{Address: "unix:/nowhere", DisableTLS: true, Logger: log})
		},
	}
	return c, &lost
}

var nodeIsGone = status.Error(codes.Unavailable, "gone")

// A client that was given its word of the loss while somebody is about to ask for
// its connection would look for another, and drop this one unclosed.
func TestClientIsGivenUpBehindThoseWhoArrive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, lost := idleClients(t)
		failing, err := c.enter(t.Context())
		require.NoError(t, err)
		arriving, err := c.enter(t.Context())
		require.NoError(t, err)
		_, _ = failing.Deadline() // it has its connection, and loses it

		told := make(chan struct{})
		go func() {
			failing.conn.listen(esdb.LogError, unexpected, nodeIsGone)
			close(told)
		}()
		synctest.Wait()
		require.Equal(t, 1, *lost)
		select {
		case <-told:
			t.Fatal("the client is told before the other call has its connection")
		default:
		}
		_, _ = arriving.Deadline()
		<-told
		failing.conn.listen(esdb.LogError, unexpected, nodeIsGone)
		require.Equal(t, 1, *lost, "once")

		later, err := c.enter(t.Context())
		require.NoError(t, err)
		require.NotSame(t, failing.conn, later.conn)
		require.Equal(t, 2, c.opened())
		failing.leave()
		require.Equal(t, 2, c.opened(), "somebody is inside")
		arriving.leave()
		require.Equal(t, 1, c.opened())
		require.Error(t, failing.conn.over.Err())
		later.leave()
		c.close()
		require.Zero(t, c.opened())
		require.Equal(t, 1, *lost, "closed, not lost")
	})
}

// What a call never gets that was left behind in the client is not waited for longer
// than some seconds.
func TestClientIsGivenUpAllTheSame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := idleClients(t)
		hanging, err := c.enter(t.Context())
		require.NoError(t, err)
		start := time.Now()
		hanging.conn.listen(esdb.LogError, unexpected, nodeIsGone)
		require.Equal(t, arrivalLimit, time.Since(start))
		<-hanging.conn.over.Done()
		require.Equal(t, retirement, time.Since(start), "what stays inside is ended")
		hanging.leave()
		require.Zero(t, c.opened())
	})
}

func TestOtherFailuresKeepTheClient(t *testing.T) {
	t.Parallel()
	c, lost := idleClients(t)
	v, err := c.enter(t.Context())
	require.NoError(t, err)
	for _, err := range []error{
		nil, errors.New("x"), context.Canceled, status.Error(codes.Aborted, "the log is not reachable"), status.Error(codes.Canceled, "x"),
	} {
		v.check(err)
		v.conn.listen(esdb.LogError, unexpected, err)
	}
	v.conn.listen(esdb.LogError, "something else", nodeIsGone)
	v.conn.listen(esdb.LogError, unexpected)
	require.Zero(t, *lost)
	v.check(nodeIsGone)
	require.Equal(t, 1, *lost)
	v.leave()
}

// A node that refuses every call gets a new connection now and then only.
func TestClientsAreSpaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, lost := idleClients(t)
		start := time.Now()
		for range 5 {
			v, err := c.enter(t.Context())
			require.NoError(t, err)
			v.conn.lose()
			v.leave()
		}
		require.Equal(t, 4*c.spacing, time.Since(start))
		require.Equal(t, 5, *lost)

		ctx, cancel := context.WithTimeout(t.Context(), c.spacing/2)
		defer cancel()
		_, err := c.enter(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded, "the wait ends with the context")
		require.Zero(t, c.opened())
	})
}

func TestDeadlineIsThatOfTheCall(t *testing.T) {
	t.Parallel()
	c, _ := idleClients(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	v, err := c.enter(ctx)
	require.NoError(t, err)
	want, _ := ctx.Deadline()
	for range 2 {
		got, ok := v.Deadline()
		require.True(t, ok)
		require.Equal(t, want, got)
		require.Zero(t, v.conn.arriving)
	}
	v.leave()
	c.close()
}

// The client tells by a look at the deadline that it has its connection, before the
// call is sent. A version of it that does not would be found here.
func TestCallsArrive(t *testing.T) {
	t.Parallel()
	s, _ := running(t)
	_, _, err := s.Append(t.Context(), "account-1", eventlog.NoStream, facts(3)...)
	require.NoError(t, err)
	for name, use := range map[string]func(context.Context, *esdb.Client) error{
		"read":      func(ctx context.Context, c *esdb.Client) error { _, err := readEnd(ctx, c); return err },
		"subscribe": subscribeOnce,
		"stream": func(ctx context.Context, c *esdb.Client) error {
			r, err := c.ReadStream(ctx, "account-1", esdb.ReadStreamOptions{}, 1)
			if err == nil {
				r.Close()
			}
			return err
		},
		"append": func(ctx context.Context, c *esdb.Client) error {
			_, err := c.AppendToStream(ctx, "account-2", esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}},
				esdb.EventData{EventType: "x", ContentType: esdb.ContentTypeJson, Data: []byte("{}")})
			return err
		},
	} {
		v, err := s.clients.enter(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, v.conn.arriving, name)
		require.NoError(t, use(v, v.conn.client), name)
		require.Zero(t, v.conn.arriving, name)
		v.leave()
	}
}

func subscribeOnce(ctx context.Context, c *esdb.Client) error {
	sub, err := c.SubscribeToAll(ctx, esdb.SubscribeToAllOptions{})
	if err == nil {
		err = sub.Close()
	}
	return err
}

// The client is given up again and again while the node is well: no call fails, and
// nothing of the clients before stays.
func TestGivingUpUnderLoad(t *testing.T) {
	t.Parallel()
	node := eventnodetest.NewRestartable(t)
	node.Start()
	s := open(t, node.SocketPath(), func(o *Options) { o.DiscoveryInterval = time.Millisecond })
	followed := make(chan error, 1)
	const callers, calls = 8, 30
	all := errors.New("all there")
	go func() {
		n := 0
		followed <- s.Follow(within(t, 2*time.Minute), FollowOptions{Name: "x", Prefixes: []string{"account-"}}, fromStart,
			func(_ context.Context, b eventlog.Batch) error {
				if n += len(b.Events); n == callers*calls {
					return all
				}
				return nil
			})
	}()
	var working sync.WaitGroup
	for i := range callers {
		working.Go(func() {
			stream := fmt.Sprintf("account-%d", i)
			rev := eventlog.NoStream
			for n := range calls {
				var err error
				rev, _, err = s.Append(t.Context(), stream, rev, fact(n))
				if !assert.NoError(t, err) || !assert.NoError(t, failure(s.ReadStream(t.Context(), stream, 0))) {
					return
				}
				if rand.N(4) == 0 {
					v, err := s.clients.enter(t.Context())
					if assert.NoError(t, err) {
						v.conn.lose()
						v.conn.end() // what stays is ended at once
						v.leave()
					}
				}
			}
		})
	}
	working.Wait()
	require.ErrorIs(t, <-followed, all)
	require.Eventually(t, func() bool { return s.clients.opened() <= 1 }, 30*time.Second, time.Millisecond)
	assert.Greater(t, value(t, s.metrics.reconnects), 10.0)
	assert.LessOrEqual(t, value(t, s.metrics.clients), 1.0)
}
