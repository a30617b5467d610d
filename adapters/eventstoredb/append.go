package eventstoredb

import (
	"context"
	"fmt"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// Append adds events to a stream, all or none; see eventlog.Log. An attempt whose
// outcome is unknown is repeated with the same events and the same expectation,
// which the store takes for the same append: it answers with the original
// numbers. With eventlog.Any it recognises the repetition from a bounded memory
// only, so such events may, rarely, be there twice.
func (s *Store) Append(ctx context.Context, stream string, expected eventlog.Revision, events ...eventlog.NewEvent) (eventlog.Revision, eventlog.Position, error) {
	if s.options.Tracer != nil {
		return s.traced(ctx, stream, expected, events)
	}
	return s.appendEvents(ctx, stream, expected, events)
}

func (s *Store) appendEvents(ctx context.Context, stream string, expected eventlog.Revision, events []eventlog.NewEvent) (eventlog.Revision, eventlog.Position, error) {
	data := make([]esdb.EventData, len(events))
	for i, e := range events {
		var err error
		if data[i], err = s.encode(ctx, stream, e); err != nil {
			return 0, eventlog.Position{}, fmt.Errorf("append to %s: %w", stream, err)
		}
	}
	return s.appendNoted(ctx, stream, expected, data)
}

// appendNoted is append, and the store remembers how it went.
func (s *Store) appendNoted(ctx context.Context, stream string, expected eventlog.Revision, events []esdb.EventData) (eventlog.Revision, eventlog.Position, error) {
	revision, position, err := s.append(ctx, stream, expected, events)
	if s.appends.note(ctx, err) {
		s.metrics.failedAppends.Inc()
	}
	return revision, position, err
}

func (s *Store) append(ctx context.Context, stream string, expected eventlog.Revision, events []esdb.EventData) (eventlog.Revision, eventlog.Position, error) {
	what := "append to " + stream
	if len(events) == 0 {
		return 0, eventlog.Position{}, fmt.Errorf("%s: no events", what)
	}
	revision, err := expectation(expected)
	if err != nil {
		return 0, eventlog.Position{}, fmt.Errorf("%s: %w", what, err)
	}
	ctx, cancel := context.WithTimeout(ctx, s.options.CallTimeout)
	defer cancel()
	retry := s.attempts("append", what)
	for {
		w, err := with(ctx, s, func(ctx context.Context, c *esdb.Client) (*esdb.WriteResult, error) {
			return c.AppendToStream(ctx, stream, esdb.AppendToStreamOptions{ExpectedRevision: revision}, events...)
		})
		if err == nil {
			return eventlog.Revision(w.NextExpectedVersion),
				eventlog.Position{Commit: w.CommitPosition, Prepare: w.PreparePosition}, nil
		}
		if err := retry.again(ctx, err); err != nil {
			return 0, eventlog.Position{}, err
		}
	}
}

func expectation(r eventlog.Revision) (esdb.ExpectedRevision, error) {
	switch {
	case r >= 0:
		return esdb.Revision(uint64(r)), nil
	case r == eventlog.NoStream:
		return esdb.NoStream{}, nil
	case r == eventlog.Any:
		return esdb.Any{}, nil
	default:
		return nil, fmt.Errorf("%d is not a revision", r)
	}
}
