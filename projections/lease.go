package projections

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// leases says which instance runs which follower: rows of ops.leases that this
// one renews on a connection of its own. A lease ends when it is not renewed in
// time, by the database's clock, so that an instance that is frozen or cut off
// holds up nobody; and with the session that renews it, so that a killed one
// leaves it at once. The checkpoint's compare-and-swap keeps a straggler harmless.
type leases struct {
	config   *pgx.ConnConfig
	holder   uuid.UUID
	interval time.Duration // how often to renew and to ask
	life     time.Duration // how long a lease lasts that is not renewed
	logger   *slog.Logger

	wake    chan struct{} // a new wish
	mu      sync.Mutex
	want    map[string]*wish
	renewed time.Time // begin of the last renewal that went well
}

type wish struct {
	granted chan struct{}
	lost    context.CancelCauseFunc // set while held
	ctx     context.Context
}

var errLeaseLost = errors.New("the lease was lost")

func newLeases(config *pgx.ConnConfig, interval, life time.Duration, logger *slog.Logger) *leases {
	return &leases{
		config: config, holder: uuid.New(), interval: interval, life: life, logger: logger,
		wake: make(chan struct{}, 1), want: map[string]*wish{},
	}
}

func leaseName(name string, version int) string { return fmt.Sprintf("follower %s %d", name, version) }

// acquire waits for the lease and gives a context that ends when it is lost. A
// lease that is held already is given again.
func (l *leases) acquire(ctx context.Context, name string) (context.Context, error) {
	l.mu.Lock()
	w, ok := l.want[name]
	if !ok || w.ctx.Err() != nil {
		w = &wish{granted: make(chan struct{})}
		w.ctx, w.lost = context.WithCancelCause(ctx)
		l.want[name] = w
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

// reconnectPause is short: until the leases are renewed nothing is followed.
const reconnectPause = 100 * time.Millisecond

// run renews and asks until ctx ends. The leases outlive a connection: the next
// one renews them if it comes in time.
func (l *leases) run(ctx context.Context) {
	var expiry sync.WaitGroup
	expiry.Go(func() { l.expire(ctx) })
	defer expiry.Wait()
	for failures := 0; ctx.Err() == nil; failures++ {
		began := time.Now()
		err := l.session(ctx)
		if ctx.Err() != nil {
			break
		}
		if time.Since(began) > l.life {
			failures = 0
		}
		if failures == 0 { // once for an outage
			l.logger.WarnContext(ctx, "projector leases cannot be renewed, trying again", "error", err)
		}
		pause(ctx, min(reconnectPause, l.interval))
	}
	l.lose(func(string) bool { return true })
}

// expire ends what was not renewed in time, also while a renewal hangs, and after
// this process was frozen.
func (l *leases) expire(ctx context.Context) {
	for ctx.Err() == nil {
		pause(ctx, l.interval)
		l.mu.Lock()
		late := time.Since(l.renewed) >= l.life
		l.mu.Unlock()
		if late {
			l.lose(func(string) bool { return true })
		}
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

// claimLeases renews the holder's own and takes what is anybody's. A session of
// another role is shown without its start; it counts as alive. Names in order, so
// that two instances do not wait for each other.
const claimLeases = `INSERT INTO ops.leases AS l (name, holder, token, backend, backend_start, expires_at)
	SELECT name, $2, 1, a.pid, a.backend_start, clock_timestamp() + $3::interval
	FROM unnest($1::text[]) name, pg_stat_activity a WHERE a.pid = pg_backend_pid() ORDER BY name
	ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, token = l.token + (l.holder <> excluded.holder)::int,
		backend = excluded.backend, backend_start = excluded.backend_start, expires_at = excluded.expires_at
	WHERE l.holder = excluded.holder OR l.expires_at <= clock_timestamp() OR NOT EXISTS (SELECT FROM pg_stat_activity a
		WHERE a.pid = l.backend AND (a.backend_start = l.backend_start OR a.backend_start IS NULL))
	RETURNING name, token`

// poll asks once for every lease wanted.
func (l *leases) poll(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, l.life*2/3)
	defer cancel()
	began := time.Now()
	names := l.names()
	rows, err := conn.Query(ctx, claimLeases, names, l.holder, l.life)
	if err != nil {
		return err
	}
	held := map[string]int64{}
	var name string
	var token int64
	_, err = pgx.ForEachRow(rows, []any{&name, &token}, func() error { held[name] = token; return nil })
	if err != nil {
		return err
	}
	fresh := l.note(began, names, held)
	if len(fresh) == 0 {
		return nil
	}
	if _, err := conn.Exec(ctx, endFrozen, l.life*2/3); err != nil {
		return err
	}
	l.grant(ctx, fresh, held)
	return nil
}

// endFrozen ends the sessions that are in the middle of moving a checkpoint and
// have waited for their client for long: its instance is frozen or out of reach,
// and whoever follows it would have to wait for the row. What is no longer there,
// or another role's, is left alone.
const endFrozen = `SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a JOIN pg_locks k ON k.pid = a.pid
	WHERE k.relation = 'ops.projector_checkpoint'::regclass AND k.mode = 'RowExclusiveLock' AND a.datname = current_database()
		AND a.wait_event_type = 'Client' AND a.state_change < clock_timestamp() - $1::interval AND a.usename = current_user`

func (l *leases) names() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.want))
}

// note takes the outcome of a poll: what was held and was not given again is lost.
// It gives what was given for the first time.
func (l *leases) note(began time.Time, asked []string, held map[string]int64) (fresh []string) {
	l.lose(func(name string) bool {
		_, ok := held[name]
		return !ok && slices.Contains(asked, name)
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.renewed = began
	for name := range held {
		if w, ok := l.want[name]; ok && !w.held() {
			fresh = append(fresh, name)
		}
	}
	return fresh
}

func (l *leases) grant(ctx context.Context, names []string, tokens map[string]int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range names {
		if w := l.want[name]; w != nil && !w.held() {
			l.logger.DebugContext(ctx, "projector lease taken", "lease", name, "token", tokens[name])
			close(w.granted)
		}
	}
}

func (w *wish) held() bool {
	select {
	case <-w.granted:
		return true
	default:
		return false
	}
}

// lose ends the leases held that are chosen; a wish goes on.
func (l *leases) lose(chosen func(name string) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, w := range l.want {
		if w.held() && chosen(name) {
			w.lost(errLeaseLost)
			delete(l.want, name)
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
