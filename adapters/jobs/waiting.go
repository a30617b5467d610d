package jobs

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/fleetledger/fleetledger/adapters/clock"
	"github.com/fleetledger/fleetledger/adapters/postgres"
)

const (
	// clockEvery is how often the database's clock is read again.
	clockEvery = 10 * time.Second
	// clockMoved is a change that is not due to a slow answer.
	clockMoved = 5 * time.Second
	// longestPause is more than any job that may run, and any chunk, waits for.
	longestPause = time.Minute
	// longestWait is more than any job waits for, mails included.
	longestWait = 2 * time.Hour
)

// onInsert has a job wait from the database's present on: river reads a time that is
// zero as that, and would take the process's own otherwise, by which a job of a
// process that is an hour ahead waits an hour.
//
// River calls the option that takes it, and the one of waiting, a matter of tests.
type onInsert struct{}

// Now is what river measures its own work by.
func (onInsert) Now() time.Time { return time.Now() }

// NowOrNil is what it writes.
func (onInsert) NowOrNil() *time.Time { return new(time.Time) }

// waiting has jobs that are put back, and those that come round, wait by the
// database's clock, by which they are taken.
type waiting struct{ *clock.Database }

// NowOrNil leaves it to the database.
func (waiting) NowOrNil() *time.Time { return nil }

var _, _ rivertype.TimeGenerator = onInsert{}, waiting{}

// watchClock keeps the database's clock, until ctx ends. When that was set, jobs that
// come round are planned anew, and those that wait for a time that is suddenly far
// off are woken.
func (j *Jobs) watchClock(ctx context.Context, clock *clock.Database, client *river.Client[pgx.Tx]) {
	tick := time.NewTicker(j.options.clockEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		moved, err := clock.Read(ctx)
		if err != nil {
			continue // the next time
		}
		if moved.Abs() > clockMoved {
			j.options.Logger.Warn("the database's clock was set", "by", moved.Round(time.Second))
			client.PeriodicJobs().Clear()
			client.PeriodicJobs().AddMany(j.options.periodic())
		}
		if err := j.wake(ctx); err != nil {
			j.options.Logger.Warn("jobs that may wait too long were not looked for", "error", err)
		}
	}
}

// wake makes jobs available that wait longer than any has to: the clock was set back
// after they were put there.
func (j *Jobs) wake(ctx context.Context) error {
	tag, err := j.options.Pool.Exec(ctx, `
		UPDATE ops.river_job SET scheduled_at = now()
		WHERE state IN ('available', 'scheduled', 'retryable') AND scheduled_at > now() +
			CASE WHEN state = 'available' OR kind = $1 THEN $2::interval ELSE $3::interval END`,
		chunk{}.Kind(), longestPause, longestWait)
	if n := tag.RowsAffected(); n > 0 {
		j.options.Logger.Warn("jobs waited for a time far off and go on", slog.Int64("jobs", n))
	}
	return postgres.Failure("wake jobs", err)
}
