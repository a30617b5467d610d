package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app/eventlog"
)

const (
	// slice is how long an operation is worked on before others have a turn.
	slice = 3 * time.Second
	// runTimeout ends a chunk that hangs: 6 s when it began late in the slice.
	runTimeout = 9 * time.Second
	// longestRun bounds the doubling of that for chunks that take longer.
	longestRun = 5 * time.Minute
	// rescueAfter is the age at which a job has no process any more. Above
	// runTimeout, and not above the 10 s that a dead leader's term outlives it.
	rescueAfter = 10 * time.Second
	// softStop is how long a stop waits for the chunk under way.
	softStop = 3 * time.Second
	// stopPatience is how long Run waits for everything else beside.
	stopPatience = softStop + 2*time.Second

	// fetchCooldown bounds the delay of a job that was announced, pollInterval
	// that of one that was not: an operation after its slice or its backoff.
	fetchCooldown = 20 * time.Millisecond
	pollInterval  = 250 * time.Millisecond

	defaultWorkers = 4
	queue          = "operations"
)

// Runner carries out operations, a chunk at a time.
type Runner interface {
	// RunOperationChunk carries out the next chunk and records it. It may be
	// called again for the same chunk, also at the same time. Done means that
	// nothing is left to do, as when the operation was finished before.
	RunOperationChunk(ctx context.Context, id uuid.UUID) (done bool, err error)
	// RunDue does all that is due by now. Several runs, also at the same time,
	// do each thing once; one that is cut short is gone on with by the next.
	RunDue(ctx context.Context) error
	// SendPasswordReset sends what a user needs to choose a new password. It may
	// be called again for the same command, also at the same time.
	SendPasswordReset(ctx context.Context, user, command uuid.UUID, traceparent string) error
}

// Failer ends operations that cannot be carried out.
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
	// Logger; of the queue's own lines only warnings and errors reach it,
	// the same once a minute.
	Logger *slog.Logger
	// Workers is how many operations an instance carries out at once. Default 4.
	Workers int
	// DueEvery is how often what falls due by itself is looked for, by the
	// runner's RunDue. Zero: never.
	DueEvery time.Duration
	// Chores are done each ChoresEvery; zero: never.
	Chores      []Chore
	ChoresEvery time.Duration
	// Mails sends mails; nil: the jobs of mails are left alone.
	Mails Deliverer
}

// Jobs is the queue of this instance. Safe for concurrent use.
type Jobs struct {
	options Options
	inserts *river.Client[pgx.Tx]

	mu      sync.Mutex
	workers *river.Client[pgx.Tx] // nil until started
	end     context.CancelFunc    // tells the workers of a stop
}

// New makes jobs that can be started and inserted at once. Work begins with Start.
func New(o Options) (*Jobs, error) {
	if o.Workers == 0 {
		o.Workers = defaultWorkers
	}
	inserts, err := river.NewClient(riverpgxv5.New(o.Pool), &river.Config{
		Schema: postgres.Schema, Logger: quietly(o.Logger), FetchCooldown: fetchCooldown,
	})
	if err != nil {
		return nil, fmt.Errorf("make job queue: %w", err)
	}
	return &Jobs{options: o, inserts: inserts}, nil
}

// StartOperation queues the job of a new operation as part of the transaction
// that creates the operation. The workers need not be started for it.
func (j *Jobs) StartOperation(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	_, err := j.inserts.InsertTx(ctx, tx, operation{ID: id}, &river.InsertOpts{Queue: queue, MaxAttempts: math.MaxInt16})
	if err != nil {
		return fmt.Errorf("queue operation: %w", err)
	}
	return nil
}

// Start begins to carry out operations, until Stop or until ctx ends. It fails
// when the database does not answer. After Stop it may be called again.
func (j *Jobs) Start(ctx context.Context, runner Runner, failer Failer) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.workers != nil {
		return errors.New("job queue was started already")
	}
	ctx, end := context.WithCancel(ctx)
	client, err := j.client(&worker{
		runner: runner, failer: failer, clock: j.options.Clock, logger: j.options.Logger, stopping: ctx.Done(),
	})
	if err == nil {
		err = client.Start(ctx)
	}
	if err != nil {
		end()
		return fmt.Errorf("start job queue: %w", err)
	}
	j.workers, j.end = client, end
	return nil
}

func (j *Jobs) client(w *worker) (*river.Client[pgx.Tx], error) {
	workers := river.NewWorkers()
	err := errors.Join(
		river.AddWorkerSafely(workers, w),
		river.AddWorkerSafely(workers, &routine[dueWork]{do: w.runner.RunDue, logger: w.logger}),
		river.AddWorkerSafely(workers, &routine[chores]{do: j.options.tidyUp, logger: w.logger}),
		river.AddWorkerSafely(workers, &resetWorker{runner: w.runner}),
	)
	queues := map[string]river.QueueConfig{
		queue: {MaxWorkers: j.options.Workers}, dueQueue: {MaxWorkers: 1}, choreQueue: {MaxWorkers: 1},
	}
	if j.options.Mails != nil {
		queues[mailQueue] = river.QueueConfig{MaxWorkers: mailWorkers}
		err = errors.Join(err, river.AddWorkerSafely(workers, &mailWorker{deliverer: j.options.Mails, logger: w.logger}))
	}
	if err != nil {
		return nil, err
	}
	return river.NewClient(riverpgxv5.New(j.options.Pool), &river.Config{
		Schema:               postgres.Schema,
		Logger:               quietly(j.options.Logger),
		Workers:              workers,
		Queues:               queues,
		PeriodicJobs:         j.options.periodic(),
		FetchCooldown:        fetchCooldown,
		FetchPollInterval:    pollInterval,
		JobTimeout:           runTimeout, // of the rescuer; a job's own is the worker's
		RescueStuckJobsAfter: rescueAfter,
		SoftStopTimeout:      softStop,
	})
}

// Stop takes no more jobs, lets the chunks under way finish for up to 3 s, then
// cancels them, and puts their jobs back for others. An error means that some
// runner had not returned when ctx ended; its job is noticed as one of a dead
// process. Stopping what is not started does nothing.
func (j *Jobs) Stop(ctx context.Context) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.workers == nil {
		return nil
	}
	j.end()
	if err := j.workers.Stop(ctx); err != nil {
		return fmt.Errorf("stop job queue: %w", err)
	}
	j.workers, j.end = nil, nil
	return nil
}

// Run carries out operations until ctx ends, then stops as Stop does, within 5 s.
func (j *Jobs) Run(ctx context.Context, runner Runner, failer Failer) error {
	if err := j.Start(ctx, runner, failer); err != nil {
		return err
	}
	<-ctx.Done()
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
	defer cancel()
	return j.Stop(patience)
}
