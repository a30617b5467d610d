package logcopy

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// Source is the log that is copied.
type Source interface {
	eventlog.SealedLog
	// End is the position of the log's last event.
	End(ctx context.Context) (eventlog.Position, error)
}

// Target takes the copy.
type Target interface {
	eventlog.SealedLog
	// Append adds events to a stream, all or none, see eventlog.Log.
	Append(ctx context.Context, stream string, expected eventlog.Revision, events ...eventlog.Recorded) error
}

// The steps of a copy.
const (
	Comparing = "comparing" // what the target has
	Copying   = "copying"
	Proving   = "proving" // the target is read back
)

// Progress tells how a copy is getting on.
type Progress struct {
	Step   string
	Events int64             // compared, copied or proved in this step
	At     eventlog.Position // in the log
	End    eventlog.Position // of the log, as of the begin
}

// Proof is what a copy comes to: both logs have the same events and the same root.
type Proof struct {
	Copied     int64 // of the events, in this run
	Events     int64 // that the target has
	Here, Root tlog.Hash
}

const (
	thisLog   = "this log"
	theTarget = "the target"
)

// Copy brings the target up to the log as of the call, reads it back and proves that it
// is the same. Of a target that has something else it gives a *Difference.
func Copy(ctx context.Context, from Source, to Target, progress func(Progress)) (Proof, error) {
	c := &copying{from: from, to: to, progress: progress}
	if err := c.distinct(ctx); err != nil {
		return Proof{}, err
	}
	if err := c.bring(ctx); err != nil {
		return Proof{Copied: c.copied}, err
	}
	return c.prove(ctx)
}

// Limits of an append: servers take 1 MiB at once.
const (
	batchEvents = 500
	batchBytes  = 512 << 10
)

// tellEvery is how many events lie between two tellings of the progress.
const tellEvery = 64

type copying struct {
	from     Source
	to       Target
	progress func(Progress)
	end      eventlog.Position

	events int64 // of the log that the target has, or has taken
	copied int64
	batch  []eventlog.Recorded // to append at once
	bytes  int
}

// bring compares what the target has with the log, and appends the rest.
func (c *copying) bring(ctx context.Context) (err error) {
	target, source := read(ctx, c.to, theTarget), read(ctx, c.from, thisLog)
	defer source.stop()
	defer target.stop()
	// Where the target ends is found before where the log does: what others copy
	// meanwhile is in the log that is read then.
	there, err := target.event()
	if err != nil {
		return err
	}
	if c.end, err = c.from.End(ctx); err != nil {
		return fmt.Errorf("read %s: %w", thisLog, err)
	}
	for {
		here, err := source.event()
		switch {
		case err != nil:
			return err
		case here == nil && there != nil:
			return &Difference{Number: c.events + 1, There: there}
		case here == nil:
			return c.flush(ctx)
		case there == nil:
			if err := c.add(ctx, *here); err != nil {
				return err
			}
			continue
		case !same(*here, *there):
			return &Difference{Number: c.events + 1, Here: here, There: there}
		}
		c.events++
		c.tell(Comparing, c.events, here.Position)
		if there, err = target.event(); err != nil {
			return err
		}
	}
}

// add appends an event with those before it, once one of another stream comes.
func (c *copying) add(ctx context.Context, e eventlog.Recorded) error {
	size := 0
	if s, ok := e.Event.(eventlog.Sealed); ok {
		size = len(s.Data) + len(s.Metadata)
	}
	if n := len(c.batch); n > 0 && (c.batch[0].Stream != e.Stream || n == batchEvents || c.bytes+size > batchBytes) {
		if err := c.flush(ctx); err != nil {
			return err
		}
	}
	c.batch, c.bytes = append(c.batch, e), c.bytes+size
	return nil
}

// flush appends the batch. What of it is there already, as another copy runs beside this
// one, is left out.
func (c *copying) flush(ctx context.Context) error {
	for len(c.batch) > 0 {
		first, taken := c.batch[0], len(c.batch)
		err := c.to.Append(ctx, first.Stream, first.Revision-1, c.batch...)
		switch {
		case errors.Is(err, eventlog.ErrConflict):
			if taken, err = c.settle(ctx); err != nil {
				return err
			}
		case err != nil:
			return fmt.Errorf("write %s: %w", theTarget, err)
		default:
			c.copied += int64(taken)
		}
		at := c.batch[taken-1].Position
		c.batch = c.batch[taken:]
		c.events += int64(taken)
		c.tell(Copying, c.copied, at)
	}
	c.batch, c.bytes = nil, 0
	return nil
}

// settle is asked after a conflict how many events of the batch the target has.
func (c *copying) settle(ctx context.Context) (int, error) {
	n := 0
	for there, err := range c.to.ReadStream(ctx, c.batch[0].Stream, c.batch[0].Revision) {
		if err != nil {
			return 0, fmt.Errorf("read %s: %w", theTarget, err)
		}
		if !same(c.batch[n], there) {
			return 0, &Difference{Here: &c.batch[n], There: &there, Copied: c.copied}
		}
		if n++; n == len(c.batch) {
			break
		}
	}
	if n == 0 {
		return 0, &Difference{Here: &c.batch[0], Copied: c.copied}
	}
	return n, nil
}

// prove reads the target back, beside the log.
func (c *copying) prove(ctx context.Context) (Proof, error) {
	target, source := read(ctx, c.to, theTarget), read(ctx, c.from, thisLog)
	defer source.stop()
	defer target.stop()
	var here, back tree
	for {
		there, err := target.event()
		if err != nil {
			return Proof{}, err
		}
		if there == nil && back.size >= c.events {
			return Proof{Copied: c.copied, Events: back.size, Here: here.root(), Root: back.root()}, nil
		}
		e, err := source.event()
		if err != nil {
			return Proof{}, err
		}
		if e == nil || there == nil || !same(*e, *there) {
			return Proof{}, &Difference{Number: back.size + 1, Here: e, There: there, Copied: c.copied}
		}
		if err := errors.Join(here.add(*e), back.add(*there)); err != nil {
			return Proof{}, err
		}
		c.tell(Proving, back.size, e.Position)
	}
}

func (c *copying) tell(step string, events int64, at eventlog.Position) {
	if events%tellEvery == 0 || step == Copying {
		c.progress(Progress{Step: step, Events: events, At: at, End: c.end})
	}
}
