package projections

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// A log can be moved: copied to another store, event by event, and followed there. The
// checkpoints are of the log before then, and their positions mean nothing in the copy.
// Read models are rebuilt from it. A reaction goes on behind the event that it handled
// last, which the copy has with the same stream, revision and id, and all before it
// before it. Both are refused where that event is not there: then this is no copy, or
// not a whole one.

// Errors of a log that was moved.
var (
	// ErrNotCopied says that the log lacks what a follower has seen of the one before.
	ErrNotCopied = errors.New("this log is no whole copy of the one that was followed before; " +
		"run `fleetledger log copy` on that one once more, while all instances are stopped")
	// ErrFollowed says that an instance still follows the log before.
	ErrFollowed = errors.New("an instance still follows the log before; stop all instances first")
)

// Foreign names the followers whose checkpoints are of another log.
func (r *Runner) Foreign(ctx context.Context) ([]string, error) {
	var names []string
	for _, f := range r.followers {
		c, err := loadCheckpoint(ctx, f.pool, f.name, f.version)
		switch {
		case errors.Is(err, errNoCheckpoint):
		case err != nil:
			return nil, err
		case c.source != f.source:
			names = append(names, f.name)
		}
	}
	return names, nil
}

// CheckMoved compares the checkpoints that are of another log with this one. It fails
// with ErrNotCopied where this one lacks an event that a follower has seen, and with
// ErrFollowed while an instance runs that still follows the other.
func (r *Runner) CheckMoved(ctx context.Context) error {
	for _, f := range r.followers {
		c, err := loadCheckpoint(ctx, f.pool, f.name, f.version)
		if errors.Is(err, errNoCheckpoint) || err == nil && c.source == f.source {
			continue
		}
		if err != nil {
			return err
		}
		if err := r.checkLeft(ctx, f); err != nil {
			return err
		}
		switch {
		case f.projection == nil:
			_, err = r.whereInCopy(ctx, f, c)
		case c.last.id != uuid.Nil && c.last.stream != eventlog.IdentityStream: // which no copy has
			_, err = r.inCopy(ctx, f, c.last)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkLeft is ErrFollowed while an instance runs the follower. One that has just ended
// is given the time that a lease lasts.
func (r *Runner) checkLeft(ctx context.Context, f *follower) error {
	for waited := time.Duration(0); ; waited += leaseLook {
		var held bool
		err := f.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM ops.leases l JOIN pg_stat_activity a ON a.pid = l.backend
			WHERE l.name = $1 AND l.expires_at > clock_timestamp() AND (a.backend_start = l.backend_start OR a.backend_start IS NULL))`,
			leaseName(f.name, f.version)).Scan(&held)
		switch {
		case err != nil:
			return fmt.Errorf("look for who runs %s: %w", f.name, err)
		case !held:
			return nil
		case waited > r.LeaseLife:
			return fmt.Errorf("%s: %w", f.name, ErrFollowed)
		}
		pause(ctx, leaseLook)
	}
}

// leaseLook is how often to look whether a lease has ended.
const leaseLook = 100 * time.Millisecond

// adopt puts a reaction whose checkpoint is of another log to where it goes on in this
// one, and gives the position.
func (r *Runner) adopt(ctx context.Context, f *follower, c checkpoint) (eventlog.Position, error) {
	if c.filter != filterHash(f.prefixes) {
		return eventlog.Position{}, fmt.Errorf("%s: %w", f.name, ErrForeignCheckpoint)
	}
	if err := r.checkLeft(ctx, f); err != nil {
		return eventlog.Position{}, err
	}
	last, err := r.whereInCopy(ctx, f, c)
	if err != nil {
		return eventlog.Position{}, err
	}
	tag, err := f.pool.Exec(ctx, `UPDATE ops.projector_checkpoint SET source = $5, state = 'running', error = NULL, updated_at = now(),
			commit_position = $6, prepare_position = $7,
			event_id = $8, event_stream = $9, event_revision = $10, event_commit = $11, event_prepare = $12, event_count = events
		WHERE name = $1 AND version = $2 AND commit_position = $3 AND prepare_position = $4 AND source = $13`,
		slices.Concat([]any{f.name, f.version, c.position.Commit, c.position.Prepare, f.source, last.position.Commit, last.position.Prepare},
			last.columns(), []any{c.source})...)
	switch {
	case err != nil:
		return last.position, fmt.Errorf("move %s to this log: %w", f.name, err)
	case tag.RowsAffected() == 0:
		return last.position, fmt.Errorf("%s: %w", f.name, ErrFollowed)
	}
	return last.position, nil
}

// whereInCopy is the last event that a reaction has handled, as this log has it; zero
// where it has handled none.
func (r *Runner) whereInCopy(ctx context.Context, f *follower, c checkpoint) (appliedEvent, error) {
	if c.last.id != uuid.Nil {
		return r.inCopy(ctx, f, c.last)
	}
	if c.position == (eventlog.Position{}) {
		return appliedEvent{}, nil
	}
	// It has looked through the log and met nothing of its own, unless it began where
	// others got to, or an instance of an earlier version has counted without names.
	took, err := f.tookOver(ctx, c.source)
	if err == nil && (took || c.events > 0) {
		err = fmt.Errorf("%s: which event it handled last is not known; start this version on the log before until it has handled one, "+
			"then stop it and copy the rest", f.name)
	}
	return appliedEvent{}, err
}

// tookOver tells whether there is another follower whose place it took.
func (f *follower) tookOver(ctx context.Context, source string) (took bool, err error) {
	err = f.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM ops.projector_checkpoint WHERE name = ANY ($1) AND source = $2)`,
		slices.Concat(f.replaces...), source).Scan(&took)
	if err != nil {
		return false, fmt.Errorf("look for those that %s replaces: %w", f.name, err)
	}
	return took, nil
}

// inCopy finds an event of the log before in this one.
func (r *Runner) inCopy(ctx context.Context, f *follower, last appliedEvent) (appliedEvent, error) {
	missing := fmt.Errorf("%s: %w (event %s, revision %d of %s, is not in it)", f.name, ErrNotCopied, last.id, last.revision, last.stream)
	log := r.logOf(f)
	if r.SealedLog != nil {
		log = r.SealedLog // it is found also where it cannot be decoded
	}
	for e, err := range log.ReadStream(ctx, last.stream, last.revision) {
		switch {
		case err != nil:
			return last, fmt.Errorf("look for the last event of %s: %w", f.name, err)
		case e.ID != last.id || e.Revision != last.revision:
			return last, missing
		case e.Position != (eventlog.Position{}):
			return applied(e), nil
		}
		break
	}
	// There is no such stream, or the store tells positions only in reads of all.
	for e, err := range log.ReadAll(ctx, eventlog.Position{}, last.stream) {
		if err != nil {
			return last, fmt.Errorf("look for the last event of %s: %w", f.name, err)
		}
		if e.ID == last.id && e.Stream == last.stream && e.Revision == last.revision {
			return applied(e), nil
		}
	}
	return last, missing
}
