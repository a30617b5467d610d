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

// plan decides a group of requests in order, each seeing the effects of those
// before it, and collects what has to be written for them. Nothing it says may be
// told to a caller before its records are committed.
type plan struct {
	ctx     context.Context
	q       querier
	now     time.Time
	next    int64 // position of the next record
	memory  *generations[[16]byte, storedEvent]
	states  map[string]streamState   // of every stream the group touches
	ids     map[[16]byte]storedEvent // of the records below
	records []*record
}

// decide settles one request against the state of its stream. An error means
// that the log could not be read.
func (p *plan) decide(r *request) (outcome, error) {
	current := p.lastRevision(r.stream)
	if current == tombstoneRevision {
		return outcome{verdict: verdictDeleted}, nil
	}
	deleted := !isMetaStream(r.stream) && p.states[metaStreamOf(r.stream)].meta.softDeleted()
	wrong := outcome{verdict: verdictWrongRevision, revision: current}

	switch {
	case r.expected == anyRevision || r.expected == streamExists:
		if r.expected == streamExists {
			if deleted {
				return outcome{verdict: verdictDeleted}, nil
			}
			if current == noStream && (isMetaStream(r.stream) || p.states[metaStreamOf(r.stream)].last == noStream) {
				return wrong, nil
			}
		}
		if out, repeated := p.repeatedAny(r, wrong); repeated {
			return out, nil
		}
	case r.expected < current:
		if r.op == opAppend {
			out, repeated, err := p.repeatedExact(r, wrong)
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
	return p.apply(r, current, deleted, wrong), nil
}

// lastRevision is the stream's last revision. The metadata of a tombstoned stream
// counts as tombstoned too.
func (p *plan) lastRevision(stream string) int64 {
	if isMetaStream(stream) && p.states[originalStreamOf(stream)].last == tombstoneRevision {
		return tombstoneRevision
	}
	return p.states[stream].last
}

// repeatedAny recognises a repeated append that names no revision, as far as its
// event ids are remembered. It is not repeated when the first id is unknown; with
// the first known and another not, it is neither old nor new and refused.
func (p *plan) repeatedAny(r *request, wrong outcome) (outcome, bool) {
	var last storedEvent
	for i, e := range r.events {
		at, ok := p.ids[e.id]
		if !ok {
			at, ok = p.memory.get(e.id)
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
func (p *plan) repeatedExact(r *request, wrong outcome) (outcome, bool, error) {
	if len(r.events) == 0 {
		return wrong, true, nil
	}
	stored, err := p.idsAfter(r.stream, r.expected, len(r.events))
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
// then from this plan.
func (p *plan) idsAfter(stream string, revision int64, n int) ([]*record, error) {
	stored, err := readPage(p.ctx, p.q, page{stream: stream, from: revision + 1, to: revision + int64(n), limit: n})
	if err != nil {
		return nil, err
	}
	for _, rec := range p.records {
		if rec.stream == stream && rec.revision > revision && len(stored) < n {
			stored = append(stored, rec)
		}
	}
	return stored, nil
}

// apply adds what the accepted request writes.
func (p *plan) apply(r *request, current int64, deleted bool, wrong outcome) outcome {
	switch r.op {
	case opDelete:
		meta := metaStreamOf(r.stream)
		if current == noStream && p.states[meta].last == noStream {
			return wrong
		}
		return p.add(meta, systemEvent(typeMetadata, softDeleteMetadata()))
	case opTombstone:
		return p.addAt(r.stream, tombstoneRevision, systemEvent(typeStreamDeleted, nil))
	}
	if len(r.events) == 0 {
		return outcome{revision: current}
	}
	undelete := isMetaStream(r.stream) && p.states[r.stream].meta.softDeleted()
	var out outcome
	for _, e := range r.events {
		out = p.add(r.stream, e)
	}
	switch {
	case deleted: // the stream begins again after what was deleted
		p.undelete(metaStreamOf(r.stream), current+1)
	case undelete:
		p.undelete(r.stream, p.states[originalStreamOf(r.stream)].last+1)
	}
	return out
}

// undelete sets $tb so that the stream shows what follows, keeping other metadata.
func (p *plan) undelete(meta string, from int64) {
	if content, ok := withTruncateBefore(p.states[meta].raw, from); ok {
		p.add(meta, systemEvent(typeMetadata, content))
	}
}

func systemEvent(typ string, data []byte) proposed {
	return proposed{id: uuid.New(), typ: typ, isJSON: true, data: data}
}

func (p *plan) add(stream string, e proposed) outcome {
	return p.addAt(stream, p.states[stream].last+1, e)
}

func (p *plan) addAt(stream string, revision int64, e proposed) outcome {
	rec := newRecord(record{
		position: p.next, revision: revision, created: p.now, id: e.id, isJSON: e.isJSON,
		stream: stream, typ: e.typ, data: e.data, metadata: e.metadata,
	})
	p.next++
	p.records = append(p.records, rec)
	p.ids[e.id] = storedEvent{stream: stream, revision: revision, position: rec.position}
	state := newStreamState(stream, revision, rec.data)
	state.idsKnown = p.states[stream].idsKnown
	p.states[stream] = state
	return outcome{revision: revision, position: rec.position}
}

// load fetches the states of all streams the requests touch.
func (p *plan) load(s *store, requests []*request) error {
	var unknown []string
	want := func(stream string) {
		if _, ok := p.states[stream]; ok {
			return
		}
		state, ok := s.cached(stream)
		if !ok {
			unknown = append(unknown, stream)
		}
		p.states[stream] = state
	}
	for _, r := range requests {
		want(r.stream)
		if isMetaStream(r.stream) {
			want(originalStreamOf(r.stream))
		} else {
			want(metaStreamOf(r.stream))
		}
	}
	if len(unknown) > 0 {
		loaded, err := loadStates(p.ctx, p.q, unknown)
		if err != nil {
			return err
		}
		maps.Copy(p.states, loaded)
	}
	return p.loadIDs(requests)
}

// loadIDs remembers the ids of the latest events of streams appended to without a
// revision for the first time, so that a retry is recognised after a restart too.
func (p *plan) loadIDs(requests []*request) error {
	var streams []string
	for _, r := range requests {
		state := p.states[r.stream]
		if state.idsKnown || (r.expected != anyRevision && r.expected != streamExists) {
			continue
		}
		if state.last != noStream {
			streams = append(streams, r.stream)
		}
		state.idsKnown = true
		p.states[r.stream] = state
	}
	if len(streams) == 0 {
		return nil
	}
	return loadRecentIDs(p.ctx, p.q, streams, func(id [16]byte, at storedEvent) {
		if known, ok := p.memory.get(id); !ok || known.stream != at.stream || known.revision < at.revision {
			p.memory.put(id, at)
		}
	})
}
