package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/fleetledger/fleetledger/adapters/backoff"
	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
)

const (
	operationQueue = "operations"
	// maxAttempts at a chunk, over some 30 s, end the operation.
	maxAttempts = 8
	// longestRun bounds the time of chunks that take longer than runTimeout.
	longestRun = 5 * time.Minute
	// slowKey is where a job's metadata counts the attempts that took too long.
	slowKey = "slow"
)

var chunkRetries = backoff.Backoff{Min: 250 * time.Millisecond, Max: 10 * time.Second}

// chunk is the job of an operation's next chunk; its JSON stands in the queue.
type chunk struct {
	ID uuid.UUID `json:"id"` // the operation's
}

// Kind names the job in the queue.
func (chunk) Kind() string { return "operation" }

// InsertOpts leave the count of attempts to the worker: river would throw the
// job away, and the operation would stay as it is for ever.
func (chunk) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: operationQueue, MaxAttempts: math.MaxInt16}
}

// runningChunk is the context's key of the job that is being worked on.
type runningChunk struct{}

// QueueChunk queues the job of an operation's next chunk, as part of the
// transaction that creates the operation or saves the chunk before. Of the
// latter it also ends the job, so that an operation has one job whatever dies.
// The workers need not be started for it.
func (j *Jobs) QueueChunk(ctx context.Context, tx pgx.Tx, operation uuid.UUID) error {
	if job, ok := ctx.Value(runningChunk{}).(*river.Job[chunk]); ok {
		if _, err := river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx, job); err != nil {
			return fmt.Errorf("end job of chunk: %w", err)
		}
	}
	inserted, err := j.inserts.InsertTx(ctx, tx, chunk{ID: operation}, nil)
	if err == nil {
		err = lineUp(ctx, tx, inserted.Job.ID, operation)
	}
	if err != nil {
		return fmt.Errorf("queue chunk of operation: %w", err)
	}
	return nil
}

// headStart is how many seconds a job is put ahead in the queue, less one for each other
// operation of its account that is under way.
const headStart = 30

// lineUp lets accounts take turns: one with many operations under way has its chunks
// behind those of others, who came somewhat later, and ahead of whoever comes much later,
// so that everybody is served.
func lineUp(ctx context.Context, tx pgx.Tx, job int64, operation uuid.UUID) error {
	_, err := tx.Exec(ctx, `
		UPDATE ops.river_job SET scheduled_at = scheduled_at - make_interval(secs => greatest(0, $3::int - (
			SELECT count(*) FROM ops.operations o JOIN ops.operations me ON o.account IS NOT DISTINCT FROM me.account
			WHERE me.id = $2 AND o.id <> me.id AND o.state IN ('queued', 'running'))))
		WHERE id = $1`, job, operation, headStart)
	return err
}

// chunkWorker carries out chunks.
type chunkWorker struct {
	river.WorkerDefaults[chunk]
	operations Operations
	failer     Failer
	clock      eventlog.Clock
	waiting    eventlog.Clock // the database's
	logger     *slog.Logger
}

// Work carries out a chunk. An error that it returns is an attempt in river's
// count, and so is a panic or the death of the process; waiting for something
// that passes is none.
func (w *chunkWorker) Work(ctx context.Context, job *river.Job[chunk]) error {
	if job.Attempt > maxAttempts {
		return w.fail(ctx, job)
	}
	_, err := w.operations.RunOperationChunk(context.WithValue(ctx, runningChunk{}, job), job.Args.ID)
	switch {
	case err == nil || errors.Is(ctx.Err(), context.Canceled):
		return err
	case ctx.Err() != nil:
		// What the attempt did is kept, and the next goes on from there. A chunk
		// that cannot be cut (a dry run) has to get through in one.
		if err := river.MetadataSet(ctx, slowKey, slowAttempts(job)+1); err != nil {
			return err
		}
		return w.retryLater(job, err)
	case passes(err):
		return w.retryLater(job, err)
	}
	return err
}

// passes reports whether the same chunk may go well later, unchanged.
func passes(err error) bool {
	for _, passing := range []error{eventlog.ErrUnavailable, eventlog.ErrDiskFull, query.ErrUnavailable, eventlog.ErrBusy, context.DeadlineExceeded} {
		if errors.Is(err, passing) {
			return true
		}
	}
	return postgres.IsUnavailable(err) || postgres.IsDiskFull(err)
}

// retryLater puts the job back, without limit.
func (w *chunkWorker) retryLater(job *river.Job[chunk], err error) error {
	times := metadataCount(job, "snoozes") // river's own count
	if times == 0 {
		w.logger.Warn("operation waits", "operation", job.Args.ID, "error", err)
	}
	return river.JobSnooze(chunkRetries.Delay(times + 1))
}

// tooManyAttempts is what the operation's caller is told. The errors themselves
// may name what is nobody's business, so they only go to the log.
const tooManyAttempts = "operation_failed: The operation could not be carried out. What has a result is done."

// fail ends the operation.
func (w *chunkWorker) fail(ctx context.Context, job *river.Job[chunk]) error {
	if err := w.failer.FailOperation(ctx, job.Args.ID, tooManyAttempts, w.clock.Now()); err != nil {
		return w.retryLater(job, err)
	}
	w.logger.Error("operation failed", "operation", job.Args.ID, "attempts", maxAttempts)
	return nil
}

// NextRetry is when an attempt follows one that failed, or whose process died.
func (w *chunkWorker) NextRetry(job *river.Job[chunk]) time.Time {
	if job.Attempt >= maxAttempts {
		return w.waiting.Now() // to end the operation
	}
	return w.waiting.Now().Add(chunkRetries.Delay(job.Attempt))
}

// Timeout is what an attempt may take: what was not enough before is not enough
// again. It is also the age from which river takes the process for dead, where
// that is above rescueAfter.
func (w *chunkWorker) Timeout(job *river.Job[chunk]) time.Duration {
	return min(runTimeout<<min(slowAttempts(job), 16), longestRun)
}

func slowAttempts(job *river.Job[chunk]) int { return metadataCount(job, slowKey) }

// metadataCount is a count in the job's metadata; zero when there is none that can
// be read, which only shortens a wait.
func metadataCount(job *river.Job[chunk], key string) int {
	counts := map[string]json.RawMessage{}
	var n int
	if json.Unmarshal(job.Metadata, &counts) != nil || json.Unmarshal(counts[key], &n) != nil {
		return 0
	}
	return max(n, 0)
}
