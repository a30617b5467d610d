package eventnode

import (
	"context"
	"errors"
	"io"
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// streamsServer serves appends and reads.
type streamsServer struct {
	streams.UnimplementedStreamsServer
	node *Node
}

// Append writes the events of one call to one stream, all or none.
func (s *streamsServer) Append(call streams.Streams_AppendServer) error {
	ctx := call.Context()
	first, err := call.Recv()
	if err != nil {
		return err
	}
	o := first.GetOptions()
	switch {
	case first.GetContent() == nil:
		return errUnreadable
	case o == nil:
		return invalid("the first message of an append must be its options")
	}
	stream, err := writableStream(o.GetStreamIdentifier())
	if err != nil {
		return badRequest(ctx, err)
	}
	_, exact := o.GetExpectedStreamRevision().(*streams.AppendReq_Options_Revision)
	expected, err := expectedRevision(o, exact)
	if err != nil {
		return badRequest(ctx, err)
	}
	b := batch{maxSize: s.node.opts.MaxAppendSize}
	for {
		m, err := call.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		switch {
		case m.GetContent() == nil:
			return errUnreadable
		case m.GetProposedMessage() == nil:
			return invalid("only events may follow the options of an append")
		}
		if err := b.add(m.GetProposedMessage()); err != nil {
			return badRequest(ctx, err)
		}
	}
	out := s.node.write(&request{ctx: ctx, op: opAppend, stream: stream, expected: expected, events: b.events})
	if out.err != nil {
		return failed(out.err)
	}
	if out.verdict == verdictDeleted {
		return errStreamDeleted(ctx, stream)
	}
	return call.SendAndClose(appendResponse(expected, out))
}

func appendResponse(expected int64, out outcome) *streams.AppendResp {
	if out.verdict == verdictWrongRevision {
		return &streams.AppendResp{Result: &streams.AppendResp_WrongExpectedVersion_{
			WrongExpectedVersion: wrongExpectedVersion(expected, out.revision),
		}}
	}
	success := &streams.AppendResp_Success{
		CurrentRevisionOption: &streams.AppendResp_Success_CurrentRevision{CurrentRevision: uint64(out.revision)},
		PositionOption:        &streams.AppendResp_Success_NoPosition{NoPosition: &shared.Empty{}},
	}
	if out.revision == noStream {
		success.CurrentRevisionOption = &streams.AppendResp_Success_NoStream{NoStream: &shared.Empty{}}
	}
	if out.position > 0 {
		success.PositionOption = &streams.AppendResp_Success_Position{Position: &streams.AppendResp_Position{
			CommitPosition: uint64(out.position), PreparePosition: uint64(out.position),
		}}
	}
	return &streams.AppendResp{Result: &streams.AppendResp_Success_{Success: success}}
}

// wrongExpectedVersion fills the fields of today's clients and those of clients
// from before 20.6.1, which know no "no stream" expectation but the largest number.
func wrongExpectedVersion(expected, current int64) *streams.AppendResp_WrongExpectedVersion {
	w := &streams.AppendResp_WrongExpectedVersion{}
	switch expected {
	case anyRevision:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedAny{ExpectedAny: &shared.Empty{}}
		w.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_Any_20_6_0{Any_20_6_0: &shared.Empty{}}
	case streamExists:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedStreamExists{ExpectedStreamExists: &shared.Empty{}}
		w.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_StreamExists_20_6_0{StreamExists_20_6_0: &shared.Empty{}}
	case noStream:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: &shared.Empty{}}
		w.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision_20_6_0{ExpectedRevision_20_6_0: math.MaxUint64}
	default:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision{ExpectedRevision: uint64(expected)}
		w.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision_20_6_0{ExpectedRevision_20_6_0: uint64(expected)}
	}
	if current == noStream {
		w.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentNoStream{CurrentNoStream: &shared.Empty{}}
		w.CurrentRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_NoStream_20_6_0{NoStream_20_6_0: &shared.Empty{}}
	} else {
		w.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentRevision{CurrentRevision: uint64(current)}
		w.CurrentRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_CurrentRevision_20_6_0{CurrentRevision_20_6_0: uint64(current)}
	}
	return w
}

// Delete hides the events of a stream; appending to it later makes it exist again.
func (s *streamsServer) Delete(ctx context.Context, req *streams.DeleteReq) (*streams.DeleteResp, error) {
	o := req.GetOptions()
	_, exact := o.GetExpectedStreamRevision().(*streams.DeleteReq_Options_Revision)
	position, err := s.remove(ctx, opDelete, o.GetStreamIdentifier(), o, exact)
	if err != nil {
		return nil, err
	}
	return &streams.DeleteResp{PositionOption: &streams.DeleteResp_Position_{Position: &streams.DeleteResp_Position{
		CommitPosition: position, PreparePosition: position,
	}}}, nil
}

// Tombstone ends a stream for good.
func (s *streamsServer) Tombstone(ctx context.Context, req *streams.TombstoneReq) (*streams.TombstoneResp, error) {
	o := req.GetOptions()
	_, exact := o.GetExpectedStreamRevision().(*streams.TombstoneReq_Options_Revision)
	position, err := s.remove(ctx, opTombstone, o.GetStreamIdentifier(), o, exact)
	if err != nil {
		return nil, err
	}
	return &streams.TombstoneResp{PositionOption: &streams.TombstoneResp_Position_{Position: &streams.TombstoneResp_Position{
		CommitPosition: position, PreparePosition: position,
	}}}, nil
}

func (s *streamsServer) remove(ctx context.Context, op operation, id *shared.StreamIdentifier, o revisionOption, exact bool) (uint64, error) {
	stream, err := deletableStream(id)
	if err != nil {
		return 0, badRequest(ctx, err)
	}
	expected, err := expectedRevision(o, exact)
	if err != nil {
		return 0, badRequest(ctx, err)
	}
	out := s.node.write(&request{ctx: ctx, op: op, stream: stream, expected: expected})
	switch {
	case out.err != nil:
		return 0, failed(out.err)
	case out.verdict == verdictDeleted:
		return 0, errStreamDeleted(ctx, stream)
	case out.verdict == verdictWrongRevision:
		return 0, errWrongRevision(ctx, "Delete", stream, expected, out.revision)
	}
	return uint64(out.position), nil
}
