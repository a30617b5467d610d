package eventnode

import (
	"sort"
	"sync"
)

const (
	tailMaxRecords = 16 << 10
	tailMaxBytes   = 32 << 20
)

// tail keeps the latest committed records in memory, so that subscriptions which
// keep up never ask PostgreSQL, and says when there are new ones.
type tail struct {
	mu      sync.RWMutex
	records []*record // elements are never overwritten: readers keep sub-slices
	bytes   int
	floor   int64 // every record after this position is here
	head    int64 // position of the last committed record
	changed chan struct{}
}

func newTail(head int64) *tail {
	return &tail{floor: head, head: head, changed: make(chan struct{})}
}

// publish adds records just committed and wakes whoever waits for them.
func (t *tail) publish(records []*record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.records = append(t.records, records...)
	for _, r := range records {
		t.bytes += r.size()
	}
	drop := 0
	for len(t.records)-drop > 1 && (len(t.records)-drop > tailMaxRecords || t.bytes > tailMaxBytes) {
		t.bytes -= t.records[drop].size()
		t.floor = t.records[drop].position
		drop++
	}
	t.records = t.records[drop:]
	t.advance(records[len(records)-1].position)
}

// reset forgets the records and moves to the head found in the database.
func (t *tail) reset(head int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.records, t.bytes, t.floor = nil, 0, head
	t.advance(head)
}

// forget drops the records, not what is known of the end.
func (t *tail) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.records, t.bytes, t.floor = nil, 0, t.head
}

func (t *tail) advance(head int64) {
	t.head = head
	close(t.changed)
	t.changed = make(chan struct{})
}

func (t *tail) last() int64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.head
}

// after returns up to limit records that follow the position, in order. It is
// false when the tail does not reach back that far.
func (t *tail) after(position int64, limit int) ([]*record, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if position < t.floor {
		return nil, false
	}
	i := sort.Search(len(t.records), func(i int) bool { return t.records[i].position > position })
	end := min(i+limit, len(t.records))
	return t.records[i:end:end], true
}

// wait returns a channel that is closed when the log has moved past the position.
func (t *tail) wait(position int64) <-chan struct{} {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.head > position {
		return closedChan
	}
	return t.changed
}

var closedChan = func() chan struct{} { c := make(chan struct{}); close(c); return c }()
