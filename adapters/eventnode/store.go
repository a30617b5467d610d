package eventnode

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
)

// querier is a pool or a connection.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// streamState is the end of a stream. Of a metadata stream it also holds the
// content of the last event.
type streamState struct {
	last int64 // revision of the last event, noStream when there is none
	raw  []byte
	meta streamMeta

	// idsKnown says that the writer remembers the ids of the latest events.
	idsKnown bool
}

const (
	stateCacheSize = 100_000 // streams in each of two generations
	idCacheSize    = 200_000 // event ids likewise
	recentIDs      = 1024    // event ids of a stream looked up when it is first met
)

// store reads the log and remembers the ends of streams. The writer keeps that
// memory exact; readers fill it only when no write came in between.
type store struct {
	pool *pgxpool.Pool

	mu      sync.Mutex
	version int64 // moves with every write
	states  *generations[string, streamState]
}

func newStore(pool *pgxpool.Pool) *store {
	return &store{pool: pool, states: newGenerations[string, streamState](stateCacheSize)}
}

func (s *store) cached(stream string) (streamState, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.states.get(stream)
}

// committed records the ends of streams after a write.
func (s *store) committed(states map[string]streamState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
	for stream, state := range states {
		s.states.put(stream, state)
	}
}

// forget drops everything remembered, when the outcome of a write is unknown.
func (s *store) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
	s.states.clear()
}

// state returns the ends of a stream and of its metadata stream for a reader.
func (s *store) state(ctx context.Context, stream string) (state, meta streamState, err error) {
	metaStream := metaStreamOf(stream)
	s.mu.Lock()
	state, known := s.states.get(stream)
	meta, metaKnown := s.states.get(metaStream)
	version := s.version
	s.mu.Unlock()
	if known && metaKnown {
		return state, meta, nil
	}
	rows, err := s.pool.Query(ctx, endsOf(`(VALUES ($1::text), ($2::text))`), stream, metaStream)
	loaded, err := statesIn(rows, err, stream, metaStream)
	if err != nil {
		return streamState{}, streamState{}, err
	}
	state, meta = loaded[stream], loaded[metaStream]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.version == version {
		s.states.put(stream, state)
		s.states.put(metaStream, meta)
	}
	return state, meta, nil
}

// endsOf reads the ends of streams from the log. For a list of two it is planned once,
// for an array each time anew.
func endsOf(streams string) string {
	return `SELECT s.name, e.revision, CASE WHEN starts_with(s.name, '$$') THEN e.data END
		FROM ` + streams + ` AS s(name), LATERAL (
			SELECT revision, data FROM eventnode.events WHERE stream = s.name ORDER BY revision DESC LIMIT 1) e`
}

// loadStates reads the ends of streams for the writer.
func loadStates(ctx context.Context, q querier, streams []string) (map[string]streamState, error) {
	rows, err := q.Query(ctx, endsOf(`unnest($1::text[])`), streams)
	return statesIn(rows, err, streams...)
}

// statesIn are the ends of streams that a query has given.
func statesIn(rows pgx.Rows, err error, streams ...string) (map[string]streamState, error) {
	if err != nil {
		return nil, fmt.Errorf("read ends of streams: %w", err)
	}
	states := make(map[string]streamState, len(streams))
	for _, name := range streams {
		states[name] = streamState{last: noStream}
	}
	var name string
	var last int64
	var data []byte
	_, err = pgx.ForEachRow(rows, []any{&name, &last, &data}, func() error {
		states[name] = newStreamState(name, last, append([]byte(nil), data...))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read ends of streams: %w", err)
	}
	return states, nil
}

// newStreamState is the state of a stream whose last event has this content.
func newStreamState(stream string, last int64, content []byte) streamState {
	if !isMetaStream(stream) || last == tombstoneRevision {
		return streamState{last: last}
	}
	return streamState{last: last, raw: content, meta: parseStreamMeta(content)}
}

// storedEvent says where an event id is in the log.
type storedEvent struct {
	stream   string
	revision int64
	position int64
}

// loadRecentIDs reads the ids of the latest events of streams.
func loadRecentIDs(ctx context.Context, q querier, streams []string, found func(id [16]byte, at storedEvent)) error {
	rows, err := q.Query(ctx, `SELECT s.name, e.revision, e.position, e.id
		FROM unnest($1::text[]) AS s(name), LATERAL (
			SELECT revision, position, id FROM eventnode.events
			WHERE stream = s.name ORDER BY revision DESC LIMIT $2) e`, streams, recentIDs)
	if err != nil {
		return fmt.Errorf("read recent event ids: %w", err)
	}
	var at storedEvent
	var id [16]byte
	_, err = pgx.ForEachRow(rows, []any{&at.stream, &at.revision, &at.position, &id}, func() error {
		found(id, at)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read recent event ids: %w", err)
	}
	return nil
}

// page is one bounded query of the log. Bounds are inclusive.
type page struct {
	stream    string // empty for $all
	from, to  int64  // revisions of a stream, positions of $all
	backwards bool
	prefixes  []string // that streams of $all begin with, one of them; nil: any
	oldest    time.Time
	limit     int
}

func (s *store) read(ctx context.Context, p page) ([]*record, error) {
	return readPage(ctx, s.pool, p)
}

func readPage(ctx context.Context, q querier, p page) ([]*record, error) {
	key, order, where := "position", "", ""
	args := []any{p.from, p.to, p.limit}
	if p.stream != "" {
		key = "revision"
		args = append(args, p.stream)
		where = " AND stream = $4"
	}
	if p.prefixes != nil {
		args = append(args, p.prefixes)
		where += fmt.Sprintf(" AND stream ^@ ANY($%d)", len(args))
	}
	if !p.oldest.IsZero() {
		args = append(args, p.oldest)
		where += fmt.Sprintf(" AND created >= $%d", len(args))
	}
	if p.backwards {
		order = " DESC"
	}
	rows, err := q.Query(ctx, `SELECT position, revision, created, id, is_json, stream, type, data, metadata
		FROM eventnode.events WHERE `+key+` BETWEEN $1 AND $2`+where+` ORDER BY `+key+order+` LIMIT $3`, args...)
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	var records []*record
	var r record
	_, err = pgx.ForEachRow(rows, []any{&r.position, &r.revision, &r.created, &r.id, &r.isJSON, &r.stream, &r.typ,
		(*pgtype.DriverBytes)(&r.data), (*pgtype.DriverBytes)(&r.metadata)}, func() error {
		records = append(records, newRecord(r))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	return records, nil
}
