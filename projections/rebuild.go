package projections

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// Errors of Rebuild.
var (
	// ErrUnknown: there is no projection of that name.
	ErrUnknown = errors.New("there is no such projection")
	// ErrRebuildRunning: somebody else is rebuilding this projection.
	ErrRebuildRunning = errors.New("a rebuild of this projection is already running")
)

// Progress tells how a rebuild or a rollback is getting on.
type Progress struct {
	Projection string
	Step       string // resuming, filling, indexing, vacuuming, swapping, done
	Events     int64  // applied to the generation since the beginning of the log
	Position   eventlog.Position
	Elapsed    time.Duration
	Rate       float64       // events a second in this run; 0: not known
	Left       time.Duration // an estimate, by positions, of what is left to fill; 0: none
}

// rebuildBatch is larger than a live one: nobody waits for a single event.
const rebuildBatch = 5000

// Rebuild fills a new generation of a projection from the beginning of the log
// beside the live one, in the schema rm_<name>_v<version>_next, makes its
// indexes, catches up and puts it in the live one's place in one transaction.
// The former generation is kept as ..._old until the next rebuild (see Rollback).
// Readers see the old rows or the new ones, never neither; a projector that was
// stopped goes on. It may run in another process than the projector. One that was
// interrupted goes on where it was, with the same program and the same log.
//
// It fails with ErrUnknown, ErrRebuildRunning, or what went wrong; the live
// generation is untouched then.
func (r *Runner) Rebuild(ctx context.Context, name string, progress func(Progress)) error {
	return r.exchange(ctx, "rebuild", name, progress, (*rebuild).run)
}

// exchange puts another generation in the place of a projection's live one.
func (r *Runner) exchange(ctx context.Context, what, name string, progress func(Progress), run func(*rebuild, context.Context) error) error {
	p, ok := r.projections[name]
	if !ok {
		return fmt.Errorf("%q: %w", name, ErrUnknown)
	}
	if progress == nil {
		progress = func(Progress) {}
	}
	unlock, err := r.lockRebuild(ctx, p)
	if err != nil {
		return err
	}
	defer unlock()
	b := &rebuild{r: r, p: p, begin: time.Now(), report: progress}
	if err := run(b, ctx); err != nil {
		return fmt.Errorf("%s %s: %w", what, name, err)
	}
	return nil
}

// lockRebuild makes this the only rebuild of the projection, by an advisory lock
// on a connection of its own: it ends with the process at the latest.
func (r *Runner) lockRebuild(ctx context.Context, p Projection) (unlock func(), err error) {
	conn, err := pgx.ConnectConfig(ctx, r.Pool.Config().ConnConfig.Copy())
	if err != nil {
		return nil, fmt.Errorf("connect for the rebuild of %s: %w", p.Name, err)
	}
	key := lockKey("rebuild "+p.Name, p.Version)
	var got bool
	if err = conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, key).Scan(&got); err != nil {
		err = fmt.Errorf("lock the rebuild of %s: %w", p.Name, err)
	} else if !got {
		err = fmt.Errorf("%s: %w", p.Name, ErrRebuildRunning)
	}
	if err != nil {
		closeConn(ctx, conn)
		return nil, err
	}
	return func() {
		// The server may hear of the connection's end later than the next rebuild
		// asks, so the lock is given back before.
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_, _ = conn.Exec(bounded, `SELECT pg_advisory_unlock($1)`, key)
		closeConn(ctx, conn)
	}, nil
}

// lockKey is the key of an advisory lock; any 64 bits will do.
func lockKey(name string, version int) int64 {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "fleetledger projector %s %d", name, version)
	return int64(h.Sum64())
}

// rebuild fills a generation and puts it in the live one's place.
type rebuild struct {
	r      *Runner
	p      Projection
	begin  time.Time
	report func(Progress)

	generation // that is filled
	pace
}

