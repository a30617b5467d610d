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

// dueQueue is apart from that of operations: what is due does not wait for them.
const dueQueue = "due"

// dueWork is the job that does what is due.
type dueWork struct{}

// Kind names the job in the queue.
func (dueWork) Kind() string { return "due" }

// InsertOpts keep it the only one. It is tried once: the next comes anyhow.
func (dueWork) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		Queue: dueQueue, MaxAttempts: 1,
		UniqueOpts: river.UniqueOpts{ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
			rivertype.JobStateRunning, rivertype.JobStateScheduled,
		}},
	}
}

func periodic(every time.Duration) []*river.PeriodicJob {
	if every <= 0 {
		return nil
	}
	return []*river.PeriodicJob{river.NewPeriodicJob(river.PeriodicInterval(every),
		func() (river.JobArgs, *river.InsertOpts) { return dueWork{}, nil }, &river.PeriodicJobOpts{RunOnStart: true})}
}

type dueWorker struct {
	river.WorkerDefaults[dueWork]
	runner Runner
	logger *slog.Logger
}

// Work does what is due. An error is told once and not kept: what is left is
// found again.
func (w *dueWorker) Work(ctx context.Context, _ *river.Job[dueWork]) error {
	err := w.run(ctx)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return river.JobSnooze(0) // there is more than one run can do
	}
	if err != nil && ctx.Err() == nil {
		w.logger.Warn("some of what is due is left to the next run", "error", err)
	}
	return nil
}

// run makes an error of a panic.
func (w *dueWorker) run(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			w.logger.Error("due work panicked", "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return w.runner.RunDue(ctx)
}
