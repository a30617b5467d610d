package logcopy

import (
	"context"
	"fmt"
	"iter"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// reader reads all events of a log that are copied, one at a time.
type reader struct {
	whose string
	next  func() (eventlog.Recorded, error, bool)
	stop  func()
}

// read begins to read a log up to where it ends when the first event is asked for.
func read(ctx context.Context, log eventlog.SealedLog, whose string) *reader {
	next, stop := iter.Pull2(log.ReadAll(ctx, eventlog.Position{}, eventlog.Everything...))
	return &reader{whose, next, stop}
}

// event gives the next event, nil at the end.
func (r *reader) event() (*eventlog.Recorded, error) {
	for {
		e, err, more := r.next()
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", r.whose, err)
		}
		if !more {
			return nil, nil //nolint:nilnil // the end is no error
		}
		if e.Stream != eventlog.IdentityStream {
			return &e, nil
		}
	}
}

// distinct refuses a target with the name of the log.
func (c *copying) distinct(ctx context.Context) error {
	here, err := nameOf(ctx, c.from)
	if err != nil {
		return fmt.Errorf("read %s: %w", thisLog, err)
	}
	there, err := nameOf(ctx, c.to)
	if err != nil {
		return fmt.Errorf("read %s: %w", theTarget, err)
	}
	if here != nil && there != nil && here.ID == there.ID {
		return ErrSameLog
	}
	return nil
}

// nameOf is the event that names a log, nil before it has one.
func nameOf(ctx context.Context, log eventlog.SealedLog) (*eventlog.Recorded, error) {
	for e, err := range log.ReadStream(ctx, eventlog.IdentityStream, 0) {
		return &e, err
	}
	return nil, nil //nolint:nilnil // that is an answer
}
