package projections

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/trace"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// follower is a projection or a reaction, and what is known of it while it runs.
type follower struct {
	name     string
	version  int
	prefixes []string
	awaited  []string   // prefixes of more streams, of which only the positions matter
	replaces [][]string // followers whose place it takes, the latest first
	source   string
	pool     *pgxpool.Pool
	// One of the two is set.
	projection *Projection
	handle     func(ctx context.Context, batch eventlog.Batch) error
	tracer     trace.Tracer // nil: batches make no spans

	mu       sync.Mutex
	position eventlog.Position
	state    State
	problem  string
	filling  bool // the checkpoint says so still
	batches  int64
	events   int64
	caughtUp bool
	latest   time.Time // recorded time of the last event applied
	early    bool      // it waits for a time to come
	watched  watched
}

func (f *follower) sealed() bool { return f.projection != nil && f.projection.Sealed }

// from loads the position to subscribe from; the subscriber asks again each
// time it connects.
func (r *Runner) from(ctx context.Context, f *follower) (eventlog.Position, error) {
	c, err := r.admit(ctx, f)
	if err != nil {
		return eventlog.Position{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.position, f.state = c.position, f.runningState()
	return c.position, nil
}

func (f *follower) owns(c checkpoint) bool {
	return c.source == f.source && c.filter == filterHash(f.prefixes)
}

func (f *follower) checkOwner(c checkpoint) error {
	if !f.owns(c) {
		return fmt.Errorf("%s: %w", f.name, ErrForeignCheckpoint)
	}
	return nil
}

func (f *follower) reached() eventlog.Position {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.position
}

// apply takes a batch, or what of it is after the checkpoint. It returns nil
// only when the checkpoint is at the batch's end or beyond.
func (f *follower) apply(ctx context.Context, batch eventlog.Batch) error {
	batch = f.withoutAwaited(batch)
	for {
		old := f.reached()
		rest := notApplied(batch, old)
		if !old.Before(rest.Upto) {
			rest.Upto = old
			if !f.filledBy(rest) {
				f.applied(rest)
				return nil
			}
		}
		swapped, err := f.advance(ctx, old, rest)
		if err != nil {
			return err
		}
		if swapped {
			f.applied(rest)
			return nil
		}
		// Somebody else moved the checkpoint. If it is ahead, go on from there
		// with what remains of the batch; if it went back, events before this
		// batch are needed again.
		c, err := loadCheckpoint(ctx, f.pool, f.name, f.version)
		if err != nil {
			return err
		}
		if err := f.checkOwner(c); err != nil {
			return err
		}
		if !old.Before(c.position) {
			return errReload
		}
		f.mu.Lock()
		f.position, f.filling = c.position, c.state == Filling
		f.mu.Unlock()
	}
}

// withoutAwaited leaves out the events that are there for their positions only.
func (f *follower) withoutAwaited(b eventlog.Batch) eventlog.Batch {
	if len(f.awaited) == 0 {
		return b
	}
	b.Events = slices.DeleteFunc(slices.Clone(b.Events), func(e eventlog.Recorded) bool {
		return !slices.ContainsFunc(f.prefixes, func(prefix string) bool { return strings.HasPrefix(e.Stream, prefix) })
	})
	return b
}

// runningState is the state of a follower that runs here. The caller holds f.mu.
func (f *follower) runningState() State {
	if f.filling {
		return Filling
	}
	return Running
}

// filledBy reports whether the batch ends the filling of a new version, which
// the checkpoint is to say though it does not move.
func (f *follower) filledBy(b eventlog.Batch) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.filling && b.CaughtUp
}

// notApplied leaves out what was applied already, up to p.
func notApplied(b eventlog.Batch, p eventlog.Position) eventlog.Batch {
	i := slices.IndexFunc(b.Events, func(e eventlog.Recorded) bool { return p.Before(e.Position) })
	if i < 0 {
		i = len(b.Events)
	}
	b.Events = b.Events[i:]
	return b
}

func (f *follower) applied(b eventlog.Batch) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.filling = f.filling && !b.CaughtUp
	f.position, f.state, f.problem, f.caughtUp = b.Upto, f.runningState(), "", b.CaughtUp
	f.batches++
	f.events += int64(len(b.Events))
	if n := len(b.Events); n > 0 {
		f.latest = b.Events[n-1].RecordedAt
	}
}

// advance does the batch and moves the checkpoint from old to its end. It
// reports false when the checkpoint was not at old.
func (f *follower) advance(ctx context.Context, old eventlog.Position, b eventlog.Batch) (bool, error) {
	if f.projection != nil {
		return f.project(ctx, old, b)
	}
	if len(b.Events) > 0 {
		if err := f.handle(ctx, b); err != nil {
			return false, err
		}
	}
	tag, err := f.pool.Exec(ctx, swapCheckpoint, swapArguments(f.name, f.version, old, b)...)
	if err != nil {
		return false, fmt.Errorf("move checkpoint of %s: %w", f.name, err)
	}
	return tag.RowsAffected() > 0, nil
}

var errNotSwapped = errors.New("checkpoint was moved")

// project is the whole exactly-once: checkpoint and rows in one transaction.
func (f *follower) project(ctx context.Context, old eventlog.Position, b eventlog.Batch) (bool, error) {
	var lost bool
	err := pgx.BeginFunc(ctx, f.pool, func(tx pgx.Tx) error {
		err := f.swapAndApply(ctx, tx, f.projection.Schema(), old, b)
		lost = tx.Conn().IsClosed()
		return err
	})
	switch {
	case errors.Is(err, errNotSwapped):
		return false, nil
	case err != nil && lost:
		return false, fmt.Errorf("project %s: %w: %w", f.name, errConnectionLost, err)
	case err != nil:
		return false, fmt.Errorf("project %s: %w", f.name, err)
	}
	return true, nil
}

func (f *follower) swapAndApply(ctx context.Context, tx pgx.Tx, schema string, old eventlog.Position, b eventlog.Batch) error {
	var first pgx.Batch
	first.Queue(swapCheckpoint, swapArguments(f.name, f.version, old, b)...)
	first.Queue(setUp, searchPath(schema))
	results := tx.SendBatch(ctx, &first)
	tag, err := results.Exec()
	if closeErr := results.Close(); err == nil {
		err = closeErr
	}
	switch {
	case err != nil:
		return fmt.Errorf("move checkpoint: %w", err)
	case tag.RowsAffected() == 0:
		return errNotSwapped
	}
	if len(b.Events) > 0 {
		if err := f.projection.Apply(ctx, tx, b.Events); err != nil {
			return err
		}
	}
	if f.filledBy(b) {
		return f.projection.Views.publish(ctx, tx, schema)
	}
	return nil
}

const setSearchPath = `SELECT set_config('search_path', $1, true)`

// setUp is for the transaction of a batch. It does not wait for the disk: should the
// database crash, the rows and the checkpoint of the last moment are gone together, and
// are made of the log again.
const setUp = `SELECT set_config('search_path', $1, true), set_config('synchronous_commit', 'off', true)`

// searchPath leads to a generation's tables; public has the extensions.
func searchPath(schema string) string { return pgx.Identifier{schema}.Sanitize() + ", public" }
