package eventstoredb

import (
	"context"
	"fmt"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// batcher makes batches of what a subscription tells: all that is there, up to
// a number of events and bytes.
type batcher struct {
	notices    <-chan notice // buffered
	ended      func() error  // why notices was closed
	decode     func(*esdb.RecordedEvent) (eventlog.Recorded, error)
	maxEvents  int
	maxBytes   int
	checkpoint time.Duration // least time between batches without events

	upto       eventlog.Position // the log was looked through so far, the next batch included
	events     []eventlog.Recorded
	bytes      int
	lastUpto   eventlog.Position // of the last batch
	lastAt     time.Time         // when that was made
	lastEvents int               // in it
	end        logEnd
	unreadable error // an event that cannot be read; those before it go first
}

// next waits for the next batch. One without events comes when the reader has
// caught up, and else at most once in the checkpoint interval.
func (b *batcher) next(ctx context.Context) (eventlog.Batch, error) {
	for {
		if b.unreadable != nil {
			return eventlog.Batch{}, b.unreadable
		}
		if err := b.wait(ctx); err != nil {
			return eventlog.Batch{}, err
		}
		if b.drain(); len(b.events) > 0 || b.end.news() || b.checkpointDue() {
			b.gather(ctx)
			return b.finish(), nil
		}
	}
}

// busyPace is the least time between two batches while events come one after the other:
// a batch costs about the same for one event and for ten.
const busyPace = 10 * time.Millisecond

// gather takes what comes until the pace allows the next batch. One event alone, after
// one alone, goes at once.
func (b *batcher) gather(ctx context.Context) {
	wait := time.Until(b.lastAt.Add(busyPace))
	if b.lastEvents < 2 || len(b.events) == 0 || wait <= 0 {
		return
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	for b.unreadable == nil && len(b.events) < b.maxEvents && b.bytes < b.maxBytes {
		select {
		case n, ok := <-b.notices:
			if !ok {
				return // what is here first; wait sees the end again
			}
			b.take(n)
		case <-t.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// wait blocks until there is something to look at.
func (b *batcher) wait(ctx context.Context) error {
	var due, sure <-chan time.Time
	if b.lastUpto.Before(b.upto) {
		t := time.NewTimer(time.Until(b.lastAt.Add(b.checkpoint)))
		defer t.Stop()
		due = t.C
	}
	if b.end.untold {
		t := time.NewTimer(time.Until(b.end.doubtUntil))
		defer t.Stop()
		sure = t.C
	}
	select {
	case n, ok := <-b.notices:
		if !ok {
			return b.ended()
		}
		b.take(n)
		return nil
	case <-due:
		return nil
	case <-sure:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// drain takes what is there without waiting.
func (b *batcher) drain() {
	for b.unreadable == nil && len(b.events) < b.maxEvents && b.bytes < b.maxBytes {
		select {
		case n, ok := <-b.notices:
			if !ok {
				return // what is here first; wait sees the end again
			}
			b.take(n)
		default:
			return
		}
	}
}

func (b *batcher) take(n notice) {
	switch {
	case n.event != nil:
		b.add(n.event)
	case n.caughtUp:
		b.end.caughtUp()
	case n.fellBehind:
		b.end.fellBehind()
	default:
		b.upto = later(b.upto, n.checkpoint)
	}
	if len(b.notices) == cap(b.notices) { // with room for one now, so another was waiting
		b.end.overflowed()
	}
}

// add puts an event into the batch. One that is not after the last is a
// repetition and left out.
func (b *batcher) add(e *esdb.RecordedEvent) {
	p := position(e)
	if p == (eventlog.Position{}) {
		b.unreadable = unreadableError{fmt.Errorf("event %d of %s has no position", e.EventNumber, e.StreamID)}
		return
	}
	if !b.upto.Before(p) {
		return
	}
	r, err := b.decode(e)
	if err != nil {
		b.unreadable = unreadableError{err}
		return
	}
	b.upto = p
	b.events = append(b.events, r)
	b.bytes += len(e.Data) + len(e.UserMetadata)
}

func (b *batcher) checkpointDue() bool {
	return b.lastUpto.Before(b.upto) && time.Since(b.lastAt) >= b.checkpoint
}

// finish gives the batch and begins the next.
func (b *batcher) finish() eventlog.Batch {
	batch := eventlog.Batch{
		Events:   b.events,
		Upto:     b.upto,
		CaughtUp: b.end.sure() && b.unreadable == nil && len(b.notices) == 0,
	}
	b.end.untold = b.end.untold && !batch.CaughtUp
	b.lastEvents = len(b.events)
	b.events, b.bytes = nil, 0
	b.lastUpto, b.lastAt = b.upto, time.Now()
	return batch
}

func later(p, q eventlog.Position) eventlog.Position {
	if p.Before(q) {
		return q
	}
	return p
}
