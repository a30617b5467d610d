package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// FollowOptions say what of the log to follow and how. Prefixes are required.
type FollowOptions struct {
	Name       string        // of the follower, in logs and metrics
	Prefixes   []string      // events of streams that start with one of these
	MaxEvents  int           // a batch is full with so many events; default 500
	MaxBytes   int           // or when it has so many bytes of data and metadata; default 1 MiB
	Checkpoint time.Duration // least time between batches without events; default 1 s
	Backoff    Backoff       // between attempts to subscribe; default 50 ms to 5 s
	Sealed     bool          // events come as eventlog.Sealed

	decode func(*esdb.RecordedEvent) (eventlog.Recorded, error) // default: events of eventlog.Codec
}

func (o FollowOptions) withDefaults() FollowOptions {
	if o.MaxEvents <= 0 {
		o.MaxEvents = 500
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 1 << 20
	}
	if o.Checkpoint <= 0 {
		o.Checkpoint = time.Second
	}
	o.Backoff = o.Backoff.withDefaults(50*time.Millisecond, 5*time.Second)
	switch {
	case o.Sealed:
		o.decode = asKept
	case o.decode == nil:
		o.decode = decode
	}
	return o
}

// Follow calls handle with the log's events in order, batch after batch, from
// after the position that from gives, and never returns nil. It outlives any
// outage: when the subscription drops, it subscribes again after the last batch
// that was handled. It asks from each time it subscribes, again when that fails;
// a position before what was handled already is ignored.
//
// It ends when ctx does; when handle fails, with that error; and at an event
// that cannot be read, with codec.ErrUnknown where this program does not know
// it, after all events before it were handled.
func (s *Store) Follow(ctx context.Context, o FollowOptions, from func(context.Context) (eventlog.Position, error),
	handle func(context.Context, eventlog.Batch) error,
) error {
	if len(o.Prefixes) == 0 {
		return errors.New("follow the log: no stream prefixes")
	}
	f := follower{store: s, options: o.withDefaults(), from: from, handle: handle}
	for failures := 0; ; failures++ {
		handledBefore := f.handled
		err := f.run(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case s.guard.base.Err() != nil:
			return fmt.Errorf("follow the log: %w: %w", eventlog.ErrUnavailable, errClosed)
		case f.final:
			return err
		case handledBefore.Before(f.handled):
			failures = 0
		}
		s.options.Logger.Warn("event store: subscription ended, subscribing again",
			"follower", o.Name, "after", f.handled.String(), "error", err)
		_ = f.options.Backoff.wait(ctx, failures)
	}
}

type follower struct {
	store   *Store
	options FollowOptions
	from    func(context.Context) (eventlog.Position, error)
	handle  func(context.Context, eventlog.Batch) error
	handled eventlog.Position
	final   bool // subscribing again would not help
}

// run follows with one subscription, until that ends or the handler fails.
func (f *follower) run(ctx context.Context) error {
	start, err := f.from(ctx)
	if err != nil {
		return fmt.Errorf("load the position: %w", err)
	}
	f.handled = later(f.handled, start)
	sub, err := f.store.subscribe(ctx, f.handled, f.options.Prefixes, f.options.MaxEvents)
	if err != nil {
		return err
	}
	defer sub.stop()
	f.store.metrics.subscriptions.WithLabelValues(f.options.Name).Inc()

	batches := f.batcher(sub)
	for {
		b, err := batches.next(ctx)
		if err != nil {
			var u unreadableError
			f.final = errors.As(err, &u)
			return err
		}
		if err := f.handleBatch(ctx, b); err != nil {
			return err
		}
	}
}

// handleBatch opens a batch and hands it to the handler: where an event cannot be
// read, the events before it.
func (f *follower) handleBatch(ctx context.Context, b eventlog.Batch) error {
	n, unread := f.store.open(ctx, b.Events)
	if unread != nil {
		var u unreadableError
		if f.final = errors.As(unread, &u); !f.final || n == 0 {
			return unread
		}
		b = eventlog.Batch{Events: b.Events[:n], Upto: b.Events[n-1].Position}
	}
	if err := f.handle(ctx, b); err != nil {
		f.final = true
		return err
	}
	f.handled = b.Upto
	return unread
}

func (f *follower) batcher(sub *flow[notice]) *batcher {
	return &batcher{
		notices:    sub.items,
		ended:      func() error { return sub.err },
		decode:     f.options.decode,
		maxEvents:  f.options.MaxEvents,
		maxBytes:   f.options.MaxBytes,
		checkpoint: f.options.Checkpoint,
		upto:       f.handled,
		lastUpto:   f.handled,
		lastAt:     time.Now(),
	}
}
