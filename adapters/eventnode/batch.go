package eventnode

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/genproto/googleapis/rpc/code"
	rpc "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/emptypb"
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
	case <-c.failed: // nothing is sent from now on
		return c.err
	}
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
		if out.err != nil && status.Code(failed(out.err)) == codes.Unavailable {
			c.fail(failed(out.err))
			return
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

// batchResponse repeats what the client needs to tell its appends apart.
func batchResponse(id *shared.UUID, o *streams.BatchAppendReq_Options) *streams.BatchAppendResp {
	resp := &streams.BatchAppendResp{CorrelationId: id, StreamIdentifier: o.GetStreamIdentifier()}
	switch v := o.GetExpectedStreamPosition().(type) {
	case *streams.BatchAppendReq_Options_StreamPosition:
		resp.ExpectedStreamPosition = &streams.BatchAppendResp_StreamPosition{StreamPosition: v.StreamPosition}
	case *streams.BatchAppendReq_Options_NoStream:
		resp.ExpectedStreamPosition = &streams.BatchAppendResp_NoStream{NoStream: v.NoStream}
	case *streams.BatchAppendReq_Options_Any:
		resp.ExpectedStreamPosition = &streams.BatchAppendResp_Any{Any: v.Any}
	case *streams.BatchAppendReq_Options_StreamExists:
		resp.ExpectedStreamPosition = &streams.BatchAppendResp_StreamExists{StreamExists: v.StreamExists}
	}
	return resp
}

func batchSuccess(out outcome) *streams.BatchAppendResp_Success {
	s := &streams.BatchAppendResp_Success{
		CurrentRevisionOption: &streams.BatchAppendResp_Success_CurrentRevision{CurrentRevision: uint64(out.revision)},
		PositionOption:        &streams.BatchAppendResp_Success_NoPosition{NoPosition: &emptypb.Empty{}},
	}
	if out.revision == noStream {
		s.CurrentRevisionOption = &streams.BatchAppendResp_Success_NoStream{NoStream: &emptypb.Empty{}}
	}
	if out.position > 0 {
		s.PositionOption = &streams.BatchAppendResp_Success_Position{Position: &shared.AllStreamPosition{
			CommitPosition: uint64(out.position), PreparePosition: uint64(out.position),
		}}
	}
	return s
}

// batchRefusal is the error of an append that did not succeed, nil otherwise.
func batchRefusal(b *openBatch, out outcome) *rpc.Status {
	switch {
	case out.err != nil:
		return statusOf(out.err)
	case out.verdict == verdictDeleted:
		return detail(code.Code_NOT_FOUND, "StreamDeleted", &shared.StreamDeleted{StreamIdentifier: b.options.GetStreamIdentifier()})
	case out.verdict == verdictWrongRevision:
		return detail(code.Code_ALREADY_EXISTS, "WrongExpectedVersion", batchWrongVersion(b.expected, out.revision))
	}
	return nil
}

func batchWrongVersion(expected, current int64) *shared.WrongExpectedVersion {
	w := &shared.WrongExpectedVersion{
		CurrentStreamRevisionOption: &shared.WrongExpectedVersion_CurrentStreamRevision{CurrentStreamRevision: uint64(current)},
	}
	if current == noStream {
		w.CurrentStreamRevisionOption = &shared.WrongExpectedVersion_CurrentNoStream{CurrentNoStream: &emptypb.Empty{}}
	}
	switch expected {
	case anyRevision:
		w.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedAny{ExpectedAny: &emptypb.Empty{}}
	case streamExists:
		w.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedStreamExists{ExpectedStreamExists: &emptypb.Empty{}}
	case noStream:
		w.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: &emptypb.Empty{}}
	default:
		w.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedStreamPosition{ExpectedStreamPosition: uint64(expected)}
	}
	return w
}

// statusOf is how an error appears in a batch response.
func statusOf(err error) *rpc.Status {
	var tooLarge errTooLarge
	switch {
	case errors.As(err, &tooLarge):
		return detail(code.Code_INVALID_ARGUMENT, "MaximumAppendSizeExceeded", &shared.MaximumAppendSizeExceeded{MaxAppendSize: uint32(tooLarge)})
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return detail(code.Code_DEADLINE_EXCEEDED, "Timeout", &shared.Timeout{})
	default:
		return detail(code.Code_INVALID_ARGUMENT, "BadRequest", &shared.BadRequest{Message: err.Error()})
	}
}

func detail(c code.Code, message string, m proto.Message) *rpc.Status {
	s := &rpc.Status{Code: int32(c), Message: message}
	if packed, err := anypb.New(m); err == nil {
		s.Details = []*anypb.Any{packed}
	}
	return s
}
