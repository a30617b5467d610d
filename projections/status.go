package projections

import (
	"context"
	"errors"
	"fmt"
	"time"

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
	switch {
	case errors.Is(err, errNoCheckpoint):
		// Nothing was done yet.
	case err != nil:
		return s, err
	default:
		s.Position, s.Events, s.Updated = c.position, c.events, c.updated
		if c.state != Running || s.State == Waiting {
			s.State, s.Error = c.state, c.problem
		}
	}
	if err == nil && !f.owns(c) {
		s.State, s.Error, s.Behind = Refused, ErrForeignCheckpoint.Error(), -1 // positions cannot be compared
		return s, nil
	}
	r.countBehind(ctx, f, &s)
	return s, nil
}

func (r *Runner) countBehind(ctx context.Context, f *follower, s *Status) {
	for e, err := range r.Log.ReadAll(ctx, s.Position, f.prefixes...) {
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
// refusing their checkpoint, or still being filled. It is nil when there is
// none, looks at this instance only and costs nothing.
func (r *Runner) Unfit() error {
	var all []error
	for _, f := range r.followers {
		f.mu.Lock()
		if f.state == Stopped || f.state == Refused || f.state == Filling {
			all = append(all, fmt.Errorf("%s is %s: %s", f.name, f.state, f.problem))
		}
		f.mu.Unlock()
	}
	return errors.Join(all...)
}
