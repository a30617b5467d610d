package logcopy_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/logcopy"
)

// store keeps a log as an EventStoreDB does, as far as copies go.
type store struct {
	step uint64 // between positions

	mu       sync.Mutex
	events   []eventlog.Recorded
	streams  map[string][]uuid.UUID
	appends  int
	before   func(n int) error // asked ahead of each append, counted from 1
	answered func(n int) error // what its answer is once it is done
}

func newStore(step uint64) *store { return &store{step: step, streams: map[string][]uuid.UUID{}} }

var errGone = errors.New("gone")

func (s *store) put(e eventlog.Recorded) {
	s.streams[e.Stream] = append(s.streams[e.Stream], e.ID)
	n := uint64(len(s.events)+1) * s.step
	e.Position = eventlog.Position{Commit: n, Prepare: n}
	s.events = append(s.events, e)
}

// grow adds events of some streams, in runs.
func (s *store) grow(n int) *store {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range n {
		stream := fmt.Sprintf("device-%d", len(s.events)/3%5)
		s.put(eventlog.Recorded{
			ID: uuid.New(), Stream: stream, Revision: eventlog.Revision(len(s.streams[stream])),
			Event: sealed(fmt.Sprintf(`{"n": %d}`, i)),
		})
	}
	return s
}

func sealed(data string) eventlog.Sealed {
	return eventlog.Sealed{Name: "Renamed", ContentType: "application/json", Data: []byte(data), Metadata: []byte(`{}`)}
}

// named gives the store the name that a log has.
func (s *store) named() *store {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(eventlog.Recorded{ID: uuid.New(), Stream: eventlog.IdentityStream, Event: sealed(`{}`)})
	return s
}

// with has another log's events up to n, changed by change.
func (s *store) with(other *store, n int, change func(i int, e *eventlog.Recorded) bool) *store {
	for i, e := range other.events[:n] {
		if change == nil || change(i, &e) {
			s.put(e)
		}
	}
	return s
}

func (s *store) End(context.Context) (eventlog.Position, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return eventlog.Position{Commit: uint64(len(s.events)) * s.step}, nil
}

func (s *store) ReadAll(context.Context, eventlog.Position, ...string) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		s.mu.Lock()
		upto := slices.Clone(s.events)
		s.mu.Unlock()
		for _, e := range upto {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (s *store) ReadStream(_ context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, e := range s.events {
			if e.Stream == stream && e.Revision >= from && !yield(e, nil) {
				return
			}
		}
	}
}

func (s *store) Append(_ context.Context, stream string, expected eventlog.Revision, events ...eventlog.Recorded) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.appends++
	if s.before != nil {
		if err := s.before(s.appends); err != nil {
			return err
		}
	}
	ids := s.streams[stream]
	switch current := eventlog.Revision(len(ids) - 1); {
	case expected > current:
		return eventlog.ErrConflict
	case expected == current:
		for i, e := range events {
			e.Revision = expected + 1 + eventlog.Revision(i)
			s.put(e)
		}
	default: // the same append once more?
		for i, e := range events {
			if at := int(expected) + 1 + i; at >= len(ids) || ids[at] != e.ID {
				return eventlog.ErrConflict
			}
		}
	}
	if s.answered != nil {
		return s.answered(s.appends)
	}
	return nil
}

// copied are the events of a store without those that name it.
func copied(s *store) []eventlog.Recorded {
	var all []eventlog.Recorded
	for _, e := range s.events {
		if e.Stream != eventlog.IdentityStream {
			e.Position = eventlog.Position{}
			all = append(all, e)
		}
	}
	return all
}

func requireSame(t *testing.T, from, to *store) {
	t.Helper()
	require.Equal(t, copied(from), copied(to))
}

func run(t *testing.T, from, to *store) (logcopy.Proof, error) {
	t.Helper()
	return logcopy.Copy(t.Context(), from, to, func(logcopy.Progress) {})
}
