package eventnode

import (
	"math"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// streamSubscription follows one stream.
type streamSubscription struct {
	*reading
	stream   string
	after    int64 // revision of the last event sent
	position int64 // of $all: the tail was looked through so far
}

// subscribeStream sends a stream's past from PostgreSQL, then follows the tail. A
// tombstoned stream is refused before the confirmation, so that the client's call
// fails and not the subscription.
func (r *reading) subscribeStream(stream string) error {
	last, _, err := r.state(stream)
	if err != nil {
		return failed(err)
	}
	if last == tombstoneRevision {
		return errStreamDeleted(r.ctx, stream)
	}
	r.node.metrics.subscriptions.Inc()
	defer r.node.metrics.subscriptions.Dec()
	s := &streamSubscription{reading: r, stream: stream, after: r.streamStart(last)}
	if err := r.confirm(); err != nil {
		return err
	}
	for {
		s.position = r.node.tail.last() // before the query: what it misses, the tail has
		if err := s.catchUp(); err != nil {
			return err
		}
		if err := r.sendCaughtUp(); err != nil {
			return err
		}
		if err := s.followTail(); err != nil {
			return err
		}
	}
}

// streamStart is the revision that a subscription of a stream begins after.
func (r *reading) streamStart(last int64) int64 {
	switch v := r.options.GetStream().GetRevisionOption().(type) {
	case *streams.ReadReq_Options_StreamOptions_Revision:
		return int64(min(v.Revision, math.MaxInt64))
	case *streams.ReadReq_Options_StreamOptions_End:
		return last
	default:
		return noStream
	}
}

// catchUp sends what PostgreSQL has of the stream.
func (s *streamSubscription) catchUp() error {
	for {
		last, meta, err := s.state(s.stream)
		switch {
		case err != nil:
			return failed(err)
		case last == tombstoneRevision:
			return errStreamDeleted(s.ctx, s.stream)
		case last == noStream || meta.softDeleted():
			return nil
		}
		from := max(s.after, meta.firstRevision(last)-1)
		if from >= last {
			return nil
		}
		records, err := s.node.store.read(s.ctx, page{
			stream: s.stream, from: from + 1, to: last, oldest: meta.oldest(time.Now()), limit: s.limit,
		})
		if err != nil {
			return failed(err)
		}
		if len(records) == 0 {
			return nil
		}
		for _, rec := range records {
			if err := s.sendNext(rec); err != nil {
				return err
			}
		}
		s.adapt(records)
	}
}

// followTail sends what is new in the stream. It returns nil when the tail no
// longer reaches back far enough.
func (s *streamSubscription) followTail() error {
	for {
		records, inMemory := s.node.tail.after(s.position, pageMax)
		if !inMemory {
			return nil
		}
		for _, rec := range records {
			s.position = rec.position
			if rec.stream != s.stream || rec.revision <= s.after {
				continue
			}
			if err := s.sendNext(rec); err != nil {
				return err
			}
		}
		if len(records) == 0 {
			if err := s.wait(s.position); err != nil {
				return err
			}
		}
	}
}

// sendNext sends an event of the stream. A tombstone ends the subscription.
func (s *streamSubscription) sendNext(rec *record) error {
	s.after = rec.revision
	if _, err := s.send(rec); err != nil {
		return err
	}
	if rec.revision == tombstoneRevision {
		return errStreamDeleted(s.ctx, rec.stream)
	}
	return nil
}
