// Package eventlogtest is a log in memory for tests of what lies above the log.
// It counts what is asked of it.
package eventlogtest

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// Memory is a log in memory. The zero value is empty and ready.
type Memory struct {
	mu      sync.Mutex
	all     []eventlog.Recorded
	streams map[string][]int // indexes into all
	reads   []string         // streams, in the order in which they were read
	appends []string
	before  func(stream string)
}

// Count forgets what was asked of the log so far.
func (m *Memory) Count() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads, m.appends = nil, nil
}

// Reads are the streams that were read since Count, each as often as it was.
func (m *Memory) Reads() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.reads)
}

// Appends are the streams that were appended to since Count.
func (m *Memory) Appends() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.appends)
}

// BeforeAppend lets a test do something before each append, such as being faster.
func (m *Memory) BeforeAppend(do func(stream string)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.before = do
}

// Append is that of eventlog.Log: a repeated append with the same ids is the same
// append.
func (m *Memory) Append(_ context.Context, stream string, expected eventlog.Revision, events ...eventlog.NewEvent) (eventlog.Revision, eventlog.Position, error) {
	m.mu.Lock()
	before := m.before
	m.mu.Unlock()
	if before != nil {
		before(stream)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.appends = append(m.appends, stream)
	have := m.streams[stream]
	if expected != eventlog.Any && int(expected) != len(have)-1 {
		if last, same := m.repeated(have, int(expected)+1, events); same {
			return last.Revision, last.Position, nil
		}
		return 0, eventlog.Position{}, fmt.Errorf("append to %s at %d: %w", stream, expected, eventlog.ErrConflict)
	}
	if m.streams == nil {
		m.streams = map[string][]int{}
	}
	for _, e := range events {
		n := uint64(len(m.all) + 1)
		m.streams[stream] = append(m.streams[stream], len(m.all))
		m.all = append(m.all, eventlog.Recorded{
			ID: e.ID, Stream: stream, Revision: eventlog.Revision(len(m.streams[stream]) - 1), Position: eventlog.Position{Commit: n, Prepare: n},
			RecordedAt: time.Unix(0, 0).UTC(), Event: e.Event, Metadata: e.Metadata,
		})
	}
	last := m.all[len(m.all)-1]
	return last.Revision, last.Position, nil
}

// repeated finds the events of an earlier append.
func (m *Memory) repeated(have []int, from int, events []eventlog.NewEvent) (last eventlog.Recorded, same bool) {
	for i, e := range events {
		if from+i >= len(have) || m.all[have[from+i]].ID != e.ID {
			return last, false
		}
		last = m.all[have[from+i]]
	}
	return last, len(events) > 0
}

// ReadStream is that of eventlog.Log.
func (m *Memory) ReadStream(_ context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		for _, e := range m.read(stream) {
			if e.Revision >= from && !yield(e, nil) {
				return
			}
		}
	}
}

// ReadLast is that of eventlog.Log.
func (m *Memory) ReadLast(_ context.Context, stream string) (eventlog.Recorded, bool, error) {
	events := m.read(stream)
	if len(events) == 0 {
		return eventlog.Recorded{}, false, nil
	}
	return events[len(events)-1], true, nil
}

func (m *Memory) read(stream string) []eventlog.Recorded {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads = append(m.reads, stream)
	var events []eventlog.Recorded
	for _, i := range m.streams[stream] {
		events = append(events, m.all[i])
	}
	return events
}

// ReadAll is that of eventlog.Log.
func (m *Memory) ReadAll(_ context.Context, after eventlog.Position, prefixes ...string) iter.Seq2[eventlog.Recorded, error] {
	m.mu.Lock()
	all := slices.Clone(m.all)
	m.mu.Unlock()
	return func(yield func(eventlog.Recorded, error) bool) {
		for _, e := range all {
			wanted := slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(e.Stream, p) })
			if wanted && after.Before(e.Position) && !yield(e, nil) {
				return
			}
		}
	}
}
