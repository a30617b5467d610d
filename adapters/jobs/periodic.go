package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// Periodic jobs each have a queue of their own, so that none waits for another
// or for operations.
const (
	dueQueue    = "due"
	choreQueue  = "chores"
	backupQueue = "backups"
)

// dueWork is the job of what falls due.
type dueWork struct{}

// Kind names the job in the queue.
func (dueWork) Kind() string { return "due" }

// InsertOpts keep it the only one.
func (dueWork) InsertOpts() river.InsertOpts { return oneAtATime(dueQueue) }

// chores is the job of the housekeeping.
type chores struct{}

// Kind names the job in the queue.
func (chores) Kind() string { return "chores" }

// InsertOpts keep it the only one.
func (chores) InsertOpts() river.InsertOpts { return oneAtATime(choreQueue) }

// backupCheck is the job that looks whether it is time for a backup.
type backupCheck struct{}

// Kind names the job in the queue.
func (backupCheck) Kind() string { return "backup" }

// InsertOpts keep it the only one.
func (backupCheck) InsertOpts() river.InsertOpts { return oneAtATime(backupQueue) }

// oneAtATime is for a job that is tried once, since the next comes anyhow, and
// of which one is queued or running at a time.
func oneAtATime(queue string) river.InsertOpts {
	return river.InsertOpts{
		Queue: queue, MaxAttempts: 1,
		UniqueOpts: river.UniqueOpts{ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
			rivertype.JobStateRunning, rivertype.JobStateScheduled,
		}},
	}
}

func (o Options) periodic() []*river.PeriodicJob {
	var jobs []*river.PeriodicJob
	add := func(every time.Duration, args river.JobArgs) {
		if every > 0 {
			jobs = append(jobs, river.NewPeriodicJob(river.PeriodicInterval(every),
				func() (river.JobArgs, *river.InsertOpts) { return args, nil }, &river.PeriodicJobOpts{RunOnStart: true}))
		}
	}
	add(o.DueEvery, dueWork{})
	add(o.ChoresEvery, chores{})
	add(o.BackupCheckEvery, backupCheck{})
	return jobs
}

// periodicWorker works on a periodic job.
type periodicWorker[A river.JobArgs] struct {
	river.WorkerDefaults[A]
	work func(context.Context) error
}

// Work does what is to be done now. The next run finds what an error has left.
func (p *periodicWorker[A]) Work(ctx context.Context, _ *river.Job[A]) error {
	err := p.work(ctx)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return river.JobSnooze(0) // there is more than one run can do
	}
	return err
}

// Chore is something to be tidied up now and then.
type Chore struct {
	Name string
	Do   func(context.Context) error
}

// Remove is a chore that removes what nobody can ask for any more, a thousand at
// a time: remove removes up to limit and tells how many there were.
func Remove(name string, remove func(ctx context.Context, limit int) (int64, error)) Chore {
	const limit = 1000
	return Chore{Name: name, Do: func(ctx context.Context) error {
		for {
			n, err := remove(ctx, limit)
			if err != nil || n < limit {
				return err
			}
		}
	}}
}

// tidyUp does all chores, whatever becomes of each.
func (o Options) tidyUp(ctx context.Context) error {
	var errs []error
	for _, c := range o.Chores {
		if err := c.Do(ctx); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.Name, err))
		}
	}
	return errors.Join(errs...)
}
