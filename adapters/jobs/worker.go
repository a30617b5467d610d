package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// operation is the job of an operation; its JSON stands in the queue.
type operation struct {
	ID uuid.UUID `json:"id"`
}

// Kind names the job in the queue.
func (operation) Kind() string { return "operation" }

// worker works on an operation for a slice.
type worker struct {
	river.WorkerDefaults[operation]
	runner   Runner
	failer   Failer
	clock    eventlog.Clock
	logger   *slog.Logger
	stopping <-chan struct{}
}

// NextRetry lets a rescued job go on at once.
func (w *worker) NextRetry(*river.Job[operation]) time.Time { return time.Now() }

// Timeout is also the age from which river takes the job for one of a dead
// process, where that is above rescueAfter.
func (w *worker) Timeout(job *river.Job[operation]) time.Duration {
	return readTrouble(job.Metadata).timeout()
}

// Work calls the runner until the operation is done, the slice is over, this
// instance stops or something goes wrong. All but the first put the job back
// with river's snooze, which counts no attempt.
func (w *worker) Work(ctx context.Context, job *river.Job[operation]) error {
	begun := time.Now()
	was := readTrouble(job.Metadata)
	for {
		done, err := w.chunk(ctx, job.Args.ID)
		if err != nil {
			return w.wentWrong(ctx, job.Args.ID, was, err)
		}
		if done {
			return nil
		}
		was = trouble{}
		if w.stopped() || time.Since(begun) >= slice {
			return putBack(ctx, was, 0)
		}
	}
}

func (w *worker) stopped() bool {
	select {
	case <-w.stopping:
		return true
	default:
		return false
	}
}

// chunk makes an error of a panic, so that it is counted like one.
func (w *worker) chunk(ctx context.Context, id uuid.UUID) (done bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			w.logger.Error("operation panicked", "operation", id, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return w.runner.RunOperationChunk(ctx, id)
}

// wentWrong puts an operation back after an error, or fails it.
func (w *worker) wentWrong(ctx context.Context, id uuid.UUID, was trouble, err error) error {
	now, failed := judge(ctx, was, err)
	switch {
	case failed:
		failErr := w.failer.FailOperation(ctx, id, reason(err), w.clock.Now())
		if failErr == nil {
			w.logger.Error("operation failed", "operation", id, "error", err)
			return nil
		}
		w.logger.Warn("failure of an operation could not be recorded", "operation", id, "error", failErr)
	case now.Failures > was.Failures:
		w.logger.Warn("operation went wrong", "operation", id, "failures", now.Failures, "error", err)
	case now.Waits == 1:
		w.logger.Warn("operation waits", "operation", id, "error", err)
	}
	return putBack(ctx, now, now.pause())
}

// putBack makes the job available again after a pause.
func putBack(ctx context.Context, t trouble, pause time.Duration) error {
	if err := river.MetadataSet(ctx, troubleKey, t); err != nil {
		return fmt.Errorf("note state of job: %w", err)
	}
	return river.JobSnooze(pause)
}
