package projections

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// A log can be set back under its followers: it is restored from an older copy and
// the database with their checkpoints is not. What they made of the events that are
// gone is wrong, and they would pass over the new events that come to stand where
// those stood. So a checkpoint is compared with the log before each session and each
// time the subscription begins: the log must reach it, have the last event that was
// applied, and nothing for this follower between that one and the checkpoint. One
// that fails is refused, for every instance and reader to see, until a rebuild.

// ErrLostCheckpoint says that the checkpoint is of a future of the log that is lost.
var ErrLostCheckpoint = errors.New("the log was set back, as by a restore, and this is of a future that is lost; " +
	"run `fleetledger projections rebuild`, then start all instances again")

// appliedEvent is the last event that a follower applied; zero when there is none.
type appliedEvent struct {
	id       uuid.UUID
	stream   string
	revision eventlog.Revision
	position eventlog.Position
}

// verify compares a checkpoint with the log.
func (r *Runner) verify(ctx context.Context, f *follower, c checkpoint) error {
	lost := func(why string, args ...any) error {
		return fmt.Errorf("%s: %w (%s)", f.name, ErrLostCheckpoint, fmt.Sprintf(why, args...))
	}
	if r.End == nil || c.position == (eventlog.Position{}) {
		return nil
	}
	end, err := r.End(ctx)
	if err != nil {
		return fmt.Errorf("find the end of the log: %w", err)
	}
	if end.Before(c.position) {
		return lost("the checkpoint is %s, the log ends at %s", c.position, end)
	}
	if c.last.id == uuid.Nil {
		return nil
	}
	there, err := r.has(ctx, c.last)
	if err != nil {
		return err
	}
	if !there {
		return lost("event %s at position %s is not in the log", c.last.id, c.last.position)
	}
	for e, err := range r.logOf(f).ReadAll(ctx, c.last.position, f.prefixes...) {
		if err == nil && c.position.Before(e.Position) {
			break
		}
		if err != nil {
			return fmt.Errorf("read the log before the checkpoint: %w", err)
		}
		return lost("event %s at position %s was never seen", e.ID, e.Position)
	}
	return nil
}

// has reports whether the log has the event where it was. One that cannot be decoded
// any more, as its person's key is lost, is there all the same.
func (r *Runner) has(ctx context.Context, last appliedEvent) (bool, error) {
	for e, err := range r.Log.ReadStream(ctx, last.stream, last.revision) {
		if e.ID == uuid.Nil && err != nil {
			return false, fmt.Errorf("read the last event that was applied: %w", err)
		}
		elsewhere := e.Position != (eventlog.Position{}) && e.Position != last.position
		return e.ID == last.id && !elsewhere, nil
	}
	return false, nil
}

// admit compares the follower's checkpoint with the log, and keeps in its row whether
// it is refused. A store whose answer was stale heals by itself: what is right again
// is admitted again.
func (r *Runner) admit(ctx context.Context, f *follower) (checkpoint, error) {
	c, err := loadCheckpoint(ctx, f.pool, f.name, f.version)
	if err != nil {
		return c, err
	}
	if err := f.checkOwner(c); err != nil {
		return c, err
	}
	err = r.verify(ctx, f, c)
	switch {
	case errors.Is(err, ErrLostCheckpoint):
		return c, errors.Join(err, markRefused(ctx, f.pool, f, c.position, err.Error()))
	case err == nil && c.state == Refused:
		c.state = Running
		err = markAdmitted(ctx, f.pool, f, c.position)
	}
	f.mu.Lock()
	f.filling = c.state == Filling
	f.mu.Unlock()
	return c, err
}

// The time of the last batch stays in the row, SetBack goes by it; and that a new
// version is being filled, which nobody reads from.
func markRefused(ctx context.Context, q querier, f *follower, at eventlog.Position, problem string) error {
	_, err := q.Exec(ctx, `UPDATE ops.projector_checkpoint SET state = 'refused', error = $5,
			last_error = $5, last_error_at = CASE WHEN state = 'refused' AND last_error = $5 THEN last_error_at ELSE now() END
		WHERE name = $1 AND version = $2 AND commit_position = $3 AND prepare_position = $4 AND state <> 'filling'`,
		f.name, f.version, at.Commit, at.Prepare, problem)
	if err != nil {
		return fmt.Errorf("mark %s refused: %w", f.name, err)
	}
	return nil
}

