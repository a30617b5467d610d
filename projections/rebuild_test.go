package projections_test

import (
	"context"
	"sync"
	"testing"

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
	require.Equal(t, map[string]bool{"filling": true, "indexing": true, "swapping": true, "done": true}, steps)
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
}
