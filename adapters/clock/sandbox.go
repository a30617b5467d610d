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
	// lookEvery is how often an instance looks whether another has moved the clock.
	lookEvery = time.Second
)

// Sandbox moves a Shifted clock ahead and keeps its offset in the database: it
// is the same after a restart, and a moment later on all instances.
type Sandbox struct {
	*Shifted
	pool *pgxpool.Pool
	kept atomic.Int64 // the offset in the database, as far as known
}

var _ ports.SandboxClock = (*Sandbox)(nil)

// NewSandbox sets the clock to where the migrated database of pool has it; that
// of the machine when it was never moved.
func NewSandbox(ctx context.Context, pool *pgxpool.Pool, c *Shifted) (*Sandbox, error) {
	s := &Sandbox{Shifted: c, pool: pool}
	return s, s.look(ctx)
}

// Moved reports whether the clock differs from the machine's for good.
func (s *Sandbox) Moved() bool { return s.kept.Load() != 0 }

// Alone runs do while this is the only one that moves the clock, else it is
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

// MoveTo keeps the new offset first, then this instance goes by it.
func (s *Sandbox) MoveTo(ctx context.Context, t time.Time) error {
	var offset int64
	err := s.pool.QueryRow(ctx, `
		INSERT INTO ops.settings AS s (key, value) VALUES ($1, to_jsonb($2::bigint))
		ON CONFLICT (key) DO UPDATE SET value = to_jsonb(greatest(s.value::bigint, excluded.value::bigint))
		RETURNING value::bigint`, setting, max(int64(time.Until(t)), 0)).Scan(&offset)
	if err != nil {
		return fmt.Errorf("keep sandbox clock: %w", err)
	}
	s.take(offset)
	return nil
}

// Follow takes over what other instances move, until ctx ends.
func (s *Sandbox) Follow(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			_ = s.look(ctx) // a database that is away moves no clock
		}
	}
}

func (s *Sandbox) look(ctx context.Context) error {
	var offset int64
	err := s.pool.QueryRow(ctx, `SELECT value::bigint FROM ops.settings WHERE key = $1`, setting).Scan(&offset)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read sandbox clock: %w", err)
	}
	s.take(offset)
	return nil
}

// take goes by an offset that is not known yet. Offsets only grow; what was
// read before another move may come late.
func (s *Sandbox) take(offset int64) {
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
