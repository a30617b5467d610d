package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/fleetledger/fleetledger/adapters/clock"
	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app/eventlog"
)

const (
	// runTimeout ends an attempt that hangs.
	runTimeout = 9 * time.Second
	// rescueAfter is the age at which the process of a running job counts as dead.
	// It is above runTimeout, and not above the 10 s that a dead leader's term
	// outlives it.
	rescueAfter = 10 * time.Second
	// softStop is how long a stop waits for the jobs under way.
	softStop = 3 * time.Second
	// stopTimeout is how long Run waits for the stop as a whole.
	stopTimeout = softStop + 2*time.Second

	// fetchCooldown bounds the delay of a job that was announced, pollInterval
	// that of one that was not: a job that is tried again.
	fetchCooldown = 20 * time.Millisecond
	pollInterval  = 250 * time.Millisecond

	defaultWorkers = 4
)

// Runner is what the jobs run.
type Runner struct {
	Operations Operations
	Schedule   Schedule
	Resets     Resets
	Webhooks   Webhooks // nil leaves their jobs to other instances
}

// Operations carry out operations, a chunk at a time.
type Operations interface {
	// RunOperationChunk carries out the next chunk and saves it, which queues the
	// one after (QueueChunk); or it ends the operation when that is refused as a
	// whole. It may be called again for the same chunk, also at the same time, and
	// for an operation that is finished.
	RunOperationChunk(ctx context.Context, id uuid.UUID) (done bool, err error)
}

// Schedule does what falls due.
type Schedule interface {
	// RunDue does all that is due by now. Several runs, also at the same time,
	// do each thing once; the next goes on where one was cut short.
	RunDue(ctx context.Context) error
}

// Resets send what users need to choose a new password.
type Resets interface {
	// AnswerResetRequest sends it to whoever holds the reservation of an e-mail
	// address, SendPasswordReset to one user. They may be called again for the same
	// command, also at the same time.
	AnswerResetRequest(ctx context.Context, reservation string, command uuid.UUID, traceparent string) error
	SendPasswordReset(ctx context.Context, user, command uuid.UUID, traceparent string) error
}

// Failer ends operations whose chunks go wrong again and again.
type Failer interface {
	// FailOperation records why and when the operation failed, unless it is
	// finished.
	FailOperation(ctx context.Context, id uuid.UUID, reason string, at time.Time) error
}

// Options of the jobs.
type Options struct {
	// Pool is of the migrated database. While started, the jobs keep one of its
	// connections for themselves.
	Pool *pgxpool.Pool
	// Clock dates failures.
	Clock eventlog.Clock
	// Logger gets only warnings and errors of river's own, and the same once a
	// minute.
	Logger *slog.Logger
	// Workers is how many chunks an instance carries out at once. Default 4.
	Workers int
	// DueEvery is how often what falls due by itself is looked for, by the
	// runner's RunDue. Zero: never.
	DueEvery time.Duration
	// Chores are done each ChoresEvery; zero: never.
	Chores      []Chore
	ChoresEvery time.Duration
	// CheckBackup looks whether it is time for a backup, each BackupCheckEvery, on
	// one of the instances; zero: never. It is not to wait for the backup.
	CheckBackup      func(context.Context) error
	BackupCheckEvery time.Duration
	// Mails sends mails; nil leaves their jobs to other instances.
	Mails Deliverer

	clockEvery time.Duration // how often the database's clock is read
}

// Jobs is the queue of this instance. Safe for concurrent use.
type Jobs struct {
	options Options
	inserts *river.Client[pgx.Tx]

	mu      sync.Mutex
	workers *river.Client[pgx.Tx] // nil until started
	unwatch func()                // ends and waits for what Start began beside
}

// New makes jobs that can be started and inserted at once. Work begins with Start.
func New(o Options) (*Jobs, error) {
	if o.Workers == 0 {
		o.Workers = defaultWorkers
	}
	if o.clockEvery == 0 {
		o.clockEvery = clockEvery
	}
	inserts, err := river.NewClient(riverpgxv5.New(o.Pool), &river.Config{
		Schema: postgres.Schema, Logger: riverLogger(o.Logger), FetchCooldown: fetchCooldown,
		Test: river.TestConfig{Time: onInsert{}},
	})
	if err != nil {
		return nil, fmt.Errorf("make job queue: %w", err)
	}
	return &Jobs{options: o, inserts: inserts}, nil
}

