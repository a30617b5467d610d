package projections

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
)

// waiter tells readers when a projection has reached a position. Batches
// announce themselves with NOTIFY, heard on one connection; a waiting reader
// also looks from time to time, so a lost notice costs a moment, not an answer.
type waiter struct {
	pool     *pgxpool.Pool
	versions map[string]int

	mu      sync.Mutex
	known   map[string]eventlog.Position
	changed chan struct{} // closed and replaced at every change
}

// lookInterval is how often a waiting reader asks the database itself.
const lookInterval = 250 * time.Millisecond

// quietInterval is the same for one that waits for news of any kind.
const quietInterval = 5 * time.Second

func newWaiter(pool *pgxpool.Pool, versions map[string]int) *waiter {
	return &waiter{pool: pool, versions: versions, known: map[string]eventlog.Position{}, changed: make(chan struct{})}
}

// WaitFor returns when all the named followers have reached p, at once for the
// zero position. When ctx's deadline comes first it is query.ErrNotCaughtUp.
func (r *Runner) WaitFor(ctx context.Context, names []string, p eventlog.Position) error {
	return r.waiter.wait(ctx, names, p)
}

// WaitQuietly is WaitFor for many who wait for long: they hear of what is announced, and
// ask the database itself only now and then.
func (r *Runner) WaitQuietly(ctx context.Context, names []string, p eventlog.Position) error {
	return r.waiter.waitLooking(ctx, names, p, quietInterval)
}

func (w *waiter) wait(ctx context.Context, names []string, p eventlog.Position) error {
	return w.waitLooking(ctx, names, p, lookInterval)
}

func (w *waiter) waitLooking(ctx context.Context, names []string, p eventlog.Position, every time.Duration) error {
	if p == (eventlog.Position{}) {
		return nil
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for looked := false; ; looked = true {
		missing, changed := w.missing(names, p)
		if len(missing) > 0 && !looked {
			w.lookUp(ctx, missing)
			missing, changed = w.missing(names, p)
		}
		if len(missing) == 0 {
			return nil
		}
		select {
		case <-changed:
		case <-tick.C:
			w.lookUp(ctx, missing)
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return fmt.Errorf("wait for %v to reach %s: %w", missing, p, query.ErrNotCaughtUp)
			}
			return context.Cause(ctx)
		}
	}
}

func (w *waiter) missing(names []string, p eventlog.Position) ([]string, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var missing []string
	for _, name := range names {
		if w.known[name].Before(p) {
			missing = append(missing, name)
		}
	}
	return missing, w.changed
}

// lookUp asks the database itself. A failure counts as no news: the caller goes on
// waiting.
func (w *waiter) lookUp(ctx context.Context, names []string) {
	found, err := positions(ctx, w.pool, w.versions, names)
	if err != nil {
		return
	}
	for i, name := range names {
		w.note(name, found[i])
	}
}

func (w *waiter) note(name string, p eventlog.Position) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.known[name].Before(p) {
		w.known[name] = p
		close(w.changed)
		w.changed = make(chan struct{})
	}
}

// forget lets projections be before where they were known to be: a rebuild may put one
// there, where the log was set back.
func (w *waiter) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.known)
}

// run listens until ctx ends.
func (w *waiter) run(ctx context.Context) {
	for ctx.Err() == nil {
		w.listen(ctx)
		pause(ctx, lookInterval)
	}
}

func (w *waiter) listen(ctx context.Context) {
	conn, err := pgx.ConnectConfig(ctx, w.pool.Config().ConnConfig.Copy())
	if err != nil {
		return
	}
	defer closeConn(ctx, conn)
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return
	}
	w.forget() // what was announced in between was not heard
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return
		}
		var name, position string
		var version int
		if _, err := fmt.Sscan(n.Payload, &name, &version, &position); err != nil {
			continue // not one of ours
		}
		p, err := eventlog.ParsePosition(position)
		if err == nil && w.versions[name] == version {
			if strings.HasSuffix(n.Payload, " back") {
				w.forget()
			}
			w.note(name, p)
		}
	}
}
