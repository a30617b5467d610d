package eventnode

import (
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Subscriptions read the log on their own: from the tail while they keep up, else
// from PostgreSQL. A slow one holds up nobody.
//
// A subscription that does not keep up is not told so: the protocol has a message
// for it, FellBehind, but the real server never sends it. CaughtUp comes again
// when the end of the log is reached again.

func (r *reading) confirm() error {
	return r.call.Send(&streams.ReadResp{Content: &streams.ReadResp_Confirmation{
		Confirmation: &streams.ReadResp_SubscriptionConfirmation{SubscriptionId: uuid.NewString()},
	}})
}

// sendCaughtUp sends an empty message. From 25.0.1 on the real server puts a
// timestamp and a position into it; this version of the protocol has no such
// fields.
func (r *reading) sendCaughtUp() error {
	return r.call.Send(&streams.ReadResp{Content: &streams.ReadResp_CaughtUp_{CaughtUp: &streams.ReadResp_CaughtUp{}}})
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
	after      int64 // position of the last event looked at
	unreported int64 // events looked at since the last checkpoint
	checkpoint int64 // position of the last checkpoint
	caughtUp   bool  // the client was told so and has had everything since
}

func (r *reading) subscribeAll() error {
	r.node.metrics.subscriptions.Inc()
	defer r.node.metrics.subscriptions.Dec()
	s := &allSubscription{reading: r, after: r.allStart()}
	if err := r.confirm(); err != nil {
		return err
	}
	for {
		records, inMemory := r.node.tail.after(s.after, pageMax)
		upto := lastPosition(records, s.after)
		if !inMemory {
			var err error
			if records, upto, err = s.page(); err != nil {
				return err
			}
		}
		if upto <= s.after {
			if err := s.idle(); err != nil {
				return err
			}
			continue
		}
		if err := s.deliver(records, upto); err != nil {
			return err
		}
	}
}

// allStart is the position that a subscription of $all begins after. Positions are
// pairs; here both halves are equal, but a checkpoint of the real server may have
// prepare 0 and then stands before the event at its commit position.
func (r *reading) allStart() int64 {
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

// searchWindow is the most events that PostgreSQL looks through in one go for those
// with one of a few prefixes: some ten milliseconds.
const searchWindow = 10_000

// page reads from PostgreSQL what the tail no longer holds, and tells up to which
// position that is all.
func (s *allSubscription) page() (records []*record, upto int64, err error) {
	s.caughtUp = false
	head := s.node.tail.last()
	p := page{from: s.after + 1, to: math.MaxInt64, limit: s.limit}
	if s.filter != nil && s.filter.prefixes != nil {
		p.prefixes, p.to = s.filter.prefixes, min(s.after+searchWindow, head)
	}
	if records, err = s.node.store.read(s.ctx, p); err != nil {
		return nil, s.after, failed(err)
	}
	if len(records) > 0 {
		s.adapt(records)
	}
	switch {
	case len(records) == p.limit:
		return records, lastPosition(records, s.after), nil
	case p.prefixes != nil:
		return records, p.to, nil
	}
	return records, lastPosition(records, head), nil
}

// lastPosition is the position of the last record; where there are no records, it is none.
func lastPosition(records []*record, none int64) int64 {
	if len(records) == 0 {
		return none
	}
	return records[len(records)-1].position
}

// deliver sends those of the records that pass the filter. Up to a position they are all
// there are; the subscription goes on from there.
func (s *allSubscription) deliver(records []*record, upto int64) error {
	for _, rec := range records {
		if _, err := s.send(rec); err != nil {
			return err
		}
		if err := s.lookedAt(rec.position); err != nil {
			return err
		}
	}
	return s.lookedAt(upto)
}

// lookedAt notes that all events up to a position were looked at; they have no gaps.
func (s *allSubscription) lookedAt(position int64) error {
	s.unreported += max(0, position-s.after)
	s.after = max(s.after, position)
	if s.filter != nil && s.unreported >= s.filter.interval {
		return s.sendCheckpoint()
	}
	return nil
}

// idle says that the end of the log is reached and waits for more.
func (s *allSubscription) idle() error {
	if !s.caughtUp {
		if s.filter != nil {
			if err := s.sendCheckpoint(); err != nil {
				return err
			}
		}
		if err := s.sendCaughtUp(); err != nil {
			return err
		}
		s.caughtUp = true
	}
	return s.wait(s.after)
}

// sendCheckpoint says how far the log was looked through, whether events matched
// or not.
func (s *allSubscription) sendCheckpoint() error {
	s.unreported = 0
	if s.after <= s.checkpoint {
		return nil
	}
	s.checkpoint = s.after
	return s.call.Send(&streams.ReadResp{Content: &streams.ReadResp_Checkpoint_{Checkpoint: &streams.ReadResp_Checkpoint{
		CommitPosition: uint64(s.after), PreparePosition: uint64(s.after),
	}}})
}
