package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/clock"
	"github.com/fleetledger/fleetledger/adapters/clock/clocktest"
	"github.com/fleetledger/fleetledger/adapters/jobs"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
)

// A skewed database has a clock that differs from the process's, by an offset that
// can be set: its now() is found before PostgreSQL's own.
type skewed struct {
	*pgxpool.Pool
	t *testing.T
}

func skew(t *testing.T, offset time.Duration) skewed {
	t.Helper()
	config, err := pgxpool.ParseConfig(pgtest.URL(t))
	require.NoError(t, err)
	config.ConnConfig.RuntimeParams["search_path"] = "skew, pg_catalog, public"
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() { go pool.Close() })
	_, err = pool.Exec(t.Context(), `
		CREATE SCHEMA skew;
		CREATE TABLE skew.clock (ahead interval NOT NULL);
		INSERT INTO skew.clock VALUES ('0');
		CREATE FUNCTION skew.now() RETURNS timestamptz LANGUAGE sql STABLE AS
			'SELECT pg_catalog.now() + (SELECT ahead FROM skew.clock)'`)
	require.NoError(t, err)
	s := skewed{pool, t}
	s.set(offset)
	return s
}

// set sets the database's clock.
func (s skewed) set(offset time.Duration) {
	s.t.Helper()
	_, err := s.Exec(s.t.Context(), `UPDATE skew.clock SET ahead = $1`, offset)
	require.NoError(s.t, err)
}

func (s skewed) instance(due time.Duration) *instance {
	return instanceWith(s.t, jobs.Options{
		Pool: s.Pool, Clock: clocktest.At(noon), Logger: slog.New(slog.NewTextHandler(s.t.Output(), nil)), Workers: 1, DueEvery: due,
	}.ReadingClock(20*time.Millisecond))
}

// An operation that is submitted by a process whose clock is wrong is carried out at
// once. What is in its way for a while is waited for, and no longer than that.
func TestOperationOfAWrongClock(t *testing.T) {
	t.Parallel()
	for name, offset := range map[string]time.Duration{"ahead": -time.Hour, "behind": time.Hour, "right": 0} {
		t.Run("the process is "+name, func(t *testing.T) {
			t.Parallel()
			i := skew(t, offset).instance(0)
			var attempts []time.Time
			i.before = func(context.Context, ports.Operation) error {
				attempts = append(attempts, time.Now())
				switch len(attempts) {
				case 1, 2:
					return eventlog.ErrUnavailable
				case 3:
					return errors.New("a failure")
				case 4:
					panic("a bug")
				}
				return nil
			}
			id := i.create(t, 2)
			i.start(t)
			receive(t, i.chunks)
			receive(t, i.chunks)
			i.stop(t)
			require.Len(t, attempts, 6)
			for n, least := range []float64{0.125, 0.25, 0.125, 0.25} { // half of what may be drawn
				require.GreaterOrEqual(t, attempts[n+1].Sub(attempts[n]).Seconds(), least, n)
			}
			op, err := i.Operation(t.Context(), id)
			require.NoError(t, err)
			require.True(t, op.Finished())
		})
	}
}

// The database's own clock is set back after an operation and a mail were put there:
// the operation goes on, the mail too, and what comes round still does.
func TestDatabaseClockIsSetBack(t *testing.T) {
	t.Parallel()
	db := skew(t, time.Hour)
	runs := make(chan struct{}, 1000)
	i := db.instance(50 * time.Millisecond)
	i.due = func(context.Context) error { runs <- struct{}{}; return nil }
	i.create(t, 1)
	stuck := uuid.New()
	tx, err := db.Begin(t.Context())
	require.NoError(t, err)
	require.NoError(t, i.jobs.QueueMail(t.Context(), tx, stuck))
	require.NoError(t, tx.Commit(t.Context()))
	db.set(0)
	i.start(t)
	receive(t, i.chunks)
	var waits bool
	require.NoError(t, db.QueryRow(t.Context(), `SELECT scheduled_at > now() FROM ops.river_job WHERE kind = 'mail'`).Scan(&waits))
	require.False(t, waits)

	for _, offset := range []time.Duration{time.Hour, -time.Hour, 0} {
		db.set(offset)
		for range len(runs) + 3 {
			receive(t, runs)
		}
		i.create(t, 1)
		receive(t, i.chunks)
	}
}

// The database's clock is known between two readings, and a setting is noticed.
func TestDatabaseClock(t *testing.T) {
	t.Parallel()
	db := skew(t, -time.Hour)
	c, err := clock.NewDatabase(t.Context(), db.Pool)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(-time.Hour), c.Now(), time.Minute)
	moved, err := c.Read(t.Context())
	require.NoError(t, err)
	require.Less(t, moved.Abs(), time.Minute)
	db.set(0)
	moved, err = c.Read(t.Context())
	require.NoError(t, err)
	require.InDelta(t, time.Hour, moved, float64(time.Minute))
	require.WithinDuration(t, time.Now(), c.Now(), time.Minute)
	require.Equal(t, time.UTC, c.Now().Location())
}
