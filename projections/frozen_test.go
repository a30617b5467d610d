package projections_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/projections"
)

// An instance is frozen in the middle of a batch: with its lease, with a
// transaction that has moved the checkpoint, and with a session that the server
// takes for alive. Another one takes over when the lease has run out, and the
// frozen one writes nothing when it wakes up.
func TestFrozenHolderIsReplaced(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(10)
	first := start(t, log.options(pool), []projections.Projection{counters()})
	first.waitFor(t, "counters", log.add(many(20)...))
	first.stop()

	frozen, err := pool.Acquire(t.Context())
	require.NoError(t, err)
	defer frozen.Release()
	tx, err := frozen.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `UPDATE ops.projector_checkpoint SET commit_position = commit_position + 1000`)
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), `UPDATE ops.leases SET holder = gen_random_uuid(), backend = $1,
		backend_start = (SELECT backend_start FROM pg_stat_activity WHERE pid = $1), expires_at = clock_timestamp() + '200 ms'`,
		frozen.Conn().PgConn().PID())
	require.NoError(t, err)

	last := log.add(many(20)...)
	options := log.options(pool)
	options.LeaseLife = 200 * time.Millisecond
	second := start(t, options, []projections.Projection{counters()})
	second.waitFor(t, "counters", last)
	requireExact(t, pool, log, schema)
	require.Error(t, tx.Commit(t.Context()))
	requireExact(t, pool, log, schema)
}
