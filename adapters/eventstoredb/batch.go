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
	notices    <-chan notice
	ended      func() error // why notices was closed
	decode     func(*esdb.RecordedEvent) (eventlog.Recorded, error)
	maxEvents  int
	maxBytes   int
	checkpoint time.Duration // least time between batches without events

	upto    eventlog.Position // the log was looked through so far, the batch in the making included
	made    eventlog.Position // as of the last batch made
	madeAt  time.Time         // when that was
	events  []eventlog.Recorded
	bytes   int
	live    bool  // the store had nothing more when it last said
	news    bool  // live, and no batch has said so yet
	problem error // an event that cannot be read; what is before it goes first
}

// next waits for the next batch. One without events comes when the
// subscription has caught up, and else at most once in the checkpoint interval.
func (b *batcher) next(ctx context.Context) (eventlog.Batch, error) {
	for {
		if b.problem != nil {
			return eventlog.Batch{}, b.problem
		}
		if err := b.wait(ctx); err != nil {
			return eventlog.Batch{}, err
		}
		if b.drain(); len(b.events) > 0 || b.news || b.checkpointDue() {
			return b.make(), nil
		}
	}
}

// wait blocks until there is something to look at.
func (b *batcher) wait(ctx context.Context) error {
	var due <-chan time.Time
	if b.made.Before(b.upto) {
		t := time.NewTimer(time.Until(b.madeAt.Add(b.checkpoint)))
		defer t.Stop()
		due = t.C
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
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// drain takes what is there without waiting.
func (b *batcher) drain() {
	for b.problem == nil && len(b.events) < b.maxEvents && b.bytes < b.maxBytes {
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
		b.news = b.news || !b.live // the store may say it any number of times
		b.live = true
	case n.fellBehind:
		b.live, b.news = false, false
	default:
		b.upto = later(b.upto, n.checkpoint)
	}
}

// add puts an event into the batch. One that is not behind the last is a
// repetition and left out.
func (b *batcher) add(e *esdb.RecordedEvent) {
	p := position(e)
	if p == (eventlog.Position{}) {
		b.problem = unreadableError{fmt.Errorf("event %d of %s has no position", e.EventNumber, e.StreamID)}
		return
	}
	if !b.upto.Before(p) {
		return
	}
	r, err := b.decode(e)
	if err != nil {
		b.problem = unreadableError{err}
		return
	}
	b.upto = p
	b.events = append(b.events, r)
	b.bytes += len(e.Data) + len(e.UserMetadata)
}

func (b *batcher) checkpointDue() bool {
	return b.made.Before(b.upto) && time.Since(b.madeAt) >= b.checkpoint
}

func (b *batcher) make() eventlog.Batch {
	batch := eventlog.Batch{
		Events:   b.events,
		Upto:     b.upto,
		CaughtUp: b.live && b.problem == nil && len(b.notices) == 0,
	}
	b.events, b.bytes, b.news = nil, 0, b.news && !batch.CaughtUp
	b.made, b.madeAt = b.upto, time.Now()
	return batch
}

func later(p, q eventlog.Position) eventlog.Position {
	if p.Before(q) {
		return q
	}
	return p
}
