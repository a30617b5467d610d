package eventnode_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/fleetledger/fleetledger/adapters/eventnode"
	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
)

// batchOf is a whole append in one message.
func batchOf(stream string, set func(*streams.BatchAppendReq_Options)) *streams.BatchAppendReq {
	id := uuid.New()
	r := &streams.BatchAppendReq{
		CorrelationId: &shared.UUID{Value: &shared.UUID_String_{String_: id.String()}}, IsFinal: true,
		Options: &streams.BatchAppendReq_Options{
			StreamIdentifier: streamID(stream), ExpectedStreamPosition: &streams.BatchAppendReq_Options_NoStream{NoStream: &emptypb.Empty{}},
		},
		ProposedMessages: []*streams.BatchAppendReq_ProposedMessage{{
			Id:       &shared.UUID{Value: &shared.UUID_String_{String_: uuid.NewString()}},
			Metadata: map[string]string{"type": "e", "content-type": "application/json"},
		}},
	}
	if set != nil {
		set(r.GetOptions())
	}
	return r
}

func TestBatchAppend(t *testing.T) {
	t.Parallel()
	node := eventnodetest.Start(t)
	client := eventnodetest.Client(t, node)
	mustAppend(t, client, "taken", esdb.NoStream{}, event("e"))
	mustAppend(t, client, "dead", esdb.NoStream{}, event("e"))
	if _, err := client.TombstoneStream(t.Context(), "dead", esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Any{}}); err != nil {
		t.Fatal(err)
	}
	big := batchOf("big", nil)
	big.ProposedMessages[0].Data = make([]byte, eventnode.DefaultMaxAppendSize+1)
	cases := map[string]struct {
		req    *streams.BatchAppendReq
		detail string // of the error; empty for success
	}{
		"new stream":       {batchOf("new", nil), ""},
		"taken":            {batchOf("taken", nil), "event_store.client.WrongExpectedVersion"},
		"dead":             {batchOf("dead", nil), "event_store.client.StreamDeleted"},
		"too large":        {big, "event_store.client.MaximumAppendSizeExceeded"},
		"NUL":              {batchOf("a\x00", nil), "event_store.client.BadRequest"},
		"nothing expected": {batchOf("x", func(o *streams.BatchAppendReq_Options) { o.ExpectedStreamPosition = nil }), "event_store.client.BadRequest"},
		"too late": {batchOf("late", func(o *streams.BatchAppendReq_Options) {
			o.DeadlineOption = &streams.BatchAppendReq_Options_Deadline{Deadline: durationpb.New(-time.Second)}
		}), "event_store.client.Timeout"},
		"too late by the clock": {batchOf("late", func(o *streams.BatchAppendReq_Options) {
			o.DeadlineOption = &streams.BatchAppendReq_Options_Deadline_21_10_0{Deadline_21_10_0: timestamppb.New(time.Unix(1, 0))}
		}), "event_store.client.Timeout"},
		"in time": {batchOf("soon", func(o *streams.BatchAppendReq_Options) {
			o.DeadlineOption = &streams.BatchAppendReq_Options_Deadline{Deadline: durationpb.New(time.Minute)}
		}), ""},
	}
	call, err := streams.NewStreamsClient(dial(t, node)).BatchAppend(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]string{}
	for name, tc := range cases {
		byID[tc.req.GetCorrelationId().GetString_()] = name
		if err := call.Send(tc.req); err != nil {
			t.Fatal(err)
		}
	}
	if err := call.CloseSend(); err != nil {
		t.Fatal(err)
	}
	for range cases {
		resp, err := call.Recv()
		if err != nil {
			t.Fatal(err)
		}
		name := byID[resp.GetCorrelationId().GetString_()]
		got := ""
		if resp.GetError() != nil {
			got = string(resp.GetError().GetDetails()[0].MessageName())
		}
		if got != cases[name].detail || string(resp.GetStreamIdentifier().GetStreamName()) != string(cases[name].req.GetOptions().GetStreamIdentifier().GetStreamName()) {
			t.Errorf("%s: %v, want detail %q", name, resp, cases[name].detail)
		}
	}
	if _, err := call.Recv(); !errors.Is(err, io.EOF) {
		t.Fatalf("after the last answer: %v", err)
	}
}

// Clients keep one batch append open for all their appends: it does not hold up a
// stop, and says that the node is gone.
func TestStopEndsOpenBatchAppends(t *testing.T) {
	t.Parallel()
	node := eventnodetest.Start(t)
	call, err := streams.NewStreamsClient(dial(t, node)).BatchAppend(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := call.Send(batchOf("s", nil)); err != nil {
		t.Fatal(err)
	}
	if resp, err := call.Recv(); err != nil || resp.GetSuccess() == nil {
		t.Fatal(resp, err)
	}
	if err := node.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := call.Recv(); status.Code(err) != codes.Unavailable {
		t.Fatalf("%v, want Unavailable", err)
	}
}
