package eventnode

import (
	"math"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Subscriptions read the log on their own: from the tail while they keep up, else
// from PostgreSQL. A slow one holds up nobody.

func (r *reading) confirm() error {
	return r.call.Send(&streams.ReadResp{Content: &streams.ReadResp_Confirmation{
		Confirmation: &streams.ReadResp_SubscriptionConfirmation{SubscriptionId: uuid.NewString()},
	}})
}

func (r *reading) caughtUp() error {
	return r.call.Send(&streams.ReadResp{Content: &streams.ReadResp_CaughtUp_{CaughtUp: &streams.ReadResp_CaughtUp{}}})
}

func (r *reading) fellBehind() error {
	return r.call.Send(&streams.ReadResp{Content: &streams.ReadResp_FellBehind_{FellBehind: &streams.ReadResp_FellBehind{}}})
}

// wait blocks until the log has moved past the position.
func (r *reading) wait(position int64) error {
	select {
	case <-r.node.tail.wait(position):
		return nil
	case <-r.ctx.Done():
		return failed(r.ctx.Err())
	case <-r.node.stopping:
		return status.Error(codes.Unavailable, errStopping.Error())
	}
}

// allSubscription follows $all.
type allSubscription struct {
	*reading
	after      int64 // position of the last event considered
	considered int64 // events since the last checkpoint
	checkpoint int64 // position of the last checkpoint
	live       bool
}

func (r *reading) subscribeAll() error {
	r.node.metrics.subscriptions.Inc()
	defer r.node.metrics.subscriptions.Dec()
	s := &allSubscription{reading: r, after: r.subscriptionStart()}
	if err := r.confirm(); err != nil {
		return err
	}
	for {
		records, inMemory := r.node.tail.after(s.after, pageMax)
		if !inMemory {
			var err error
			if records, err = s.page(); err != nil {
				return err
			}
		}
		if err := s.deliver(records); err != nil {
			return err
		}
		if len(records) == 0 {
			if err := s.idle(); err != nil {
				return err
			}
		}
	}
}

// subscriptionStart is the position the subscription begins after. Positions are
// pairs; here both halves are equal, but a checkpoint of the real server may have
// prepare 0 and then stands before the event at its commit position.
func (r *reading) subscriptionStart() int64 {
	switch v := r.options.GetAll().GetAllOption().(type) {
	case *streams.ReadReq_Options_AllOptions_Position:
		commit, prepare := v.Position.GetCommitPosition(), v.Position.GetPreparePosition()
		switch {
		case commit == math.MaxUint64:
			return r.node.tail.last()
		case prepare >= commit:
			return clampPosition(commit)
		}
		return clampPosition(commit) - 1
	case *streams.ReadReq_Options_AllOptions_End:
		return r.node.tail.last()
	default:
		return 0
	}
}

// page reads from PostgreSQL what the tail no longer holds.
func (s *allSubscription) page() ([]*record, error) {
	if s.live {
		if err := s.fellBehind(); err != nil {
			return nil, err
		}
		s.live = false
	}
	head := s.node.tail.last()
	records, err := s.node.store.read(s.ctx, page{from: s.after + 1, to: math.MaxInt64, limit: s.limit})
	if err != nil {
		return nil, failed(err)
	}
	if len(records) == 0 {
		s.after = max(s.after, head)
		return nil, nil
	}
	s.adapt(records)
	return records, nil
}

func (s *allSubscription) deliver(records []*record) error {
	for _, rec := range records {
		if _, err := s.send(rec); err != nil {
			return err
		}
		s.after = rec.position
		s.considered++
		if s.filter != nil && s.considered >= s.filter.interval {
			if err := s.sendCheckpoint(); err != nil {
				return err
			}
		}
	}
	return nil
}

// idle says that the end of the log is reached and waits for more.
func (s *allSubscription) idle() error {
	if !s.live {
		if s.filter != nil {
			if err := s.sendCheckpoint(); err != nil {
				return err
			}
		}
		if err := s.caughtUp(); err != nil {
			return err
		}
		s.live = true
	}
	return s.wait(s.after)
}

// sendCheckpoint tells how far the log has been considered, matching or not.
func (s *allSubscription) sendCheckpoint() error {
	s.considered = 0
	if s.after <= s.checkpoint {
		return nil
	}
	s.checkpoint = s.after
	return s.call.Send(&streams.ReadResp{Content: &streams.ReadResp_Checkpoint_{Checkpoint: &streams.ReadResp_Checkpoint{
		CommitPosition: uint64(s.after), PreparePosition: uint64(s.after),
	}}})
}

// subscribeStream follows one stream: its past from PostgreSQL, then the tail.
func (r *reading) subscribeStream(stream string) error {
	r.node.metrics.subscriptions.Inc()
	defer r.node.metrics.subscriptions.Dec()
	after, err := r.streamSubscriptionStart(stream)
	if err != nil {
		return failed(err)
	}
	if err := r.confirm(); err != nil {
		return err
	}
	for {
		position := r.node.tail.last() // before the query: what it misses, the tail has
		if after, err = r.catchUp(stream, after); err != nil {
			return err
		}
		if err := r.caughtUp(); err != nil {
			return err
		}
		for inMemory := true; inMemory; {
			var records []*record
			if records, inMemory = r.node.tail.after(position, pageMax); !inMemory {
				break
			}
			for _, rec := range records {
				position = rec.position
				if rec.stream != stream || rec.revision <= after {
					continue
				}
				after = rec.revision
				if err := r.sendOfStream(rec); err != nil {
					return err
				}
			}
			if len(records) == 0 {
				if err := r.wait(position); err != nil {
					return err
				}
			}
		}
		if err := r.fellBehind(); err != nil {
			return err
		}
	}
}

func (r *reading) streamSubscriptionStart(stream string) (int64, error) {
	switch v := r.options.GetStream().GetRevisionOption().(type) {
	case *streams.ReadReq_Options_StreamOptions_Revision:
		return int64(min(v.Revision, math.MaxInt64)), nil
	case *streams.ReadReq_Options_StreamOptions_End:
		last, _, err := r.state(stream)
		if last == tombstoneRevision {
			return noStream, err // to be told that it is deleted
		}
		return last, err
	default:
		return noStream, nil
	}
}

// catchUp sends what PostgreSQL has of the stream after the revision.
func (r *reading) catchUp(stream string, after int64) (int64, error) {
	for {
		last, meta, err := r.state(stream)
		switch {
		case err != nil:
			return after, failed(err)
		case last == tombstoneRevision:
			return after, errStreamDeleted(r.ctx, stream)
		case last == noStream || meta.softDeleted():
			return after, nil
		}
		from := max(after, meta.firstRevision(last)-1)
		if from >= last {
			return after, nil
		}
		p := page{stream: stream, from: from + 1, to: last, oldest: meta.oldest(time.Now()), limit: r.limit}
		records, err := r.node.store.read(r.ctx, p)
		if err != nil {
			return after, failed(err)
		}
		if len(records) == 0 {
			return after, nil
		}
		for _, rec := range records {
			after = rec.revision
			if err := r.sendOfStream(rec); err != nil {
				return after, err
			}
		}
		r.adapt(records)
	}
}

// sendOfStream sends an event of the stream subscribed to. A tombstone ends it.
func (r *reading) sendOfStream(rec *record) error {
	if _, err := r.send(rec); err != nil {
		return err
	}
	if rec.revision == tombstoneRevision {
		return errStreamDeleted(r.ctx, rec.stream)
	}
	return nil
}
