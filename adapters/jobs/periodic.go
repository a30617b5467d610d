package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// Periodic jobs each have a queue of their own, so that none waits for another
// or for operations.
const (
	dueQueue   = "due"
	choreQueue = "chores"
)

// dueWork is the job that does what is due.
type dueWork struct{}

// Kind names the job in the queue.
func (dueWork) Kind() string { return "due" }

// InsertOpts keep it the only one.
func (dueWork) InsertOpts() river.InsertOpts { return alone(dueQueue) }

// chores is the job that does the housekeeping.
type chores struct{}

// Kind names the job in the queue.
func (chores) Kind() string { return "chores" }

// InsertOpts keep it the only one.
func (chores) InsertOpts() river.InsertOpts { return alone(choreQueue) }

// alone is a job that is tried once, since the next comes anyhow, and of which
// there is one at a time.
func alone(queue string) river.InsertOpts {
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
	return jobs
}

// routine is the worker of a periodic job.
type routine[A river.JobArgs] struct {
	river.WorkerDefaults[A]
	do     func(context.Context) error
	logger *slog.Logger
}

// Work does it. An error is told once and not kept: what is left is found again.
func (r *routine[A]) Work(ctx context.Context, job *river.Job[A]) error {
	err := r.safely(ctx, job)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return river.JobSnooze(0) // there is more than one run can do
	}
	if err != nil && ctx.Err() == nil {
		r.logger.Warn("some of the work is left to the next run", "job", job.Kind, "error", err)
	}
	return nil
}

// safely makes an error of a panic.
func (r *routine[A]) safely(ctx context.Context, job *river.Job[A]) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.logger.Error("periodic job panicked", "job", job.Kind, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return r.do(ctx)
}

// Chore is something that is tidied up now and then.
type Chore struct {
	Name string
	Do   func(context.Context) error
}

// Remove is a chore that takes away what nobody can ask for any more, by the
// thousand: remove takes away limit at most and tells how many there were.
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

// tidyUp does all chores. One that goes wrong does not keep the others back.
func (o Options) tidyUp(ctx context.Context) error {
	var errs []error
	for _, c := range o.Chores {
		if err := c.Do(ctx); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.Name, err))
		}
	}
	return errors.Join(errs...)
}
