package projections_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/projections"
)

// While events arrive and readers read, a rebuild gives the same rows, and no
// reader ever sees less than it saw before.
func TestRebuildUnderLoad(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(50)
	r := start(t, log.options(pool), []projections.Projection{counters()})
	r.waitFor(t, "counters", log.add(many(11_000)...))

	ctx, cancel := context.WithCancel(t.Context())
	var load sync.WaitGroup
	load.Go(func() {
		for ctx.Err() == nil {
			p := log.add(many(20)...)
			_ = r.WaitFor(ctx, []string{"counters"}, p)
		}
	})
	var reads, backwards int
	load.Go(func() {
		seen := 0
		for ctx.Err() == nil {
			n, position, err := readCounters(ctx, pool)
			if err != nil {
				continue
			}
			reads++
			if n < seen || uint64(n)*100 != position {
				backwards++
			}
			seen = n
		}
	})
	steps := map[string]bool{}
	for range 3 {
		require.NoError(t, r.Rebuild(t.Context(), "counters", func(p projections.Progress) { steps[p.Step] = true }))
	}
	cancel()
	load.Wait()
	r.waitFor(t, "counters", log.add(counted{"x", 1}))
	requireExact(t, pool, log, schema)
	require.Zero(t, backwards, "of %d reads", reads)
	require.Positive(t, reads)
	require.Equal(t, map[string]bool{"filling": true, "indexing": true, "vacuuming": true, "swapping": true, "done": true}, steps)
	var schemas []string
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT array_agg(nspname::text ORDER BY nspname) FROM pg_namespace WHERE nspname LIKE 'rm_counters%'`).Scan(&schemas))
	require.Equal(t, []string{schema, schema + "_old"}, schemas)
}

// readCounters reads as readers should: behind the gate, in one snapshot.
func readCounters(ctx context.Context, pool querier) (n int, position uint64, err error) {
	tx, err := pool.BeginTx(ctx, pgx.TxOptions{BeginQuery: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; " + projections.Gate(schema)})
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if err := tx.QueryRow(ctx, `SELECT commit_position FROM ops.projector_checkpoint`).Scan(&position); err != nil {
		return 0, 0, err
	}
	err = tx.QueryRow(ctx, `SELECT count(*) FROM rm_counters_v1.seen`).Scan(&n)
	return n, position, err
}

type querier interface {
	BeginTx(context.Context, pgx.TxOptions) (pgx.Tx, error)
}

// What is filled anew is vacuumed before anybody reads it: indexes alone can answer.
func TestRebuildVacuums(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(50)
	r := start(t, log.options(pool), []projections.Projection{counters()})
	r.waitFor(t, "counters", log.add(many(1000)...))
	require.NoError(t, r.Rebuild(t.Context(), "counters", nil))
	var vacuumed bool
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT last_vacuum IS NOT NULL AND last_analyze IS NOT NULL
		FROM pg_stat_user_tables WHERE relid = 'rm_counters_v1.seen'::regclass`).Scan(&vacuumed))
	require.True(t, vacuumed)
}

func TestRebuildFailsWithoutHarm(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(50)
	options := log.options(pool)
	r := start(t, options, []projections.Projection{counters()})
	last := log.add(many(10)...)
	r.waitFor(t, "counters", last)
	require.ErrorIs(t, r.Rebuild(t.Context(), "nothing", nil), projections.ErrUnknown)

	broken := counters()
	broken.Apply = func(context.Context, pgx.Tx, []eventlog.Recorded) error { return errBad }
	b, err := projections.New(options, []projections.Projection{broken}, nil)
	require.NoError(t, err)
	require.ErrorIs(t, b.Rebuild(t.Context(), "counters", nil), errBad)
	requireExact(t, pool, log, schema)

	// Two at once: the second is told so.
	var once sync.Once
	second := make(chan error, 1)
	require.NoError(t, r.Rebuild(t.Context(), "counters", func(projections.Progress) {
		once.Do(func() { second <- r.Rebuild(t.Context(), "counters", nil) })
	}))
	require.ErrorIs(t, <-second, projections.ErrRebuildRunning)
	requireExact(t, pool, log, schema)
}

// A projector that stopped goes on after a rebuild with a program that can read
// the event.
func TestRebuildCuresAStoppedProjector(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(50)
	options := log.options(pool)
	log.add(many(10)...)
	log.add(counted{Counter: "bad"})
	r := start(t, options, []projections.Projection{counters()})
	r.status(t, "counters", func(s projections.Status) bool { return s.State == projections.Stopped })
	log.mu.Lock()
	log.events[10].Event = counted{Counter: "good"}
	log.mu.Unlock()
	require.NoError(t, r.Rebuild(t.Context(), "counters", nil))
	r.waitFor(t, "counters", log.add(many(3)...))
	requireExact(t, pool, log, schema)
	require.NoError(t, r.Unfit())
	cured := r.status(t, "counters", func(s projections.Status) bool { return s.State == projections.Running })
	require.Empty(t, cured.Error)
	require.NotEmpty(t, cured.LastError, "what it was is still told")
	require.WithinDuration(t, time.Now(), cured.LastErrorAt, time.Minute)
	require.Positive(t, cured.Size)
}

