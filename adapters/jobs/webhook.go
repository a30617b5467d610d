package jobs

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app/eventlog"
)

const (
	webhookQueue = "webhooks"
	// webhookWorkers is how many webhooks an instance has told of events at once.
	webhookWorkers = 8
	// webhookTimeout is more than a turn takes, and the age at which the process of a
	// webhook's job counts as dead.
	webhookTimeout = time.Minute
	// webhookRetry is the pause after an attempt that the webhook's address is not to
	// blame for.
	webhookRetry = 5 * time.Second
)

// Webhooks have webhooks told of events.
type Webhooks interface {
	// Deliver tells one of the events that are next, for a while. It gives when to go on;
	// zero: when there is another event.
	Deliver(ctx context.Context, webhook uuid.UUID) (again time.Duration, err error)
}

// webhookJob is the job of a webhook; its JSON stands in the queue.
type webhookJob struct {
	ID uuid.UUID `json:"id"`
}

// Kind names the job in the queue.
func (webhookJob) Kind() string { return "webhook" }

// InsertOpts leave the count of attempts to the webhooks.
func (webhookJob) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: webhookQueue, MaxAttempts: math.MaxInt16}
}

// QueueWebhooks queues the jobs of webhooks, but for those of which one waits: that one
// finds what there is then. One that is running may have looked already.
func (j *Jobs) QueueWebhooks(ctx context.Context, ids []uuid.UUID) error {
	if len(ids) == 0 {
		return nil
	}
	err := pgx.BeginFunc(ctx, j.options.Pool, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `SELECT id FROM unnest($1::uuid[]) AS w (id) WHERE NOT EXISTS (SELECT FROM ops.river_job
			WHERE kind = 'webhook' AND state IN ('available', 'pending', 'scheduled', 'retryable') AND args->>'id' = w.id::text)`, ids)
		missing, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		if err != nil || len(missing) == 0 {
			return err
		}
		jobs := make([]river.InsertManyParams, len(missing))
		for i, id := range missing {
			jobs[i] = river.InsertManyParams{Args: webhookJob{ID: id}}
		}
		_, err = j.inserts.InsertManyTx(ctx, tx, jobs)
		return err
	})
	return postgres.Failure("queue webhooks", err)
}

// HurryWebhook lets a webhook's job run now, whatever pause it makes.
func (j *Jobs) HurryWebhook(ctx context.Context, id uuid.UUID) error {
	_, err := j.options.Pool.Exec(ctx, `UPDATE ops.river_job SET state = 'available', scheduled_at = now()
		WHERE kind = 'webhook' AND state IN ('scheduled', 'retryable') AND args->>'id' = $1`, id.String())
	if err != nil {
		return postgres.Failure("hurry a webhook", err)
	}
	return j.QueueWebhooks(ctx, []uuid.UUID{id})
}

// webhookWorker has webhooks told.
type webhookWorker struct {
	river.WorkerDefaults[webhookJob]
	webhooks Webhooks
	waiting  eventlog.Clock // the database's
	logger   *slog.Logger
}

// NextRetry is when an attempt follows one that panicked, or whose process died.
func (w *webhookWorker) NextRetry(*river.Job[webhookJob]) time.Time {
	return w.waiting.Now().Add(webhookRetry)
}

// Timeout is that of a turn.
func (w *webhookWorker) Timeout(*river.Job[webhookJob]) time.Duration { return webhookTimeout }

// Work has a turn.
func (w *webhookWorker) Work(ctx context.Context, job *river.Job[webhookJob]) error {
	again, err := w.webhooks.Deliver(ctx, job.Args.ID)
	if err != nil {
		if errors.Is(ctx.Err(), context.Canceled) {
			return err
		}
		w.logger.Warn("a webhook waits", "webhook", job.Args.ID, "error", err)
		again = webhookRetry
	}
	if again > 0 {
		return river.JobSnooze(again)
	}
	return nil
}
