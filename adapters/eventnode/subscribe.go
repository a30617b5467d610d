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

// page reads from PostgreSQL what the tail no longer holds.
func (s *allSubscription) page() ([]*record, error) {
	s.caughtUp = false
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
		s.unreported++
		if s.filter != nil && s.unreported >= s.filter.interval {
			if err := s.sendCheckpoint(); err != nil {
				return err
			}
		}
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