func markAdmitted(ctx context.Context, q querier, f *follower, at eventlog.Position) error {
	_, err := q.Exec(ctx, `UPDATE ops.projector_checkpoint SET state = 'running', error = NULL
		WHERE name = $1 AND version = $2 AND commit_position = $3 AND prepare_position = $4 AND state = 'refused'`,
		f.name, f.version, at.Commit, at.Prepare)
	if err != nil {
		return fmt.Errorf("mark %s admitted: %w", f.name, err)
	}
	return nil
}

// Lost names the followers whose checkpoints are of a future of the log that is lost.
func (r *Runner) Lost(ctx context.Context) ([]string, error) {
	var names []string
	for _, f := range r.followers {
		c, err := loadCheckpoint(ctx, f.pool, f.name, f.version)
		if errors.Is(err, errNoCheckpoint) || err == nil && !f.owns(c) {
			continue
		}
		if err == nil {
			err = r.verify(ctx, f, c)
		}
		switch {
		case errors.Is(err, ErrLostCheckpoint):
			names = append(names, f.name)
		case err != nil:
			return nil, err
		}
	}
	return names, nil
}

// setBackMargin is what clocks of store and database may differ, and more.
const setBackMargin = 10 * time.Minute

// SetBack puts a reaction whose checkpoint is of a lost future back to what the log
// has in common with that, and gives the position. One whose checkpoint is of a log that
// this one is a copy of goes on behind what it has handled (moved.go). Other checkpoints
// stay.
//
// It followed the log to beyond the point that the log was set back to, so it handled
// all that is in common, and none of what came since. What tells the two apart is the
// time: the one was recorded before its last batch, the other after the restore. It
// goes back a margin further: handling an event again is safe, as each effect is
// recorded as an event or has a key, and passing one over is not.
func (r *Runner) SetBack(ctx context.Context, name string) (eventlog.Position, error) {
	for _, f := range r.followers {
		if f.name != name || f.projection != nil {
			continue
		}
		c, err := loadCheckpoint(ctx, f.pool, f.name, f.version)
		if err != nil {
			return eventlog.Position{}, err
		}
		if c.source != f.source {
			return r.adopt(ctx, f, c)
		}
		if err := r.verify(ctx, f, c); !errors.Is(err, ErrLostCheckpoint) {
			return c.position, err
		}
		last, err := r.common(ctx, f, c.updated.Add(-setBackMargin))
		if err != nil {
			return eventlog.Position{}, err
		}
		return last.position, f.setBack(ctx, c.position, last)
	}
	return eventlog.Position{}, fmt.Errorf("%q: %w", name, ErrUnknown)
}

// common is the last event for the follower that was recorded by then.
func (r *Runner) common(ctx context.Context, f *follower, by time.Time) (appliedEvent, error) {
	var last appliedEvent
	for e, err := range r.logOf(f).ReadAll(ctx, eventlog.Position{}, f.prefixes...) {
		if err != nil {
			return last, fmt.Errorf("look for what the log has in common with %s: %w", f.name, err)
		}
		if e.RecordedAt.After(by) {
			break
		}
		last = applied(e)
	}
	return last, nil
}

func (f *follower) setBack(ctx context.Context, from eventlog.Position, to appliedEvent) error {
	_, err := f.pool.Exec(ctx, `UPDATE ops.projector_checkpoint SET state = 'running', error = NULL, updated_at = now(),
			commit_position = $5, prepare_position = $6,
			event_id = $7, event_stream = $8, event_revision = $9, event_commit = $10, event_prepare = $11, event_count = events
		WHERE name = $1 AND version = $2 AND commit_position = $3 AND prepare_position = $4`,
		append([]any{f.name, f.version, from.Commit, from.Prepare, to.position.Commit, to.position.Prepare}, to.columns()...)...)
	if err != nil {
		return fmt.Errorf("set %s back: %w", f.name, err)
	}
	return nil
}

func applied(e eventlog.Recorded) appliedEvent {
	return appliedEvent{id: e.ID, stream: e.Stream, revision: e.Revision, position: e.Position}
}

// lastOf is the last of the events.
func lastOf(events []eventlog.Recorded) appliedEvent {
	if len(events) == 0 {
		return appliedEvent{}
	}
	return applied(events[len(events)-1])
}

// columns are the values of a checkpoint row, NULL when there was no event.
func (a appliedEvent) columns() []any {
	if a.id == uuid.Nil {
		return []any{nil, nil, nil, nil, nil}
	}
	return []any{a.id, a.stream, int64(a.revision), int64(a.position.Commit), int64(a.position.Prepare)}
}
