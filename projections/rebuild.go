package projections

import (
	"context"
	"errors"
	"fmt"
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

// Progress tells how a rebuild is getting on.
type Progress struct {
	Projection string
	Step       string // filling, indexing, swapping, done
	Events     int64
	Position   eventlog.Position
	Elapsed    time.Duration
}

// rebuildBatch is larger than a live one: nobody waits for a single event.
const rebuildBatch = 5000

// Rebuild fills a new generation of a projection from the beginning of the log
// beside the live one, in the schema rm_<name>_v<version>_next, makes its
// indexes, catches up and puts it in the live one's place in one transaction.
// The former generation is kept as ..._old until the next rebuild. Readers see
// the old rows or the new ones, never neither; a projector that was stopped
// goes on. It may run in another process than the projector.
//
// It fails with ErrUnknown, ErrRebuildRunning, or what went wrong; the live
// generation is untouched then.
func (r *Runner) Rebuild(ctx context.Context, name string, progress func(Progress)) error {
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
	if err := b.run(ctx); err != nil {
		return fmt.Errorf("rebuild %s: %w", name, err)
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
	key := leaseKey("rebuild "+p.Name, p.Version)
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

type rebuild struct {
	r      *Runner
	p      Projection
	begin  time.Time
	report func(Progress)

	events   int64
	position eventlog.Position
}

func (b *rebuild) run(ctx context.Context) error {
	next := b.p.Schema() + "_next"
	err := pgx.BeginFunc(ctx, b.r.Pool, func(tx pgx.Tx) error { return b.p.createTables(ctx, tx, next) })
	if err != nil {
		return err
	}
	if err := b.fill(ctx, next); err != nil {
		return err
	}
	b.reportStep("indexing")
	err = b.inGeneration(ctx, next, func(tx pgx.Tx) error {
		// Many rows take longer to index than a request may take.
		if _, err := tx.Exec(ctx, `SET LOCAL statement_timeout = 0`); err != nil {
			return fmt.Errorf("lift the statement timeout: %w", err)
		}
		return b.p.createIndexes(ctx, tx)
	})
	if err != nil {
		return err
	}
	if err := b.analyze(ctx, next); err != nil {
		return err
	}
	if err := b.fill(ctx, next); err != nil { // what has come since, while readers need not wait
		return err
	}
	b.reportStep("swapping")
	if err := b.swap(ctx, next); err != nil {
		return err
	}
	b.reportStep("done")
	return nil
}

// inGeneration runs a transaction whose search path leads to the new generation.
func (b *rebuild) inGeneration(ctx context.Context, schema string, do func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, b.r.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, setSearchPath, searchPath(schema)); err != nil {
			return fmt.Errorf("enter schema %s: %w", schema, err)
		}
		return do(tx)
	})
}

// fill applies the log from where it is to the log's end.
func (b *rebuild) fill(ctx context.Context, schema string) error {
	batch := make([]eventlog.Recorded, 0, rebuildBatch)
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		err := b.inGeneration(ctx, schema, func(tx pgx.Tx) error { return b.p.Apply(ctx, tx, batch) })
		if err != nil {
			return fmt.Errorf("after position %s: %w", b.position, err)
		}
		b.events += int64(len(batch))
		b.position = batch[len(batch)-1].Position
		batch = batch[:0]
		b.reportStep("filling")
		return nil
	}
	for e, err := range b.r.Log.ReadAll(ctx, b.position, b.p.Prefixes...) {
		if err != nil {
			return fmt.Errorf("read the log after %s: %w", b.position, err)
		}
		if batch = append(batch, e); len(batch) == rebuildBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

func (b *rebuild) analyze(ctx context.Context, schema string) error {
	return b.inGeneration(ctx, schema, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT tablename FROM pg_tables WHERE schemaname = $1`, schema)
		if err != nil {
			return fmt.Errorf("list tables: %w", err)
		}
		tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return fmt.Errorf("list tables: %w", err)
		}
		for _, table := range tables {
			if _, err := tx.Exec(ctx, "ANALYZE "+pgx.Identifier{schema, table}.Sanitize()); err != nil {
				return fmt.Errorf("analyze %s: %w", table, err)
			}
		}
		return nil
	})
}

// swap holds the live checkpoint, so that the projector waits, applies what is
// missing, and renames. The projector then finds its checkpoint moved and goes
// on in the new generation.
func (b *rebuild) swap(ctx context.Context, next string) error {
	return pgx.BeginFunc(ctx, b.r.Pool, func(tx pgx.Tx) error {
		filter := filterHash(b.p.Prefixes)
		fresh, err := insertCheckpoint(ctx, tx, b.p.Name, b.p.Version, b.r.Source, filter)
		if err != nil {
			return err
		}
		live, err := lockCheckpoint(ctx, tx, b.p.Name, b.p.Version)
		if err != nil {
			return err
		}
		if err := b.fill(ctx, next); err != nil {
			return err
		}
		if live.source == b.r.Source && live.filter == filter && b.position.Before(live.position) {
			b.position = live.position // beyond the last event there is nothing for it up to here
		}
		if err := b.rename(ctx, tx, next); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE ops.projector_checkpoint SET source = $3, filter = $4, commit_position = $5, prepare_position = $6,
			events = $7, updated_at = now(), state = 'running', error = NULL WHERE name = $1 AND version = $2`,
			b.p.Name, b.p.Version, b.r.Source, filter, b.position.Commit, b.position.Prepare, b.events)
		if err != nil {
			return fmt.Errorf("set checkpoint: %w", err)
		}
		if _, err := tx.Exec(ctx, `SELECT pg_notify($1, $2)`, channel, notice(b.p.Name, b.p.Version, b.position)); err != nil {
			return fmt.Errorf("announce the new generation: %w", err)
		}
		return b.publish(ctx, tx, live.state == Filling && !fresh)
	})
}

