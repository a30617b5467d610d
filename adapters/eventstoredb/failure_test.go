package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/codec"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	wrapped := func(c codes.Code) error { return fmt.Errorf("outer: %w", status.Error(c, "inner")) }
	for _, c := range []struct {
		err         error
		want        verdict
		unavailable bool
	}{
		{wrapped(codes.Unavailable), away, true},
		{wrapped(codes.Canceled), away, true}, // the connection was replaced
		{wrapped(codes.Aborted), away, true},  // the node is there, its log is not
		{errMoved, away, true},
		{wrapped(codes.DeadlineExceeded), doubtful, true},
		{wrapped(codes.Internal), doubtful, true},
		{errors.New("no status"), doubtful, true},
		{fmt.Errorf("could not send: %w", io.EOF), doubtful, false}, // refused half way
		{wrapped(codes.InvalidArgument), refused, false},
		{wrapped(codes.ResourceExhausted), refused, false},
		{wrapped(codes.PermissionDenied), refused, false},
		{wrapped(codes.Unauthenticated), refused, false},
		{wrapped(codes.NotFound), refused, false},
		{fmt.Errorf("%w: nil map", errPanic), refused, false},
		{unreadableError{fmt.Errorf("x: %w", codec.ErrUnknown)}, refused, false},
		{errBusy, refused, true},
		{errNoAnswer, refused, true}, // the patience was for all attempts
		{errClosed, refused, true},
	} {
		assert.Equal(t, c.want, classify(c.err), "%v", c.err)
		assert.Equal(t, c.unavailable, errors.Is(failed(t.Context(), "x", c.err), eventlog.ErrUnavailable), "%v", c.err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, failed(ctx, "x", io.EOF), eventlog.ErrUnavailable, "the caller left: the outcome is unknown")
}

func TestGuardRecoversPanics(t *testing.T) {
	t.Parallel()
	g := newGuard(1, time.Minute)
	_, err := call(t.Context(), g, func(context.Context) (int, error) { panic("as the client does") })
	require.ErrorIs(t, err, errPanic)
	f, err := newFlow(t.Context(), g, 1, func(context.Context) (source[int], error) { panic("as the client does") })
	require.NoError(t, err)
	_, ok := <-f.items
	require.False(t, ok)
	require.ErrorIs(t, f.err, errPanic)
	v, err := call(t.Context(), g, func(context.Context) (int, error) { return 7, nil })
	require.NoError(t, err, "the slot is free again")
	assert.Equal(t, 7, v)
}

func TestFlowClosesItsSource(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]error{"at the end": io.EOF, "at an error": errors.New("broken"), "when stopped": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			closed := make(chan struct{})
			f, err := newFlow(t.Context(), newGuard(1, time.Minute), 1, func(context.Context) (source[int], error) {
				return source[int]{
					receive: func() (int, error) { return 1, end },
					close:   func() { close(closed) },
				}, nil
			})
			require.NoError(t, err)
			if end == nil {
				f.stop()
			}
			<-closed
		})
	}
}

func TestPositionThatIsNotTold(t *testing.T) {
	t.Parallel()
	known := &esdb.RecordedEvent{Position: esdb.Position{Commit: 7, Prepare: 5}}
	assert.Equal(t, eventlog.Position{Commit: 7, Prepare: 5}, position(known))
	for _, p := range []esdb.Position{{Commit: math.MaxInt64, Prepare: 5}, {Commit: math.MaxUint64, Prepare: math.MaxUint64}} {
		assert.Zero(t, position(&esdb.RecordedEvent{Position: p}))
	}
}

func TestConfiguration(t *testing.T) {
	t.Parallel()
	conf := func(o Options) *esdb.Configuration {
		c, err := o.withDefaults().configuration()
		require.NoError(t, err)
		return c
	}
	c := conf(Options{ConnectionString: "esdb://u:p@n1:2113,n2:2113?tls=true&maxDiscoverAttempts=3"})
	assert.Equal(t, math.MaxInt32, c.MaxDiscoverAttempts, "a client that gives up is lost")
	assert.Equal(t, 250, c.DiscoveryInterval)
	assert.Len(t, c.GossipSeeds, 2)
	assert.False(t, c.DisableTLS)
	assert.Equal(t, 700, conf(Options{ConnectionString: "esdb://n1:2113?discoveryInterval=700"}).DiscoveryInterval)
	c = conf(Options{SocketPath: "/x/node.sock"})
	assert.Equal(t, "unix:/x/node.sock", c.Address)
	assert.True(t, c.DisableTLS)

	for _, o := range []Options{{}, {SocketPath: "/x", ConnectionString: "esdb://n1"}, {ConnectionString: "http://n1"}} {
		_, err := Open(t.Context(), o)
		require.Error(t, err)
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	b := Backoff{Min: 10, Max: 100}
	for n, most := range []int64{10, 20, 40, 80, 100, 100} {
		for range 50 {
			d := int64(b.delay(n))
			require.GreaterOrEqual(t, d, most/2)
			require.LessOrEqual(t, d, most)
		}
	}
	assert.LessOrEqual(t, int64(b.delay(1_000_000)), int64(100))
	assert.Equal(t, Backoff{Min: 5, Max: 5}, Backoff{Min: 5, Max: 1}.withDefaults(1, 2))
}
