package projections

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// Follow opens the log for one follower. The subscriber sends one message at a
// time, each with an eventlog.Batch in its context; it calls from for the position
// to begin after whenever it connects, reconnects by itself, waits before it
// sends a refused message again, and closes its channel only when its context
// ends or at an event that this program cannot read; a method Err() error may
// then say which.
type Follow func(name string, prefixes []string, from func(context.Context) (eventlog.Position, error)) (message.Subscriber, error)

// Options are what a Runner needs. Pool, Follow and Log are required.
type Options struct {
	Pool   *pgxpool.Pool
	Follow Follow
	Log    eventlog.Log // for rebuilds and for counting how far behind a follower is
	// FollowSealed and SealedLog are for projections of events as the log keeps them.
	FollowSealed Follow
	SealedLog    eventlog.SealedLog
	// End is the position of the log's last event. Without it, whether the log was set
	// back is not looked at.
	End func(context.Context) (eventlog.Position, error)
	// Awaited are prefixes of streams that a projection need not follow, but
	// whose positions readers wait for: it hears of them, and so of having
	// passed them at once, not when the log next tells of other streams.
	Awaited []string
	// Source identifies the log. Checkpoints of another log are refused:
	// positions are not portable.
	Source  string
	Logger  *slog.Logger
	Metrics prometheus.Registerer // nil: none
	Tracer  trace.Tracer          // nil: batches make no spans
	// LeasePoll is how often to renew leases and to ask for those that others hold
	// (default 500 ms), LeaseLife how long one lasts that is not renewed (default 3 s).
	LeasePoll, LeaseLife time.Duration
	// StallAfter is how long a projection may stand still while the log has more for
	// it before Unfit says so (default 10 s); a reaction, four times that.
	StallAfter time.Duration
	// Grace is how long a batch may take to finish after the end was asked
	// for (default 5 s).
	Grace time.Duration
	// StoppedRetry is how long a follower that was stopped by an event waits
	// before it tries that event again (default 1 min); at once when a rebuild
	// or an operator cleared the state.
	StoppedRetry time.Duration
}

func (o *Options) setDefaults() {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.LeasePoll <= 0 {
		o.LeasePoll = 500 * time.Millisecond
	}
	if o.LeaseLife <= 0 {
		o.LeaseLife = 3 * time.Second
	}
	if o.StallAfter <= 0 {
		o.StallAfter = 10 * time.Second
	}
	if o.Grace <= 0 {
		o.Grace = 5 * time.Second
	}
	if o.StoppedRetry <= 0 {
		o.StoppedRetry = time.Minute
	}
}

// Runner runs projections and reactions. Any number of instances may run the
// same ones against one database.
//
// What becomes of an event that fails: no event is ever skipped, and the
// checkpoint stays before the one that failed.
//   - One that cannot be decoded, or that this program does not know, by its type
//     or its schema version, ends the subscription. What is before it is applied;
//     then the follower is stopped.
//   - One whose rows cannot be written, or that a reaction fails at, for a reason
//     that will not pass: its batch is rolled back and done once more event by
//     event. What is before it is applied; then the follower is stopped, with the
//     event's name.
//   - Where the reason may pass (the database or the event store is down, a
//     deadlock), the batch is tried again with backoff, for as long as it takes.
//   - One that a reaction says it is too early for comes again when it is due.
//
// A stopped follower says why in its checkpoint row, Status, Unfit and the
// metrics, for every instance to see. It tries again after Options.StoppedRetry,
// and at once where a rebuild or an operator cleared the row; a program that
// knows better goes on at that event. A rebuild that meets such an event fails,
// and leaves the live rows as they are.
type Runner struct {
	Options
	projections map[string]Projection
	followers   []*follower
	metrics     *metrics
	leases      *leases
	waiter      *waiter
}

// reactionVersion stands in checkpoint rows of reactions: their past deeds are
// in the log, so a new version never starts over.
const reactionVersion = 1

// New checks the declarations and makes a Runner.
func New(o Options, projections []Projection, reactions []Reaction) (*Runner, error) {
	o.setDefaults()
	r := &Runner{Options: o, projections: map[string]Projection{}}
	names := map[string]bool{}
	add := func(f *follower) error {
		if names[f.name] {
			return fmt.Errorf("two followers are called %s", f.name)
		}
		names[f.name] = true
		f.source, f.pool, f.tracer, f.state = o.Source, o.Pool, o.Tracer, Waiting
		r.followers = append(r.followers, f)
		return nil
	}
	for _, p := range projections {
		if err := errors.Join(p.validate(), add(&follower{name: p.Name, version: p.Version, prefixes: p.Prefixes, awaited: o.Awaited, projection: &p})); err != nil {
			return nil, err
		}
		r.projections[p.Name] = p
	}
	for _, p := range reactions {
		if err := errors.Join(p.validate(), add(&follower{name: p.Name, version: reactionVersion, prefixes: p.Prefixes, replaces: p.Replaces, handle: p.Handle})); err != nil {
			return nil, err
		}
	}
	var err error
	if r.metrics, err = newMetrics(o.Metrics, r.followers); err != nil {
		return nil, err
	}
	r.leases = newLeases(o.Pool.Config().ConnConfig, o.LeasePoll, o.LeaseLife, o.Logger)
	r.waiter = newWaiter(o.Pool, r.versions())
	return r, nil
}

func (r *Runner) versions() map[string]int {
	v := map[string]int{}
	for _, f := range r.followers {
		v[f.name] = f.version
	}
	return v
}