// publish has the views lead to the new generation, unless they belong to
// another version's program that still serves: then this version's will take
// them over when it starts. One that runs already and was filling is filled now.
func (b *rebuild) publish(ctx context.Context, tx pgx.Tx, filled bool) error {
	if b.p.Views == nil {
		return nil
	}
	last, err := b.p.Views.published(ctx, tx)
	if err != nil {
		return err
	}
	if live := b.p.Schema(); filled || last.Schema == live || last.Schema == "" {
		return b.p.Views.publish(ctx, tx, live)
	}
	return nil
}

// rename puts the generations in their new places. Readers hold a lock on the
// live generation's tables while they read (see Gate); the rename waits for
// them, and they for it.
func (b *rebuild) rename(ctx context.Context, tx pgx.Tx, next string) error {
	live := b.p.Schema()
	quote := func(s string) string { return pgx.Identifier{s}.Sanitize() }
	var there bool
	if err := tx.QueryRow(ctx, `SELECT to_regnamespace($1) IS NOT NULL`, quote(live)).Scan(&there); err != nil {
		return fmt.Errorf("look for schema %s: %w", live, err)
	}
	// The former generation first: its last readers are waited for here, not for
	// long, and before the readers of the live one have to wait.
	drop := "SET LOCAL lock_timeout = '3s'; DROP SCHEMA IF EXISTS " + quote(live+"_old") + " CASCADE; SET LOCAL lock_timeout TO DEFAULT"
	if _, err := tx.Exec(ctx, drop); err != nil {
		return fmt.Errorf("drop the former generation: %w", err)
	}
	var statements []string
	if there {
		if err := lockForSwap(ctx, tx, live); err != nil {
			return err
		}
		statements = append(statements, "ALTER SCHEMA "+quote(live)+" RENAME TO "+quote(live+"_old"))
	}
	statements = append(statements, "ALTER SCHEMA "+quote(next)+" RENAME TO "+quote(live))
	for _, sql := range statements {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return fmt.Errorf("swap schemas: %w", err)
		}
	}
	return nil
}

func (b *rebuild) reportStep(step string) {
	b.report(Progress{Projection: b.p.Name, Step: step, Events: b.events, Position: b.position, Elapsed: time.Since(b.begin)})
}

// GateTable is a table every generation has. A reader that wants all its
// statements to see one generation locks it first (Gate), before its snapshot.
const GateTable = "generation"

// Gate is the first statement of a reading transaction: it takes the weakest
// lock there is, which only a swap waits for.
func Gate(schema string) string {
	return "LOCK TABLE " + pgx.Identifier{schema, GateTable}.Sanitize() + " IN ACCESS SHARE MODE"
}

func lockForSwap(ctx context.Context, tx pgx.Tx, schema string) error {
	_, err := tx.Exec(ctx, "LOCK TABLE "+pgx.Identifier{schema, GateTable}.Sanitize()+" IN ACCESS EXCLUSIVE MODE")
	if err != nil {
		return fmt.Errorf("wait for readers of %s: %w", schema, err)
	}
	return nil
}
