package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
)

// errMoved ends a read or a subscription that stays with a client that is given up.
var errMoved = errors.New("the connection to the event store was given up")

const (
	// arrivalLimit bounds the wait for calls that are about to get their connection
	// from the client: at once, unless it is being sent to another leader.
	arrivalLimit = 5 * time.Second
	// retirement is how long reads and subscriptions may stay with a client that is
	// given up. Those whose connection is gone have ended long before.
	retirement = 5 * time.Second
)

// clients has one client for all calls, until that loses its connection. Then it is
// given up: later calls share the next one, and the old one is closed when the last
// call has left it. The package's doc says why none may look for a node twice.
type clients struct {
	open    func(esdb.LoggingFunc) (*esdb.Client, error)
	spacing time.Duration // at least, between two clients: a node that refuses all is not run down
	lost    func()        // told of each client that is given up for a failure
	log     esdb.LoggingFunc

	mu      sync.Mutex
	current *connection // nil before the first call and after each loss
	last    time.Time   // when the last client was made
	count   int         // clients that are not closed
}

// connection is a client, and how many calls are inside.
type connection struct {
	clients *clients
	client  *esdb.Client
	over    context.Context // ends a while after the client is given up
	end     context.CancelFunc

	// Under the lock of clients:
	arriving int           // calls that may still ask the client for its connection
	inside   int           // all calls, the arriving included
	givenUp  bool          // nobody arrives any more
	settled  chan struct{} // closed when the client is given up and nobody is arriving
}

// visit is one call inside a client, and the context to make it with: the first
// thing the client does is to get its connection, the next to look at the deadline.
type visit struct {
	context.Context
	conn    *connection
	arrived sync.Once
}

func (v *visit) Deadline() (time.Time, bool) {
	v.arrived.Do(v.conn.arrived)
	return v.Context.Deadline()
}

// enter gives a client to make one call with. Whoever got one must leave.
func (c *clients) enter(ctx context.Context) (*visit, error) {
	for {
		conn, wait, err := c.take()
		if err != nil {
			return nil, err
		}
		if conn != nil {
			return &visit{Context: ctx, conn: conn}, nil
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return nil, context.Cause(ctx)
		}
	}
}

// take counts a call into the present client, a new one if need be. When it is too
// early for that it says how long to wait.
func (c *clients) take() (conn *connection, wait time.Duration, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current == nil {
		if wait := c.spacing - time.Since(c.last); wait > 0 {
			return nil, wait, nil
		}
		if c.current, err = c.connect(); err != nil {
			return nil, 0, fmt.Errorf("event store: %w", err)
		}
		c.last = time.Now()
		c.count++
	}
	c.current.arriving++
	c.current.inside++
	return c.current, 0, nil
}

func (c *clients) connect() (*connection, error) {
	conn := &connection{clients: c, settled: make(chan struct{})}
	var err error
	if conn.client, err = c.open(conn.listen); err != nil {
		return nil, err
	}
	conn.over, conn.end = context.WithCancel(context.Background())
	return conn, nil
}

// arrived says that a call will not ask the client for its connection any more.
func (c *connection) arrived() {
	c.clients.mu.Lock()
	defer c.clients.mu.Unlock()
	c.arriving--
	c.settle()
}

// leave ends a visit.
func (v *visit) leave() {
	v.arrived.Do(v.conn.arrived)
	v.conn.clients.mu.Lock()
	defer v.conn.clients.mu.Unlock()
	v.conn.inside--
	v.conn.settle()
}

// giveUp has later calls go to another client; false when they do already.
func (c *connection) giveUp() bool {
	c.clients.mu.Lock()
	defer c.clients.mu.Unlock()
	if c.givenUp {
		return false
	}
	c.givenUp = true
	if c.clients.current == c {
		c.clients.current = nil
	}
	retired := time.AfterFunc(retirement, c.end)
	context.AfterFunc(c.over, func() { retired.Stop() })
	c.settle()
	return true
}

// settle does what is due once the client is given up: it is closed when nobody is
// inside any more. Closing it earlier would panic those who are.
func (c *connection) settle() {
	if !c.givenUp || c.arriving > 0 {
		return
	}
	select {
	case <-c.settled:
	default:
		close(c.settled)
	}
	if c.inside == 0 {
		_ = c.client.Close() // gives no error
		c.end()
		c.clients.count--
	}
}

// lose gives the client up for a failure.
func (c *connection) lose() {
	if c.giveUp() {
		c.clients.lost()
	}
}

// unexpected is what the client says on the goroutine of a failed call, before it
// lets go of the connection if the error is that the node is unavailable.
const unexpected = "unexpected exception: %v"

// listen is the client's log, and where the client is given up: before it knows that
// its connection is lost, and after all who came for that connection have got it. So
// nobody is left to have it look for another, which would drop this one unclosed.
func (c *connection) listen(level esdb.LogLevel, format string, args ...any) {
	c.clients.log(level, format, args...)
	if format != unexpected || len(args) != 1 {
		return
	}
	if err, ok := args[0].(error); !ok || grpcCode(err) != codes.Unavailable {
		return
	}
	c.lose()
	t := time.NewTimer(arrivalLimit)
	defer t.Stop()
	select {
	case <-c.settled:
	case <-t.C:
	}
}

// check gives the client up for a failure that it takes no notice of itself: of a
// read that could not be sent. A node that is found only by asking the others is
// not found again otherwise, and gRPC takes up to two minutes to try this one.
func (v *visit) check(err error) {
	if err != nil && grpcCode(err) == codes.Unavailable {
		v.conn.lose()
	}
}

// close gives up the present client. There must be no calls any more.
func (c *clients) close() {
	c.mu.Lock()
	conn := c.current
	c.mu.Unlock()
	if conn != nil {
		conn.giveUp()
	}
}

// opened is how many clients are not closed: one, and those that somebody is still in.
func (c *clients) opened() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count
}

// with makes one call with a client, in the guard.
func with[T any](ctx context.Context, s *Store, f func(context.Context, *esdb.Client) (T, error)) (T, error) {
	return call(ctx, s.guard, func(ctx context.Context) (value T, err error) {
		v, err := s.clients.enter(ctx)
		if err != nil {
			return value, err
		}
		defer v.leave()
		value, err = f(v, v.conn.client)
		v.check(err)
		return value, err
	})
}
