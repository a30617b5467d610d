package projections

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// leases says which instance runs which follower: session-level advisory locks
// on one connection of its own, asked for by polling. A lock that waits would
// keep a transaction open and hold back vacuum. Losing the connection loses
// all leases; the checkpoint's compare-and-swap keeps a straggler harmless.
type leases struct {
	config   *pgx.ConnConfig
	interval time.Duration
	logger   *slog.Logger

	wake chan struct{} // a new wish
	mu   sync.Mutex
	want map[int64]*wish
}

type wish struct {
	granted chan struct{}
	lost    context.CancelCauseFunc // set while held
	ctx     context.Context
}

var errLeaseLost = errors.New("the lease was lost")

func newLeases(config *pgx.ConnConfig, interval time.Duration, logger *slog.Logger) *leases {
	return &leases{config: config, interval: interval, logger: logger, wake: make(chan struct{}, 1), want: map[int64]*wish{}}
}

func leaseKey(name string, version int) int64 {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "fleetledger projector %s %d", name, version)
	return int64(h.Sum64()) // any 64 bits will do
}

// acquire waits for the lease and gives a context that ends when it is lost. A
// lease that is held already is given again.
func (l *leases) acquire(ctx context.Context, key int64) (context.Context, error) {
	l.mu.Lock()
	w, ok := l.want[key]
	if !ok || w.ctx.Err() != nil {
		w = &wish{granted: make(chan struct{})}
		w.ctx, w.lost = context.WithCancelCause(ctx)
		l.want[key] = w
	}
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
	select {
	case <-w.granted:
		return w.ctx, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// run holds the connection until ctx ends.
func (l *leases) run(ctx context.Context) {
	for ctx.Err() == nil {
		err := l.session(ctx)
		l.loseAll()
		if ctx.Err() != nil {
			return
		}
		l.logger.WarnContext(ctx, "projector leases lost, trying again", "error", err)
		pause(ctx, l.interval)
	}
}

func (l *leases) session(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, l.config.Copy())
	if err != nil {
		return err
	}
	defer closeConn(ctx, conn)
	tick := time.NewTicker(l.interval)
	defer tick.Stop()
	for {
		if err := l.poll(ctx, conn); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-l.wake:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// poll asks once for every lock wanted, and so also learns whether the
// connection still stands.
func (l *leases) poll(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, max(5*time.Second, l.interval))
	defer cancel()
	if err := conn.Ping(ctx); err != nil {
		return err
	}
	for key, w := range l.pending() {
		var got bool
		if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, key).Scan(&got); err != nil {
			return err
		}
		if got {
			close(w.granted)
		}
	}
	return nil
}

func (l *leases) pending() map[int64]*wish {
	l.mu.Lock()
	defer l.mu.Unlock()
	waiting := map[int64]*wish{}
	for key, w := range l.want {
		select {
		case <-w.granted:
		default:
			waiting[key] = w
		}
	}
	return waiting
}

func (l *leases) loseAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, w := range l.want {
		select {
		case <-w.granted:
			w.lost(errLeaseLost)
			delete(l.want, key)
		default: // still waiting: the next connection asks for it
		}
	}
}

// pause waits, or less when ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// closeConn says goodbye to the server, but not for long.
func closeConn(ctx context.Context, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = conn.Close(ctx)
}
