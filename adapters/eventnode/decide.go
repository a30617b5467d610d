package eventnode

import (
	"context"
	"maps"
	"time"

	"github.com/google/uuid"
)

// Expected revisions that are no revision.
const (
	noStream     = -1
	anyRevision  = -2
	streamExists = -4
)

type operation int

const (
	opAppend operation = iota
	opDelete
	opTombstone
)

// request is one append, delete or tombstone that waits for the writer.
type request struct {
	ctx      context.Context // the caller's: an abandoned request is not written
	op       operation
	stream   string
	expected int64
	events   []proposed
	done     chan outcome // buffered: the writer never waits for a caller
}

type proposed struct {
	id       [16]byte
	typ      string
	isJSON   bool
	data     []byte
	metadata []byte
}

type verdict int

const (
	verdictOK verdict = iota
	verdictWrongRevision
	verdictDeleted
)

// outcome answers a request. When err is nil the verdict counts.
type outcome struct {
	verdict  verdict
	revision int64 // OK: of the last event, or noStream; WrongRevision: the current one
	position int64 // OK: of the last event; 0 when nothing was written
	err      error
}

// decision settles a group of requests in order, each seeing the effects of those
// before it, and collects what has to be written for them. Nothing it says may be
// told to a caller before its records are committed.
type decision struct {
	ctx     context.Context
	q       querier
	now     time.Time
	next    int64 // position of the next record
	memory  *generations[[16]byte, storedEvent]
	states  map[string]streamState   // of every stream the group touches
	ids     map[[16]byte]storedEvent // of the records below
	records []*record

	// What appends expect to be new is taken to be new, and not looked up: the write
	// checks it (session.insert).
	presumes bool
	presumed []string
}

// decide settles one request against the state of its stream. An error means
// that the log could not be read.
func (d *decision) decide(r *request) (outcome, error) {
	current := d.lastRevision(r.stream)
	if current == tombstoneRevision {
		return outcome{verdict: verdictDeleted}, nil
	}
	deleted := !isMetaStream(r.stream) && d.states[metaStreamOf(r.stream)].meta.softDeleted()
	wrong := outcome{verdict: verdictWrongRevision, revision: current}

	switch {
	case r.expected == anyRevision || r.expected == streamExists:
		if r.expected == streamExists {
			if deleted {
				return outcome{verdict: verdictDeleted}, nil
			}
			if current == noStream && (isMetaStream(r.stream) || d.states[metaStreamOf(r.stream)].last == noStream) {
				return wrong, nil
			}
		}
		if out, repeated := d.repeatedAny(r, wrong); repeated {
			return out, nil
		}
	case r.expected < current:
		if r.op == opAppend {
			out, repeated, err := d.repeatedExact(r, wrong)
			if err != nil || repeated {
				return out, err
			}
		}
		if r.expected != noStream || !deleted {
			return wrong, nil
		}
	case r.expected > current:
		return wrong, nil
	}
	return d.apply(r, current, deleted, wrong), nil
}

// lastRevision is the stream's last revision. The metadata of a tombstoned stream
// counts as tombstoned too.
func (d *decision) lastRevision(stream string) int64 {
	if isMetaStream(stream) && d.states[originalStreamOf(stream)].last == tombstoneRevision {
		return tombstoneRevision
	}
	return d.states[stream].last
}

// repeatedAny recognises a repeated append that names no revision, as far as its
// event ids are remembered. It is not repeated when the first id is unknown; with
// the first known and another not, it is neither old nor new and refused.
func (d *decision) repeatedAny(r *request, wrong outcome) (outcome, bool) {
	var last storedEvent
	for i, e := range r.events {
		at, ok := d.ids[e.id]
		if !ok {
			at, ok = d.memory.get(e.id)
		}
		if !ok || at.stream != r.stream {
			return wrong, i > 0
		}
		last = at
	}
	return outcome{revision: last.revision, position: last.position}, len(r.events) > 0
}

// repeatedExact recognises a repeated append by the ids of the events that follow
// the expected revision. When only some of them match it is refused.
func (d *decision) repeatedExact(r *request, wrong outcome) (outcome, bool, error) {
	if len(r.events) == 0 {
		return wrong, true, nil
	}
	stored, err := d.idsAfter(r.stream, r.expected, len(r.events))
	if err != nil {
		return outcome{}, false, err
	}
	for i, e := range r.events {
		if i >= len(stored) || stored[i].id != e.id {
			return wrong, i > 0, nil
		}
	}
	last := stored[len(r.events)-1]
	return outcome{revision: last.revision, position: last.position}, true, nil
}

