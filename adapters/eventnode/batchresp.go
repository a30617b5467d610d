package eventnode

import (
	"context"
	"errors"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/genproto/googleapis/rpc/code"
	rpc "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/emptypb"
)

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
