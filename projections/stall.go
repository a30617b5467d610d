package projections

import (
	"context"
	"time"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// watched is what was seen of a follower that has more to come, on whichever
// instance it runs.
type watched struct {
	position eventlog.Position // of the checkpoint, when last looked at
	looked   time.Time
	since    time.Time // since when it has stood there though the log goes on; zero: it does not
}

// reactionPatience is how many times longer than a projection a reaction may take
// for a batch: it calls others.
const reactionPatience = 4

// watch looks after the followers until ctx ends.
func (r *Runner) watch(ctx context.Context) {
	every := r.StallAfter / 5
	for ctx.Err() == nil {
		pause(ctx, every)
		for _, f := range r.followers {
			r.look(ctx, f, time.Now())
		}
	}
}

// look compares a follower's checkpoint with that of the look before and, where it
// is the same, asks whether the log goes on. What cannot be found out counts as
// going well: the database and the log are checked elsewhere.
func (r *Runner) look(ctx context.Context, f *follower, now time.Time) {
	ctx, cancel := context.WithTimeout(ctx, r.StallAfter)
	defer cancel()
	c, err := loadCheckpoint(ctx, f.pool, f.name, f.version)
	known := err == nil && f.owns(c) && f.judged()
	f.mu.Lock()
	before := f.watched
	f.mu.Unlock()
	next := watched{position: c.position, looked: now}
	// After a longer gap this process itself was frozen, and says nothing of others.
	stands := known && before.position == c.position && now.Sub(before.looked) < r.StallAfter
	if stands && r.goesOn(ctx, f, c.position) {
		if next.since = before.since; next.since.IsZero() {
			next.since = now
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watched = next
	if err == nil && f.state == Waiting { // else it is known here
		f.filling = c.state == Filling
	}
}

// judged reports whether a follower should be moving: a reaction only where it
// runs, since only there is it known to wait for a time to come.
func (f *follower) judged() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.projection != nil || f.state == Running && !f.early
}

func (r *Runner) goesOn(ctx context.Context, f *follower, after eventlog.Position) bool {
	for _, err := range r.logOf(f).ReadAll(ctx, after, f.prefixes...) {
		return err == nil
	}
	return false
}

// stalled is for how long a follower has stood still though the log goes on, 0
// when it has not. The caller holds f.mu.
func (f *follower) stalled(now time.Time) time.Duration {
	if f.watched.since.IsZero() {
		return 0
	}
	return now.Sub(f.watched.since)
}

// overdue reports whether that is too long. The caller holds f.mu.
func (f *follower) overdue(now time.Time, after time.Duration) bool {
	if f.projection == nil {
		after *= reactionPatience
	}
	return f.stalled(now) > after
}