// Resume makes the jobs of a dead process available at once, instead of when
// river takes it for dead, and ends its term as river's leader. It is for the one
// process of a database, before it starts to work: whatever is running then has
// nobody to run it.
func (j *Jobs) Resume(ctx context.Context) error {
	err := pgx.BeginFunc(ctx, j.options.Pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE ops.river_job SET state = 'available', scheduled_at = now() WHERE state = 'running'`)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM ops.river_leader`)
		return err
	})
	return postgres.Failure("resume jobs", err)
}

// Start begins to work on the queue, until Stop or until ctx ends. It fails
// when the database does not answer. After Stop it may be called again.
func (j *Jobs) Start(ctx context.Context, runner Runner, failer Failer) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.workers != nil {
		return errors.New("job queue was started already")
	}
	now, err := clock.NewDatabase(ctx, j.options.Pool)
	if err != nil {
		return fmt.Errorf("start job queue: %w", err)
	}
	client, err := j.client(runner, failer, now)
	if err == nil {
		err = client.Start(ctx)
	}
	if err != nil {
		return fmt.Errorf("start job queue: %w", err)
	}
	j.workers = client
	ctx, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() { j.watchClock(ctx, now, client) })
	j.unwatch = func() { cancel(); watching.Wait() }
	return nil
}

func (j *Jobs) client(runner Runner, failer Failer, now *clock.Database) (*river.Client[pgx.Tx], error) {
	workers := river.NewWorkers()
	err := errors.Join(
		river.AddWorkerSafely(workers, &chunkWorker{operations: runner.Operations, failer: failer, clock: j.options.Clock, waiting: now, logger: j.options.Logger}),
		river.AddWorkerSafely(workers, &periodicWorker[dueWork]{work: runner.Schedule.RunDue}),
		river.AddWorkerSafely(workers, &periodicWorker[chores]{work: j.options.tidyUp}),
		river.AddWorkerSafely(workers, &resetRequestWorker{resets: runner.Resets}),
		river.AddWorkerSafely(workers, &resetWorker{resets: runner.Resets}),
	)
	queues := map[string]river.QueueConfig{
		operationQueue: {MaxWorkers: j.options.Workers}, dueQueue: {MaxWorkers: 1}, choreQueue: {MaxWorkers: 1},
	}
	if j.options.BackupCheckEvery > 0 {
		queues[backupQueue] = river.QueueConfig{MaxWorkers: 1}
		err = errors.Join(err, river.AddWorkerSafely(workers, &periodicWorker[backupCheck]{work: j.options.CheckBackup}))
	}
	if j.options.Mails != nil {
		queues[mailQueue] = river.QueueConfig{MaxWorkers: mailWorkers}
		err = errors.Join(err, river.AddWorkerSafely(workers, &mailWorker{deliverer: j.options.Mails, waiting: now, logger: j.options.Logger}))
	}
	if runner.Webhooks != nil {
		queues[webhookQueue] = river.QueueConfig{MaxWorkers: webhookWorkers}
		err = errors.Join(err, river.AddWorkerSafely(workers, &webhookWorker{webhooks: runner.Webhooks, waiting: now, logger: j.options.Logger}))
	}
	if err != nil {
		return nil, err
	}
	return river.NewClient(riverpgxv5.New(j.options.Pool), &river.Config{
		Schema:               postgres.Schema,
		Logger:               riverLogger(j.options.Logger),
		ErrorHandler:         failures{j.options.Logger},
		Middleware:           []rivertype.Middleware{river.WorkerMiddlewareFunc(interrupted)},
		Workers:              workers,
		Queues:               queues,
		PeriodicJobs:         j.options.periodic(),
		FetchCooldown:        fetchCooldown,
		FetchPollInterval:    pollInterval,
		JobTimeout:           runTimeout, // of the rescuer; a job's own is the worker's
		RescueStuckJobsAfter: rescueAfter,
		SoftStopTimeout:      softStop,
		Test:                 river.TestConfig{Time: waiting{now}},
	})
}

// Stop takes no more jobs, lets those under way finish for up to 3 s, then
// cancels them and puts them back for others. An error means that some had not
// returned when ctx ended; those count as jobs of a dead process. Stopping what
// is not started does nothing.
func (j *Jobs) Stop(ctx context.Context) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.workers == nil {
		return nil
	}
	j.unwatch()
	if err := j.workers.Stop(ctx); err != nil {
		return fmt.Errorf("stop job queue: %w", err)
	}
	j.workers = nil
	return nil
}

// Run works on the queue until ctx ends, then stops as Stop does, within 5 s.
func (j *Jobs) Run(ctx context.Context, runner Runner, failer Failer) error {
	if err := j.Start(ctx, runner, failer); err != nil {
		return err
	}
	<-ctx.Done()
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	return j.Stop(stopping)
}