// A rebuild that is interrupted goes on where it was, and not when another program has
// begun it.
func TestRebuildIsResumed(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(50)
	options := log.options(pool)
	r := start(t, options, []projections.Projection{counters()})
	r.waitFor(t, "counters", log.add(many(12_000)...))

	applied := 0
	counting := counters()
	apply := counting.Apply
	counting.Apply = func(ctx context.Context, tx pgx.Tx, events []eventlog.Recorded) error {
		applied += len(events)
		return apply(ctx, tx, events)
	}
	b, err := projections.New(options, []projections.Projection{counting}, nil)
	require.NoError(t, err)
	interrupted := func(step string) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		require.ErrorIs(t, b.Rebuild(ctx, "counters", func(p projections.Progress) {
			if p.Step == step {
				cancel()
			}
		}), context.Canceled)
	}
	interrupted("filling")
	require.Equal(t, 5_000, applied)
	log.add(many(10)...)
	interrupted("indexing")
	require.Equal(t, 12_010, applied, "it has gone on after the first batch")
	var rate float64
	var left bool
	require.NoError(t, b.Rebuild(t.Context(), "counters", func(p projections.Progress) {
		rate, left = max(rate, p.Rate), left || p.Left > 0
	}))
	require.Equal(t, 12_010, applied, "all was there")
	require.Zero(t, rate)
	require.False(t, left)
	requireExact(t, pool, log, schema)

	applied = 0
	interrupted("filling")
	_, err = pool.Exec(t.Context(), `UPDATE ops.generations SET made = 'by another program' WHERE generation = 'next'`)
	require.NoError(t, err)
	applied = 0
	require.NoError(t, b.Rebuild(t.Context(), "counters", func(p projections.Progress) {
		rate, left = max(rate, p.Rate), left || p.Left > 0
	}))
	require.Equal(t, 12_010, applied)
	require.Positive(t, rate)
	require.True(t, left)
	r.waitFor(t, "counters", log.add(many(3)...))
	requireExact(t, pool, log, schema)
}

// What has come while the indexes were made is applied behind them: an interruption there
// does not have them made again.
func TestRebuildIsResumedBehindItsIndexes(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(50)
	r := start(t, log.options(pool), []projections.Projection{counters()})
	r.waitFor(t, "counters", log.add(many(100)...))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	indexed := false
	require.ErrorIs(t, r.Rebuild(ctx, "counters", func(p projections.Progress) {
		switch {
		case p.Step == "indexing":
			indexed = true
			log.add(many(10)...)
		case indexed && p.Step == "filling":
			cancel()
		}
	}), context.Canceled)
	require.True(t, indexed)
	require.NoError(t, r.Rebuild(t.Context(), "counters", nil))
	r.waitFor(t, "counters", log.add(many(3)...))
	requireExact(t, pool, log, schema)
}

// A rollback brings the former rows back, with what has come since; a second one undoes
// it.
func TestRollback(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(50)
	r := start(t, log.options(pool), []projections.Projection{counters()})
	r.waitFor(t, "counters", log.add(many(100)...))
	require.ErrorIs(t, r.Rollback(t.Context(), "counters", nil), projections.ErrNoFormer)
	require.ErrorIs(t, r.Rollback(t.Context(), "nothing", nil), projections.ErrUnknown)

	mark := func(what string) {
		t.Helper()
		_, err := pool.Exec(t.Context(), `COMMENT ON TABLE `+schema+`.seen IS '`+what+`'`)
		require.NoError(t, err)
	}
	live := func() (mark string) {
		t.Helper()
		require.NoError(t, pool.QueryRow(t.Context(), `SELECT obj_description('`+schema+`.seen'::regclass)`).Scan(&mark))
		return mark
	}
	mark("first")
	require.NoError(t, r.Rebuild(t.Context(), "counters", nil))
	mark("second")
	r.waitFor(t, "counters", log.add(many(40)...))

	require.NoError(t, r.Rollback(t.Context(), "counters", nil))
	require.Equal(t, "first", live())
	requireExact(t, pool, log, schema)
	r.waitFor(t, "counters", log.add(many(7)...))
	requireExact(t, pool, log, schema)
	require.NoError(t, r.Rollback(t.Context(), "counters", nil))
	require.Equal(t, "second", live())
	r.waitFor(t, "counters", log.add(many(7)...))
	requireExact(t, pool, log, schema)
	require.NoError(t, r.Unfit())

	_, err := pool.Exec(t.Context(), `UPDATE ops.generations SET made = 'other tables'`)
	require.NoError(t, err)
	require.ErrorIs(t, r.Rollback(t.Context(), "counters", nil), projections.ErrNoFormer)
	_, err = pool.Exec(t.Context(), `DROP SCHEMA `+schema+`_old CASCADE`)
	require.NoError(t, err)
	require.ErrorIs(t, r.Rollback(t.Context(), "counters", nil), projections.ErrNoFormer)
	requireExact(t, pool, log, schema)
}
