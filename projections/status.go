package projections

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// Status is how one follower is doing.
type Status struct {
	Name     string
	Version  int
	Reaction bool // it has side effects instead of rows
	State    State
	Error    string            // why it is stopped or refused
	Position eventlog.Position // how far it is, by the checkpoint
	Events   int64             // applied since the beginning
	Updated  time.Time         // when the checkpoint last moved
	// Behind is the number of events still to come, counted up to MaxBehind;
	// -1 when they cannot be read.
	Behind int
	// Lag is the age of the oldest of them; 0 when there is none.
	Lag time.Duration
	// EventsPerBatch is the average on this instance, 0 when it ran none.
	EventsPerBatch float64
	// LastError is why it was last stopped or refused, also when that is over, and
	// LastErrorAt when; empty and zero when it never was.
	LastError   string
	LastErrorAt time.Time
	// Size is what the live rows and their indexes take, in bytes; 0 of a reaction.
	Size int64
}

// MaxBehind is where counting stops: that many, or more.
const MaxBehind = 10_000

// Status tells about every follower, from the checkpoints and, for what is
// known here only, from memory: also where another instance or process runs
// them. It fails when the database does not answer.
func (r *Runner) Status(ctx context.Context) ([]Status, error) {
	all := make([]Status, 0, len(r.followers))
	for _, f := range r.followers {
		s, err := r.status(ctx, f)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func (r *Runner) status(ctx context.Context, f *follower) (Status, error) {
	f.mu.Lock()
	s := Status{Name: f.name, Version: f.version, Reaction: f.projection == nil, State: f.state, Error: f.problem}
	if f.batches > 0 {
		s.EventsPerBatch = float64(f.events) / float64(f.batches)
	}
	f.mu.Unlock()
	c, err := loadCheckpoint(ctx, f.pool, f.name, f.version)
	known := err == nil
	switch {
	case errors.Is(err, errNoCheckpoint):
		// Nothing was done yet.
	case err != nil:
		return s, err
	default:
		s.Position, s.Events, s.Updated = c.position, c.events, c.updated
		s.LastError, s.LastErrorAt = c.lastError, c.lastErrorAt
		if c.state != Running || s.State == Waiting {
			s.State, s.Error = c.state, c.problem
		}
	}
	if f.projection != nil {
		if s.Size, err = f.size(ctx); err != nil {
			return s, err
		}
	}
	if known && !f.owns(c) {
		s.State, s.Error, s.Behind = Refused, ErrForeignCheckpoint.Error(), -1 // positions cannot be compared
		return s, nil
	}
	if known {
		if lost := r.verify(ctx, f, c); errors.Is(lost, ErrLostCheckpoint) {
			s.State, s.Error, s.Behind = Refused, lost.Error(), -1
			return s, nil
		}
	}
	r.countBehind(ctx, f, &s)
	return s, nil
}

// PositionIn is how far a projection is in a transaction's snapshot. It fails where its
// rows are not to be read: being filled, or of a future of the log that is lost.
func (r *Runner) PositionIn(ctx context.Context, tx pgx.Tx, name string) (eventlog.Position, error) {
	p, ok := r.projections[name]
	if !ok {
		return eventlog.Position{}, fmt.Errorf("%q: %w", name, ErrUnknown)
	}
	c, err := loadCheckpoint(ctx, tx, p.Name, p.Version)
	if err == nil && (c.state == Filling || c.state == Refused) {
		err = fmt.Errorf("%s is %s", name, c.state)
	}
	return c.position, err
}

// ViewsOf names the views of a projection.
func (r *Runner) ViewsOf(name string) ([]string, error) {
	p, ok := r.projections[name]
	if !ok || p.Views == nil {
		return nil, fmt.Errorf("%q: %w", name, ErrUnknown)
	}
	names := make([]string, len(p.Views.Views))
	for i, v := range p.Views.Views {
		names[i] = v.Name
	}
	return names, nil
}

// size is what the live generation takes.
func (f *follower) size(ctx context.Context) (bytes int64, err error) {
	err = f.pool.QueryRow(ctx, `SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint
		FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = to_regnamespace($1)`, f.projection.Schema()).Scan(&bytes)
	if err != nil {
		return 0, fmt.Errorf("size of %s: %w", f.name, err)
	}
	return bytes, nil
}

func (r *Runner) countBehind(ctx context.Context, f *follower, s *Status) {
	for e, err := range r.logOf(f).ReadAll(ctx, s.Position, f.prefixes...) {
		if err != nil {
			r.Logger.WarnContext(ctx, "events ahead of a projection cannot be counted", "projection", f.name, "error", err)
			s.Behind = -1
			return
		}
		if s.Behind == 0 {
			s.Lag = max(0, time.Since(e.RecordedAt))
		}
		if s.Behind++; s.Behind == MaxBehind {
			return
		}
	}
}

// Unfit names the followers that are not fit for use: stopped by an event,
// refusing their checkpoint, still being filled, or standing still while the log
// goes on, wherever they run. It is nil when there is none and costs nothing.
func (r *Runner) Unfit() error { return r.unfit(time.Now()) }

func (r *Runner) unfit(now time.Time) error {
	var all []error
	for _, f := range r.unfitOnes(now) {
		all = append(all, errors.New(f.what+f.why))
	}
	return errors.Join(all...)
}

// Filled waits until no new version of a read model is being filled any more, wherever
// that runs, or until ctx ends.
func (r *Runner) Filled(ctx context.Context) {
	filling := func(f *follower) bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.filling
	}
	for ctx.Err() == nil && slices.ContainsFunc(r.followers, filling) {
		pause(ctx, fillingLook)
	}
}

// fillingLook is how often to look whether it is filled.
const fillingLook = 20 * time.Millisecond

// UnfitFollowers tells what Unfit does without why: an error may have SQL, or something of
// a tenant, in it.
func (r *Runner) UnfitFollowers() []string {
	var all []string
	for _, f := range r.unfitOnes(time.Now()) {
		all = append(all, f.what)
	}
	return all
}

type unfitOne struct{ what, why string }

func (r *Runner) unfitOnes(now time.Time) []unfitOne {
	var all []unfitOne
	for _, f := range r.followers {
		f.mu.Lock()
		switch {
		case f.state == Stopped || f.state == Refused:
			all = append(all, unfitOne{fmt.Sprintf("%s is %s", f.name, f.state), ": " + f.problem})
		case f.filling:
			all = append(all, unfitOne{what: fmt.Sprintf("%s is %s", f.name, Filling)})
		case f.overdue(now, r.StallAfter):
			all = append(all, unfitOne{what: fmt.Sprintf("%s has stood still for %s while the log goes on", f.name, f.stalled(now).Round(time.Second))})
		}
		f.mu.Unlock()
	}
	return all
}

// RetryStopped lets followers that an event has stopped try it again at once, on
// whichever instance, instead of a little later.
func (r *Runner) RetryStopped(ctx context.Context) error {
	_, err := r.Pool.Exec(ctx, `UPDATE ops.projector_checkpoint SET state = 'running', error = NULL WHERE state = 'stopped'`)
	if err != nil {
		return fmt.Errorf("retry what is stopped: %w", err)
	}
	return nil
}
