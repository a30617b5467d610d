package eventnode

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	rpc "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// maxOpenBatches bounds the appends one BatchAppend call has under way.
const maxOpenBatches = 1024

// batchCall is one BatchAppend call: many appends, each in one or more messages,
// answered in any order.
type batchCall struct {
	node    *Node
	call    streams.Streams_BatchAppendServer
	open    map[[16]byte]*openBatch
	slots   chan struct{}
	waiting sync.WaitGroup

	mu     sync.Mutex    // Send is not safe for concurrent use
	failed chan struct{} // closed when the whole call has failed
	err    error         // why, set before failed is closed
}

// openBatch is an append whose last message has not come yet.
type openBatch struct {
	batch
	id       *shared.UUID
	options  *streams.BatchAppendReq_Options
	stream   string
	expected int64
	ctx      context.Context
	cancel   context.CancelFunc
}

// BatchAppend serves many appends over one call. When the log cannot be reached the
// call itself fails as unavailable: clients know then that they may try again.
func (s *streamsServer) BatchAppend(call streams.Streams_BatchAppendServer) error {
	c := &batchCall{
		node: s.node, call: call, open: map[[16]byte]*openBatch{},
		slots: make(chan struct{}, maxOpenBatches), failed: make(chan struct{}),
	}
	ended := make(chan error, 1)
	go func() {
		err := c.receiveAll()
		c.waiting.Wait()
		ended <- err
	}()
	select {
	case err := <-ended:
		return err
	case <-s.node.stopping: // clients keep such a call open for ever
		c.fail(failed(errStopping))
	case <-c.failed:
	}
	return c.err // nothing is sent from now on
}

// receiveAll takes messages until the client has no more or the call ends.
func (c *batchCall) receiveAll() error {
	defer func() {
		for _, b := range c.open {
			b.cancel()
		}
	}()
	for {
		req, err := c.call.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := c.receive(req); err != nil {
			return err
		}
	}
}

// receive takes one message. An append that is refused is answered; an error ends
// the whole call.
func (c *batchCall) receive(req *streams.BatchAppendReq) error {
	if req.GetCorrelationId() == nil {
		return errUnreadable
	}
	id, err := parseUUID(req.GetCorrelationId())
	if err != nil {
		return invalid("the correlation id: %s", err)
	}
	b := c.open[id]
	if b == nil {
		if req.GetOptions() == nil {
			return nil // the rest of an append already refused
		}
		if len(c.open) >= maxOpenBatches {
			return invalid("more than %d unfinished appends", maxOpenBatches)
		}
		if b, err = c.begin(req); err != nil {
			c.refuse(req.GetCorrelationId(), req.GetOptions(), statusOf(err))
			return nil
		}
		c.open[id] = b
	}
	for _, m := range req.GetProposedMessages() {
		if err := b.add(m); err != nil {
			delete(c.open, id)
			b.cancel()
			c.refuse(b.id, b.options, statusOf(err))
			return nil
		}
	}
	if !req.GetIsFinal() {
		return nil
	}
	delete(c.open, id)
	return c.submit(b)
}

func (c *batchCall) begin(req *streams.BatchAppendReq) (*openBatch, error) {
	o := req.GetOptions()
	b := &openBatch{batch: batch{maxSize: c.node.opts.MaxAppendSize}, id: req.GetCorrelationId(), options: o}
	var err error
	if b.stream, err = writableStream(o.GetStreamIdentifier()); err != nil {
		return nil, err
	}
	switch v := o.GetExpectedStreamPosition().(type) {
	case *streams.BatchAppendReq_Options_StreamPosition:
		if b.expected, err = exactRevision(v.StreamPosition); err != nil {
			return nil, err
		}
	case *streams.BatchAppendReq_Options_NoStream:
		b.expected = noStream
	case *streams.BatchAppendReq_Options_Any:
		b.expected = anyRevision
	case *streams.BatchAppendReq_Options_StreamExists:
		b.expected = streamExists
	default:
		return nil, errors.New("the expected revision is missing")
	}
	b.ctx, b.cancel = c.call.Context(), func() {}
	switch v := o.GetDeadlineOption().(type) {
	case *streams.BatchAppendReq_Options_Deadline:
		b.ctx, b.cancel = context.WithTimeout(c.call.Context(), v.Deadline.AsDuration())
	case *streams.BatchAppendReq_Options_Deadline_21_10_0:
		b.ctx, b.cancel = context.WithTimeout(c.call.Context(), time.Until(v.Deadline_21_10_0.AsTime()))
	}
	return b, nil
}

// submit queues the append, in the order of the call, and answers it later.
func (c *batchCall) submit(b *openBatch) error {
	select {
	case c.slots <- struct{}{}:
	case <-c.call.Context().Done():
		b.cancel()
		return failed(c.call.Context().Err())
	}
	r := &request{ctx: b.ctx, op: opAppend, stream: b.stream, expected: b.expected, events: b.events}
	wait := c.node.enqueue(r)
	c.waiting.Go(func() {
		defer func() { b.cancel(); <-c.slots }()
		out := wait()
		if out.err != nil {
			err := failed(out.err)
			if code := status.Code(err); code == codes.Unavailable || code == codes.Aborted {
				c.fail(err)
				return
			}
		}
		resp := batchResponse(b.id, b.options)
		if refused := batchRefusal(b, out); refused != nil {
			resp.Result = &streams.BatchAppendResp_Error{Error: refused}
		} else {
			resp.Result = &streams.BatchAppendResp_Success_{Success: batchSuccess(out)}
		}
		c.send(resp)
	})
	return nil
}

func (c *batchCall) refuse(id *shared.UUID, o *streams.BatchAppendReq_Options, s *rpc.Status) {
	resp := batchResponse(id, o)
	resp.Result = &streams.BatchAppendResp_Error{Error: s}
	c.send(resp)
}

func (c *batchCall) send(resp *streams.BatchAppendResp) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return // the call has ended or is about to
	}
	if err := c.call.Send(resp); err != nil {
		c.failLocked(err)
	}
}

// fail ends the call with the first error given.
func (c *batchCall) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failLocked(err)
}

func (c *batchCall) failLocked(err error) {
	if c.err == nil {
		c.err = err
		close(c.failed)
	}
}
