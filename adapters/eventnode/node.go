package eventnode

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"
	"google.golang.org/grpc"
)

const (
	// DefaultMaxAppendSize is the real server's limit of one append, in bytes.
	DefaultMaxAppendSize = 1 << 20

	queueLength   = 1024
	queueMaxBytes = 64 << 20
)

// Options say what a node works on and where it listens. Pool is required, and
// SocketPath or Addr or both.
type Options struct {
	// Pool leads to the database that holds the log. The node reads through it and
	// opens one more connection of its own, with the pool's settings, to write. The
	// pool must outlive the node.
	Pool *pgxpool.Pool

	// SocketPath is a unix socket to create, private to this user. A stale one left
	// by a crash is replaced.
	SocketPath string

	// Addr is a TCP address such as 127.0.0.1:2113. Only loopback is accepted: the
	// node has neither TLS nor passwords.
	Addr string

	// MaxAppendSize limits one append, in bytes; 0 means DefaultMaxAppendSize.
	MaxAppendSize int

	// LockWait is how long Start waits for another node to let go of the database:
	// after a crash the old connection may live on for a moment, and one that is
	// frozen has a few seconds. 0 means 6 s.
	LockWait time.Duration

	// DiskFull tells, while the database cannot be reached, whether that is for want
	// of room; nil means that it is not known.
	DiskFull func() bool

	// Logger receives what operators should know; nil means none.
	Logger *slog.Logger

	// Registerer receives the node's metrics; nil means none.
	Registerer prometheus.Registerer
}

// Node is a running event node. Its methods are safe for concurrent use.
type Node struct {
	opts    Options
	log     *slog.Logger
	metrics *metrics
	store   *store
	tail    *tail
	queue   chan *request
	space   *semaphore.Weighted // bytes waiting in the queue
	server  *grpc.Server
	http1   *http.Server // of the TCP address
	unix    net.Listener
	tcp     net.Listener

	stopOnce sync.Once
	stopping chan struct{} // closed first: subscriptions end, no more appends
	drained  chan struct{} // closed when the writer has ended
	done     chan struct{} // closed last
	err      error         // set before done is closed
}

// Start opens the log, creating its schema if need be, and serves until Stop, or
// until another node takes over. It returns ErrInUse when another node has the
// database. The context limits the start only.
func Start(ctx context.Context, opts Options) (*Node, error) {
	if err := opts.fill(); err != nil {
		return nil, err
	}
	s := &session{pool: opts.Pool, owner: uuid.New()}
	last, err := openLog(ctx, s, opts.LockWait)
	if err != nil {
		return nil, fmt.Errorf("open the event log: %w", err)
	}
	n := &Node{
		opts: opts, log: opts.Logger, metrics: newMetrics(), store: newStore(opts.Pool), tail: newTail(last),
		queue: make(chan *request, queueLength), space: semaphore.NewWeighted(queueMaxBytes),
		stopping: make(chan struct{}), drained: make(chan struct{}), done: make(chan struct{}),
	}
	n.metrics.observePosition(last)
	if err := n.listen(ctx); err != nil {
		s.close()
		return nil, err
	}
	if err := n.register(); err != nil {
		n.closeListeners()
		s.close()
		return nil, err
	}
	n.serve(&writer{
		session: s, store: n.store, tail: n.tail, queue: n.queue, last: last, log: n.log, metrics: n.metrics, starved: opts.DiskFull,
		memory: newGenerations[[16]byte, storedEvent](idCacheSize),
	})
	n.log.Info("event node serves", "socket", opts.SocketPath, "address", n.Addr(), "position", last)
	return n, nil
}

func (o *Options) fill() error {
	if o.Pool == nil {
		return errors.New("eventnode: Options.Pool is required")
	}
	if o.SocketPath == "" && o.Addr == "" {
		return errors.New("eventnode: Options.SocketPath or Options.Addr is required")
	}
	if o.MaxAppendSize == 0 {
		o.MaxAppendSize = DefaultMaxAppendSize
	}
	if o.LockWait == 0 {
		o.LockWait = longestSilence + 2*time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

// openLog opens the log, waiting a little for the lock.
func openLog(ctx context.Context, s *session, wait time.Duration) (int64, error) {
	deadline := time.Now().Add(wait)
	for {
		last, err := s.open(ctx)
		if !errors.Is(err, ErrInUse) || time.Now().After(deadline) {
			return last, err
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

func (n *Node) register() error {
	if n.opts.Registerer == nil {
		return nil
	}
	for i, c := range n.metrics.collectors() {
		if err := n.opts.Registerer.Register(c); err != nil {
			for _, done := range n.metrics.collectors()[:i] {
				n.opts.Registerer.Unregister(done)
			}
			return fmt.Errorf("register metrics: %w", err)
		}
	}
	return nil
}

// shutdown ends the node at once, once.
func (n *Node) shutdown(err error) {
	n.stopOnce.Do(func() {
		n.err = err
		close(n.stopping)
		<-n.drained
		n.server.Stop()
		n.finish()
	})
}

func (n *Node) finish() {
	n.closeListeners()
	_ = n.http1.Close() // its connections have nothing to lose
	if n.opts.Registerer != nil {
		for _, c := range n.metrics.collectors() {
			n.opts.Registerer.Unregister(c)
		}
	}
	close(n.done)
}

// Stop ends the node: subscriptions end, appends already accepted are answered,
// later calls are refused as unavailable. When the context ends first, the
// connections that remain are cut.
func (n *Node) Stop(ctx context.Context) error {
	n.stopOnce.Do(func() {
		close(n.stopping)
		cut := context.AfterFunc(ctx, n.server.Stop)
		n.server.GracefulStop()
		cut()
		<-n.drained
		n.finish()
	})
	<-n.done
	return n.err
}

// Done is closed when the node has ended, by Stop or on its own; see Err.
func (n *Node) Done() <-chan struct{} { return n.done }

// Err is why the node ended on its own: ErrFenced, ErrSetBack, or a listener that failed. It is
// nil while the node runs and after Stop.
func (n *Node) Err() error {
	select {
	case <-n.done:
		return n.err
	default:
		return nil
	}
}

// Position is that of the last event in the log, 0 when it is empty.
func (n *Node) Position() int64 { return n.tail.last() }

// write has the request decided and written, and returns its outcome.
func (n *Node) write(r *request) outcome { return n.enqueue(r)() }

// enqueue hands the request to the writer and returns a function that waits for
// the outcome. Requests of one goroutine are decided in the order of its calls.
func (n *Node) enqueue(r *request) (wait func() outcome) {
	fail := func(err error) func() outcome { return func() outcome { return outcome{err: err} } }
	_, bytes := r.weight()
	weight := min(int64(bytes), queueMaxBytes)
	if err := n.space.Acquire(r.ctx, weight); err != nil {
		return fail(err)
	}
	r.done = make(chan outcome, 1)
	select {
	case <-n.stopping:
		n.space.Release(weight)
		return fail(errStopping)
	case <-r.ctx.Done():
		n.space.Release(weight)
		return fail(r.ctx.Err())
	case n.queue <- r:
	}
	return func() outcome {
		defer n.space.Release(weight)
		select {
		case out := <-r.done:
			return out
		case <-r.ctx.Done():
			return outcome{err: r.ctx.Err()}
		case <-n.drained:
		}
		select {
		case out := <-r.done: // the writer's last act
			return out
		default:
			return outcome{err: errStopping}
		}
	}
}
