package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
)

const (
	mailQueue = "mails"
	// mailWorkers is how many connections to the mail server an instance has.
	mailWorkers = 2
	// mailTimeout is more than one attempt takes, and the age at which a mail's
	// job is taken for one of a dead process.
	mailTimeout = time.Minute
	// troublePause is the pause after an attempt that came to nothing by our own
	// fault.
	troublePause = 10 * time.Second
)

// Deliverer sends mails that wait.
type Deliverer interface {
	// Deliver makes one attempt. Again is when to make the next, zero when the
	// mail needs none; after an error it does.
	Deliver(ctx context.Context, mail uuid.UUID) (again time.Duration, err error)
}

// mailJob is the job of a mail; its JSON stands in the queue.
type mailJob struct {
	ID uuid.UUID `json:"id"`
}

// Kind names the job in the queue.
func (mailJob) Kind() string { return "mail" }

// StartMail queues the job of a mail as part of the transaction that takes it.
func (j *Jobs) StartMail(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	_, err := j.inserts.InsertTx(ctx, tx, mailJob{ID: id}, &river.InsertOpts{Queue: mailQueue, MaxAttempts: math.MaxInt16})
	if err != nil {
		return fmt.Errorf("queue mail: %w", err)
	}
	return nil
}

// mailWorker has mails sent. The count of attempts and when to give up is the
// deliverer's: here a mail is put back until it needs no more.
type mailWorker struct {
	river.WorkerDefaults[mailJob]
	deliverer Deliverer
	logger    *slog.Logger
}

// NextRetry lets a rescued job go on at once.
func (w *mailWorker) NextRetry(*river.Job[mailJob]) time.Time { return time.Now() }

// Timeout is that of an attempt.
func (w *mailWorker) Timeout(*river.Job[mailJob]) time.Duration { return mailTimeout }

// Work makes an attempt.
func (w *mailWorker) Work(ctx context.Context, job *river.Job[mailJob]) error {
	again, err := w.deliver(ctx, job.Args.ID)
	if err != nil {
		if ctx.Err() == nil {
			w.logger.Warn("a mail could not be looked after", "mail", job.Args.ID, "error", err)
		}
		again = troublePause
	}
	if again > 0 {
		return river.JobSnooze(again)
	}
	return nil
}

// deliver makes an error of a panic.
func (w *mailWorker) deliver(ctx context.Context, id uuid.UUID) (again time.Duration, err error) {
	defer func() {
		if p := recover(); p != nil {
			w.logger.Error("sending a mail panicked", "mail", id, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return w.deliverer.Deliver(ctx, id)
}
