package eventstoredb

import (
	"context"
	"errors"
	"iter"
	"math"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
)

// readAhead is how many events of a stream are fetched before they are asked
// for.
const readAhead = 64

// ReadStream yields a stream's events; see eventlog.Log. It goes on by itself after
// a break, behind the last event it yielded.
func (s *Store) ReadStream(ctx context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
	return s.readStream(ctx, stream, from, s.decodeOne)
}

// decodeEvent reads one event.
type decodeEvent func(context.Context, *esdb.RecordedEvent) (eventlog.Recorded, error)

func (s *Store) readStream(ctx context.Context, stream string, from eventlog.Revision, decode decodeEvent) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		next := max(from, 0)
		retry := s.attempts("read", "read "+stream)
		for {
			f, err := s.openStream(ctx, stream, esdb.ReadStreamOptions{From: esdb.Revision(uint64(next))}, math.MaxInt64)
			if err == nil {
				var on bool
				if on, err = s.yieldStream(ctx, f, &next, retry, decode, yield); !on {
					return
				}
			}
			if err := retry.again(ctx, err); err != nil {
				yield(eventlog.Recorded{}, err)
				return
			}
		}
	}
}

// ReadLast gives the last event of a stream; see eventlog.Log.
func (s *Store) ReadLast(ctx context.Context, stream string) (eventlog.Recorded, bool, error) {
	retry := s.attempts("read", "read the last event of "+stream)
	for {
		var last eventlog.Recorded
		var found bool
		backwards := esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.End{}}
		f, err := s.openStream(ctx, stream, backwards, 1)
		if err == nil {
			var next eventlog.Revision
			var failed error
			var on bool
			if on, err = s.yieldStream(ctx, f, &next, retry, s.decodeOne, func(r eventlog.Recorded, err error) bool {
				last, found, failed = r, err == nil, err
				return false
			}); !on {
				return last, found, failed
			}
		}
		if err := retry.again(ctx, err); err != nil {
			return eventlog.Recorded{}, false, err
		}
	}
}

func (s *Store) openStream(ctx context.Context, stream string, o esdb.ReadStreamOptions, count uint64) (*flow[*esdb.RecordedEvent], error) {
	return openFlow(ctx, s, readAhead, func(ctx context.Context, c *esdb.Client) (source[*esdb.RecordedEvent], error) {
		r, err := c.ReadStream(ctx, stream, o, count)
		if err != nil {
			return source[*esdb.RecordedEvent]{}, err
		}
		return source[*esdb.RecordedEvent]{
			receive: func() (*esdb.RecordedEvent, error) {
				e, err := r.Recv()
				if err != nil {
					return nil, err
				}
				return e.OriginalEvent(), nil
			},
			close: r.Close,
		}, nil
	})
}

// yieldStream yields what f brings. on is false when there is nothing more to
// do; otherwise err says why f broke and next where to go on.
func (s *Store) yieldStream(ctx context.Context, f *flow[*esdb.RecordedEvent], next *eventlog.Revision, retry *attempts,
	decode decodeEvent, yield func(eventlog.Recorded, error) bool,
) (on bool, err error) {
	defer f.stop()
	patience := time.NewTimer(s.options.CallTimeout)
	defer patience.Stop()
	for {
		e, ok, err := f.next(ctx, patience, retry.left())
		if hasCode(err, esdb.ErrorCodeResourceNotFound) || !ok && err == nil {
			return false, nil
		}
		if err != nil {
			return true, err
		}
		r, err := decode(ctx, e)
		if errors.Is(err, ports.ErrKeysUnavailable) {
			return true, err
		}
		if !yield(r, err) || err != nil {
			return false, nil
		}
		*next = r.Revision + 1
		retry.progressed()
	}
}

// decodeOne reads an event and opens it.
func (s *Store) decodeOne(ctx context.Context, e *esdb.RecordedEvent) (eventlog.Recorded, error) {
	r, err := decode(e)
	if _, sealed := r.Event.(sealedEvent); err != nil || !sealed {
		return r, err
	}
	one := []eventlog.Recorded{r}
	_, err = s.open(ctx, one)
	return one[0], err
}

// errReached ends the following of the log that ReadAll is made of.
var errReached = errors.New("reached the end")

// ReadAll yields the events of streams that start with one of the prefixes, up
// to the log's end as of the call; see eventlog.Log. The client cannot filter a read
// of the whole log at the store, a subscription can, so this is a subscription
// that ends where the log did.
func (s *Store) ReadAll(ctx context.Context, after eventlog.Position, prefixes ...string) iter.Seq2[eventlog.Recorded, error] {
	return s.readAll(ctx, after, FollowOptions{Name: "read", Prefixes: prefixes})
}

func (s *Store) readAll(ctx context.Context, after eventlog.Position, o FollowOptions) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		const what = "read the log"
		end, err := s.end(ctx, what)
		if err != nil {
			yield(eventlog.Recorded{}, err)
			return
		}
		if !after.Before(end) {
			return
		}
		if err := s.yieldLog(ctx, after, end, o, yield); err != nil {
			yield(eventlog.Recorded{}, failed(ctx, what, err))
		}
	}
}

func (s *Store) yieldLog(ctx context.Context, after, end eventlog.Position, o FollowOptions, yield func(eventlog.Recorded, error) bool) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	patience := time.AfterFunc(s.options.CallTimeout, func() { cancel(errNoAnswer) })
	defer patience.Stop()

	from := func(context.Context) (eventlog.Position, error) { return after, nil }
	// Follow prefers to tell of a context that has ended, and who has left the
	// loop must not be called again.
	reached := false
	err := s.Follow(ctx, o, from, func(_ context.Context, b eventlog.Batch) error {
		patience.Stop() // the consumer may take its time
		for _, e := range b.Events {
			if reached = end.Before(e.Position) || !yield(e, nil); reached {
				return errReached
			}
		}
		if reached = b.CaughtUp || !b.Upto.Before(end); reached {
			return errReached
		}
		patience.Reset(s.options.CallTimeout)
		return nil
	})
	if reached {
		return nil
	}
	return err
}