func (b *rebuild) run(ctx context.Context) error {
	if err := b.resume(ctx); err != nil {
		return err
	}
	if err := b.fill(ctx); err != nil {
		return err
	}
	if !b.indexed {
		b.reportStep("indexing")
		err := b.inGeneration(ctx, func(tx pgx.Tx) error {
			// Many rows take longer to index than a request may take.
			if _, err := tx.Exec(ctx, `SET LOCAL statement_timeout = 0`); err != nil {
				return fmt.Errorf("lift the statement timeout: %w", err)
			}
			if err := b.p.createIndexes(ctx, tx); err != nil {
				return err
			}
			indexed := b.generation
			indexed.indexed = true
			return indexed.save(ctx, tx, b.p)
		})
		if err != nil {
			return err
		}
		b.indexed = true
	}
	return b.putLive(ctx)
}

// putLive lets a generation that is filled catch up and swaps it with the live one.
func (b *rebuild) putLive(ctx context.Context) error {
	b.reportStep("vacuuming")
	if err := b.vacuum(ctx); err != nil {
		return err
	}
	if err := b.fill(ctx); err != nil { // what has come since, while readers need not wait
		return err
	}
	b.reportStep("swapping")
	if err := b.swap(ctx); err != nil {
		return err
	}
	b.reportStep("done")
	return nil
}

// inGeneration runs a transaction whose search path leads to the new generation.
func (b *rebuild) inGeneration(ctx context.Context, do func(pgx.Tx) error) error {
	schema := b.schema(b.p)
	return pgx.BeginFunc(ctx, b.r.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, setUp, searchPath(schema)); err != nil {
			return fmt.Errorf("enter schema %s: %w", schema, err)
		}
		return do(tx)
	})
}

// vacuum tells the planner what is in the tables, and which pages all may see: until then
// no query is answered by an index alone, which takes the pages of the past two to three
// times as long. By itself the database comes to it after a minute or more.
func (b *rebuild) vacuum(ctx context.Context) error {
	config := b.r.Pool.Config().ConnConfig.Copy()
	config.RuntimeParams["statement_timeout"] = "0" // many rows take longer than a request may take
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("connect to vacuum: %w", err)
	}
	defer closeConn(ctx, conn)
	schema := b.schema(b.p)
	rows, err := conn.Query(ctx, `SELECT tablename FROM pg_tables WHERE schemaname = $1`, schema)
	if err != nil {
		return fmt.Errorf("list tables: %w", err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("list tables: %w", err)
	}
	for _, table := range tables {
		if _, err := conn.Exec(ctx, "VACUUM (ANALYZE) "+pgx.Identifier{schema, table}.Sanitize()); err != nil {
			return fmt.Errorf("vacuum %s: %w", table, err)
		}
	}
	return nil
}

func (b *rebuild) reportStep(step string) {
	at := Progress{Projection: b.p.Name, Step: step, Events: b.events, Position: b.position, Elapsed: time.Since(b.begin)}
	if step == "filling" {
		at.Rate, at.Left = b.of(b.generation, time.Now())
	}
	b.report(at)
}

// pace is how fast a generation is filled.
type pace struct {
	begun time.Time
	from  generation        // where it began
	end   eventlog.Position // where it ends
}

// start notes where the filling begins and ends.
func (p *pace) start(ctx context.Context, end func(context.Context) (eventlog.Position, error), from generation) (err error) {
	*p = pace{begun: time.Now(), from: from}
	if end == nil {
		return nil
	}
	if p.end, err = end(ctx); err != nil {
		return fmt.Errorf("find the end of the log: %w", err)
	}
	return nil
}

// of is the rate so far, in events a second, and what is left by it. Positions are
// as far apart as the events between them are many, or long.
func (p pace) of(at generation, now time.Time) (rate float64, left time.Duration) {
	elapsed, done := now.Sub(p.begun), at.events-p.from.events
	if done <= 0 || elapsed <= 0 {
		return 0, 0
	}
	rate = float64(done) / elapsed.Seconds()
	if at.position.Before(p.end) {
		way := float64(at.position.Commit - p.from.position.Commit)
		left = time.Duration(float64(elapsed) * float64(p.end.Commit-at.position.Commit) / way)
	}
	return rate, left
}