// Names lists the projections, sorted.
func (r *Runner) Names() []string { return slices.Sorted(maps.Keys(r.projections)) }

// Reaction reports whether there is a reaction of that name.
func (r *Runner) Reaction(name string) bool {
	return slices.ContainsFunc(r.followers, func(f *follower) bool { return f.name == name && f.projection == nil })
}

// Prepare creates what is missing: checkpoint rows and the projections'
// schemas. Run does it too; a program calls it to have readers find their
// tables from the first request on, and the projections' views lead to its
// version. It is safe to run in several instances.
func (r *Runner) Prepare(ctx context.Context) error {
	for _, f := range r.followers {
		if err := f.prepare(ctx, true); err != nil {
			return err
		}
		// One of a lost future is no reason not to start: the status says it, and what
		// to do. Nor is a log that does not answer now.
		if _, err := r.admit(ctx, f); errors.Is(err, ErrLostCheckpoint) {
			f.note(Refused, err)
			r.Logger.ErrorContext(ctx, "refused to run", "projection", f.name, "error", err)
		}
	}
	return nil
}

// Run follows the log until ctx ends and the batches under way are finished.
func (r *Runner) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { r.waiter.run(ctx) })
	wg.Go(func() { r.watch(ctx) })
	// The leases outlive the sessions: a batch being finished is still ours.
	leaseCtx, release := context.WithCancel(context.WithoutCancel(ctx))
	defer release()
	var leasing sync.WaitGroup
	leasing.Go(func() { r.leases.run(leaseCtx) })
	for _, f := range r.followers {
		wg.Go(func() { r.supervise(ctx, f) })
	}
	wg.Wait()
	release()
	leasing.Wait()
	return nil
}

// supervise begins a session again whenever one ended.
func (r *Runner) supervise(ctx context.Context, f *follower) {
	log := r.Logger.With("projection", f.name)
	wait := r.LeasePoll
	for ctx.Err() == nil {
		err := r.runOnce(ctx, f)
		if ctx.Err() != nil {
			return
		}
		switch {
		case stops(err):
			log.ErrorContext(ctx, "stopped by an event", "error", err)
			r.stopped(ctx, f, err)
		case errors.Is(err, ErrForeignCheckpoint), errors.Is(err, ErrLostCheckpoint):
			if f.note(Refused, err) {
				log.ErrorContext(ctx, "refused to run", "error", err)
			}
			pause(ctx, max(5*time.Second, r.LeasePoll))
		case errors.Is(err, errReload), errors.Is(err, errLeaseLost):
			f.note(Waiting, nil)
			log.WarnContext(ctx, "following the log anew", "reason", err)
		default:
			f.note(Waiting, err)
			log.WarnContext(ctx, "following the log failed, trying again", "error", err, "in", wait)
			pause(ctx, wait)
		}
	}
}

func (r *Runner) runOnce(ctx context.Context, f *follower) error {
	if err := f.prepare(ctx, false); err != nil {
		return err
	}
	if _, err := r.admit(ctx, f); err != nil {
		return err
	}
	lease, err := r.leases.acquire(ctx, leaseName(f.name, f.version))
	if err != nil {
		return err
	}
	return r.session(lease, f)
}

// logOf is the log as a follower reads it.
func (r *Runner) logOf(f *follower) eventlog.SealedLog {
	if f.sealed() {
		return r.SealedLog
	}
	return r.Log
}

// session runs a router with this one handler, so that it can end and begin
// again without the others. It returns why it ended.
func (r *Runner) session(ctx context.Context, f *follower) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	follow := r.Follow
	if f.sealed() {
		follow = r.FollowSealed
	}
	sub, err := follow(f.name, slices.Concat(f.prefixes, f.awaited), func(ctx context.Context) (eventlog.Position, error) {
		from, err := r.from(ctx, f)
		if errors.Is(err, ErrForeignCheckpoint) || errors.Is(err, ErrLostCheckpoint) {
			end(err) // subscribing again would not help
		}
		return from, err
	})
	if err != nil {
		return fmt.Errorf("follow the log for %s: %w", f.name, err)
	}
	router, err := message.NewRouter(message.RouterConfig{CloseTimeout: 2 * r.Grace}, routerLogger(r.Logger))
	if err != nil {
		return fmt.Errorf("make router for %s: %w", f.name, err)
	}
	router.AddConsumerHandler(f.name, f.name, sub, f.consume)
	router.AddMiddleware(
		untilEnd(ctx), r.metrics.measure(f), retry(), withGrace(ctx, r.Grace), f.whenDue(ctx), narrowDown(end), middleware.Recoverer,
	)
	f.mu.Lock()
	f.state, f.problem = f.runningState(), ""
	f.mu.Unlock()
	if err := router.Run(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("run router of %s: %w", f.name, err)
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return unreadable(sub, f.reached())
}

// note reports whether this is news.
func (f *follower) note(s State, err error) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	was := f.state
	f.state, f.problem = s, ""
	if err != nil {
		f.problem = err.Error()
	}
	return was != s
}

// routerLogger turns the router's running commentary down.
func routerLogger(l *slog.Logger) watermill.LoggerAdapter {
	return watermill.NewSlogLoggerWithLevelMapping(l, map[slog.Level]slog.Level{
		slog.LevelInfo:  slog.LevelDebug,
		slog.LevelError: slog.LevelWarn,
	})
}
