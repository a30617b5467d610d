package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

const (
	mailQueue = "mails"
	// mailWorkers is how many connections to the mail server an instance has.
	mailWorkers = 2
	// mailTimeout is more than one attempt takes, and the age at which the process
	// of a mail's job counts as dead.
	mailTimeout = time.Minute
	// mailRetry is the pause after an attempt that the mail server is not to blame
	// for.
	mailRetry = 10 * time.Second
)

// Deliverer sends mails that wait.
type Deliverer interface {
	// Deliver makes one attempt. The next is to follow in retryIn; zero: none is
	// needed. After an error one is.
	Deliver(ctx context.Context, mail uuid.UUID) (retryIn time.Duration, err error)
}

// mailJob is the job of a mail; its JSON stands in the queue.
type mailJob struct {
	ID uuid.UUID `json:"id"`
}

// Kind names the job in the queue.
func (mailJob) Kind() string { return "mail" }

// InsertOpts leave the count of attempts to the deliverer.
func (mailJob) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: mailQueue, MaxAttempts: math.MaxInt16}
}

// QueueMail queues the job of a mail as part of the transaction that takes it.
func (j *Jobs) QueueMail(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	if _, err := j.inserts.InsertTx(ctx, tx, mailJob{ID: id}, nil); err != nil {
		return fmt.Errorf("queue mail: %w", err)
	}
	return nil
}

// mailWorker has mails sent. The deliverer counts attempts and decides when to
// give up; here a mail is put back until it needs no more.
type mailWorker struct {
	river.WorkerDefaults[mailJob]
	deliverer Deliverer
	waiting   eventlog.Clock // the database's
	logger    *slog.Logger
}

// NextRetry is when an attempt follows one that panicked, or whose process died.
func (w *mailWorker) NextRetry(*river.Job[mailJob]) time.Time { return w.waiting.Now().Add(mailRetry) }

// Timeout is that of an attempt.
func (w *mailWorker) Timeout(*river.Job[mailJob]) time.Duration { return mailTimeout }

// Work makes an attempt.
func (w *mailWorker) Work(ctx context.Context, job *river.Job[mailJob]) error {
	retryIn, err := w.deliverer.Deliver(ctx, job.Args.ID)
	if err != nil {
		if errors.Is(ctx.Err(), context.Canceled) {
			return err
		}
		w.logger.Warn("a mail waits", "mail", job.Args.ID, "error", err)
		retryIn = mailRetry
	}
	if retryIn > 0 {
		return river.JobSnooze(retryIn)
	}
	return nil
}
