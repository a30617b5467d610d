package clock

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
)

const (
	// setting is where ops.settings keeps the offset, in nanoseconds.
	setting = "sandbox-clock"
	// advisoryLock is held in the database while the clock is being moved.
	advisoryLock = 0x666c6565745f636c
	// refreshEvery is how often an instance checks whether another has moved the clock.
	refreshEvery = time.Second
)

// Sandbox moves a Shifted clock ahead and keeps its offset in the database: it
// is the same after a restart, and a moment later on all instances.
type Sandbox struct {
	*Shifted
	pool *pgxpool.Pool
	kept atomic.Int64 // the offset in the database, as far as known
}

var _ ports.SandboxClock = (*Sandbox)(nil)

// NewSandbox sets the clock to the offset that the migrated database of pool
// holds. A clock that was never moved is the machine's.
func NewSandbox(ctx context.Context, pool *pgxpool.Pool, c *Shifted) (*Sandbox, error) {
	s := &Sandbox{Shifted: c, pool: pool}
	return s, s.refresh(ctx)
}

// Moved reports whether the clock differs from the machine's for good.
func (s *Sandbox) Moved() bool { return s.kept.Load() != 0 }

// Alone runs do while nobody else moves the clock, else it fails with
// eventlog.ErrBusy. The lock ends with its connection, so with a dead process too.
func (s *Sandbox) Alone(ctx context.Context, do func(context.Context) error) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("lock sandbox clock: %w", err)
	}
	defer conn.Release()
	var locked bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, advisoryLock).Scan(&locked); err != nil {
		return fmt.Errorf("lock sandbox clock: %w", err)
	}
	if !locked {
		return fmt.Errorf("sandbox clock: %w", eventlog.ErrBusy)
	}
	defer func() {
		ctx := context.WithoutCancel(ctx)
		if _, err := conn.Exec(ctx, `SELECT pg_advisory_unlock($1)`, advisoryLock); err != nil {
			_ = conn.Conn().Close(ctx)
		}
	}()
	return do(ctx)
}

// MoveTo keeps the new offset in the database first, then this instance adopts it.
func (s *Sandbox) MoveTo(ctx context.Context, t time.Time) error {
	var offset int64
	err := s.pool.QueryRow(ctx, `
		INSERT INTO ops.settings AS s (key, value) VALUES ($1, to_jsonb($2::bigint))
		ON CONFLICT (key) DO UPDATE SET value = to_jsonb(greatest(s.value::bigint, excluded.value::bigint))
		RETURNING value::bigint`, setting, max(int64(time.Until(t)), 0)).Scan(&offset)
	if err != nil {
		return fmt.Errorf("keep sandbox clock: %w", err)
	}
	s.adopt(offset)
	return nil
}

// Follow adopts the moves of other instances, until ctx ends.
func (s *Sandbox) Follow(ctx context.Context) error {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			_ = s.refresh(ctx) // a database that is away moves no clock
		}
	}
}

func (s *Sandbox) refresh(ctx context.Context) error {
	var offset int64
	err := s.pool.QueryRow(ctx, `SELECT value::bigint FROM ops.settings WHERE key = $1`, setting).Scan(&offset)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read sandbox clock: %w", err)
	}
	s.adopt(offset)
	return nil
}

// adopt makes an offset this instance's. Offsets only grow: one that was read
// before another move may come late.
func (s *Sandbox) adopt(offset int64) {
	for {
		known := s.kept.Load()
		if offset <= known {
			return
		}
		if s.kept.CompareAndSwap(known, offset) {
			s.Shift(time.Duration(offset))
			return
		}
	}
}