// idsAfter lists up to n events of the stream after the revision, from the log and
// then from this decision.
func (d *decision) idsAfter(stream string, revision int64, n int) ([]*record, error) {
	stored, err := readPage(d.ctx, d.q, page{stream: stream, from: revision + 1, to: revision + int64(n), limit: n})
	if err != nil {
		return nil, err
	}
	for _, rec := range d.records {
		if rec.stream == stream && rec.revision > revision && len(stored) < n {
			stored = append(stored, rec)
		}
	}
	return stored, nil
}

// apply adds what the accepted request writes.
func (d *decision) apply(r *request, current int64, deleted bool, wrong outcome) outcome {
	switch r.op {
	case opDelete:
		meta := metaStreamOf(r.stream)
		if current == noStream && d.states[meta].last == noStream {
			return wrong
		}
		return d.add(meta, systemEvent(typeMetadata, softDeleteMetadata()))
	case opTombstone:
		return d.addAt(r.stream, tombstoneRevision, systemEvent(typeStreamDeleted, nil))
	}
	if len(r.events) == 0 {
		return outcome{revision: current}
	}
	undelete := isMetaStream(r.stream) && d.states[r.stream].meta.softDeleted()
	var out outcome
	for _, e := range r.events {
		out = d.add(r.stream, e)
	}
	switch {
	case deleted: // the stream begins again after what was deleted
		d.undelete(metaStreamOf(r.stream), current+1)
	case undelete:
		d.undelete(r.stream, d.states[originalStreamOf(r.stream)].last+1)
	}
	return out
}

// undelete sets $tb so that the stream shows what follows, keeping other metadata.
func (d *decision) undelete(meta string, from int64) {
	if content, ok := withTruncateBefore(d.states[meta].raw, from); ok {
		d.add(meta, systemEvent(typeMetadata, content))
	}
}

func systemEvent(typ string, data []byte) proposed {
	return proposed{id: uuid.New(), typ: typ, isJSON: true, data: data}
}

func (d *decision) add(stream string, e proposed) outcome {
	return d.addAt(stream, d.states[stream].last+1, e)
}

func (d *decision) addAt(stream string, revision int64, e proposed) outcome {
	rec := newRecord(record{
		position: d.next, revision: revision, created: d.now, id: e.id, isJSON: e.isJSON,
		stream: stream, typ: e.typ, data: e.data, metadata: e.metadata,
	})
	d.next++
	d.records = append(d.records, rec)
	d.ids[e.id] = storedEvent{stream: stream, revision: revision, position: rec.position}
	state := newStreamState(stream, revision, rec.data)
	state.idsKnown = d.states[stream].idsKnown
	d.states[stream] = state
	return outcome{revision: revision, position: rec.position}
}

// load fetches the states of all streams the requests touch.
func (d *decision) load(s *store, requests []*request) error {
	var unknown []string
	want := func(stream string, isNew bool) {
		if _, ok := d.states[stream]; ok {
			return
		}
		state, ok := s.cached(stream)
		switch {
		case !ok && isNew:
			state = streamState{last: noStream}
			d.presumed = append(d.presumed, stream)
		case !ok:
			unknown = append(unknown, stream)
		}
		d.states[stream] = state
	}
	for _, r := range requests {
		isNew := d.presumes && r.op == opAppend && r.expected == noStream && len(r.events) > 0 && !isMetaStream(r.stream)
		want(r.stream, isNew)
		if isMetaStream(r.stream) {
			want(originalStreamOf(r.stream), false)
		} else {
			want(metaStreamOf(r.stream), isNew)
		}
	}
	if len(unknown) > 0 {
		loaded, err := loadStates(d.ctx, d.q, unknown)
		if err != nil {
			return err
		}
		maps.Copy(d.states, loaded)
	}
	return d.loadIDs(requests)
}

// loadIDs remembers the ids of the latest events of streams appended to without a
// revision for the first time, so that a retry is recognised after a restart too.
func (d *decision) loadIDs(requests []*request) error {
	var streams []string
	for _, r := range requests {
		state := d.states[r.stream]
		if state.idsKnown || (r.expected != anyRevision && r.expected != streamExists) {
			continue
		}
		if state.last != noStream {
			streams = append(streams, r.stream)
		}
		state.idsKnown = true
		d.states[r.stream] = state
	}
	if len(streams) == 0 {
		return nil
	}
	return loadRecentIDs(d.ctx, d.q, streams, func(id [16]byte, at storedEvent) {
		if known, ok := d.memory.get(id); !ok || known.stream != at.stream || known.revision < at.revision {
			d.memory.put(id, at)
		}
	})
}
