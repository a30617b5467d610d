package eventnode_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/persistent"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/fleetledger/fleetledger/adapters/eventnode"
	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
)

// Other languages' clients send what the Go client never does: these tests speak
// the protocol itself.

func dial(t *testing.T, node *eventnode.Node) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient("unix:"+node.SocketPath(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func streamID(name string) *shared.StreamIdentifier {
	return &shared.StreamIdentifier{StreamName: []byte(name)}
}

// readRaw sends a request and returns all messages.
func readRaw(t *testing.T, c streams.StreamsClient, o *streams.ReadReq_Options) ([]*streams.ReadResp, error) {
	t.Helper()
	call, err := c.Read(t.Context(), &streams.ReadReq{Options: o})
	if err != nil {
		t.Fatal(err)
	}
	var out []*streams.ReadResp
	for {
		m, err := call.Recv()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, m)
	}
}

func streamOptions(name string, from uint64) *streams.ReadReq_Options {
	return &streams.ReadReq_Options{
		StreamOption: &streams.ReadReq_Options_Stream{Stream: &streams.ReadReq_Options_StreamOptions{
			StreamIdentifier: streamID(name), RevisionOption: &streams.ReadReq_Options_StreamOptions_Revision{Revision: from},
		}},
		CountOption:  &streams.ReadReq_Options_Count{Count: 10},
		FilterOption: &streams.ReadReq_Options_NoFilter{NoFilter: &shared.Empty{}},
		UuidOption:   &streams.ReadReq_Options_UUIDOption{Content: &streams.ReadReq_Options_UUIDOption_Structured{Structured: &shared.Empty{}}},
	}
}

// Both forms of event ids say the same, and a frame made by hand is exactly what
// protobuf would make of the message.
func TestReadForms(t *testing.T) {
	t.Parallel()
	node := eventnodetest.Start(t)
	e := event("e")
	mustAppend(t, eventnodetest.Client(t, node), "s", esdb.NoStream{}, e)
	c := streams.NewStreamsClient(dial(t, node))
	structured := streamOptions("s", 0)
	text := proto.CloneOf(structured)
	text.UuidOption = &streams.ReadReq_Options_UUIDOption{Content: &streams.ReadReq_Options_UUIDOption_String_{String_: &shared.Empty{}}}
	a, errA := readRaw(t, c, structured)
	b, errB := readRaw(t, c, text)
	if errA != nil || errB != nil || len(a) != 1 || len(b) != 1 {
		t.Fatal(a, errA, b, errB)
	}
	recA, recB := a[0].GetEvent().GetEvent(), b[0].GetEvent().GetEvent()
	if recB.GetId().GetString_() != e.EventID.String() || recA.GetId().GetStructured() == nil {
		t.Fatalf("ids %v and %v, want %s", recA.GetId(), recB.GetId(), e.EventID)
	}
	recA.Id = recB.GetId()
	if !proto.Equal(a[0], b[0]) {
		t.Fatalf("forms differ:\n%v\n%v", a[0], b[0])
	}
	if len(recA.ProtoReflect().GetUnknown()) > 0 || recA.GetMetadata()["type"] != "e" || recA.GetCommitPosition() != a[0].GetEvent().GetCommitPosition() {
		t.Fatalf("record %v", recA)
	}
}

// Clients that ask for it are told the ends of the stream; others never.
func TestStreamPositionsForClientsThatKnowThem(t *testing.T) {
	t.Parallel()
	node := eventnodetest.Start(t)
	mustAppend(t, eventnodetest.Client(t, node), "s", esdb.NoStream{}, events("e", 3)...)
	c := streams.NewStreamsClient(dial(t, node))
	plain, err := readRaw(t, c, streamOptions("s", 9))
	if err != nil || len(plain) != 0 {
		t.Fatal(plain, err)
	}
	o := streamOptions("s", 9)
	o.ControlOption = &streams.ReadReq_Options_ControlOption{Compatibility: 1}
	told, err := readRaw(t, c, o)
	if err != nil || len(told) != 2 || told[0].GetFirstStreamPosition() != 3 || told[1].GetLastStreamPosition() != 2 {
		t.Fatal(told, err)
	}
}

// CaughtUp is empty: what newer servers put into it, a timestamp and a position,
// has no field in this version of the protocol.
func TestCaughtUpIsEmpty(t *testing.T) {
	t.Parallel()
	fields := (&streams.ReadResp_CaughtUp{}).ProtoReflect().Descriptor().Fields()
	if fields.Len() != 0 {
		t.Fatalf("the message has %d fields now: fill them", fields.Len())
	}
	node := eventnodetest.Start(t)
	mustAppend(t, eventnodetest.Client(t, node), "s", esdb.NoStream{}, event("e"))
	stream := streamOptions("s", 0)
	all := proto.CloneOf(stream)
	all.StreamOption = &streams.ReadReq_Options_All{All: &streams.ReadReq_Options_AllOptions{
		AllOption: &streams.ReadReq_Options_AllOptions_End{End: &shared.Empty{}}}}
	for name, o := range map[string]*streams.ReadReq_Options{"stream": stream, "$all": all} {
		o.CountOption = &streams.ReadReq_Options_Subscription{Subscription: &streams.ReadReq_Options_SubscriptionOptions{}}
		call, err := streams.NewStreamsClient(dial(t, node)).Read(t.Context(), &streams.ReadReq{Options: o})
		if err != nil {
			t.Fatal(err)
		}
		for caughtUp := false; !caughtUp; {
			m, err := call.Recv()
			if err != nil {
				t.Fatal(err)
			}
			if caughtUp = m.GetCaughtUp() != nil; caughtUp && len(m.GetCaughtUp().ProtoReflect().GetUnknown()) != 0 {
				t.Errorf("%s: %v", name, m)
			}
		}
	}
}

func TestBadReads(t *testing.T) {
	t.Parallel()
	c := streams.NewStreamsClient(dial(t, eventnodetest.Start(t)))
	for name, spoil := range map[string]func(*streams.ReadReq_Options){
		"no stream": func(o *streams.ReadReq_Options) { o.StreamOption = nil },
		"no count":  func(o *streams.ReadReq_Options) { o.CountOption = nil },
		"NUL":       func(o *streams.ReadReq_Options) { o.GetStream().StreamIdentifier = streamID("a\x00") },
		"not UTF-8": func(o *streams.ReadReq_Options) { o.GetStream().StreamIdentifier = streamID("\xff") },
		"backward subscription": func(o *streams.ReadReq_Options) {
			o.CountOption = &streams.ReadReq_Options_Subscription{}
			o.ReadDirection = 1
		},
		"filtered stream": func(o *streams.ReadReq_Options) { o.FilterOption = typeFilter("a", 1) },
		"filter without a kind": func(o *streams.ReadReq_Options) {
			o.FilterOption = &streams.ReadReq_Options_Filter{Filter: &streams.ReadReq_Options_FilterOptions{}}
		},
		"filter without interval": func(o *streams.ReadReq_Options) {
			o.StreamOption = &streams.ReadReq_Options_All{All: &streams.ReadReq_Options_AllOptions{}}
			o.CountOption = &streams.ReadReq_Options_Subscription{Subscription: &streams.ReadReq_Options_SubscriptionOptions{}}
			o.FilterOption = typeFilter("a", 0)
		},
		"nothing": func(o *streams.ReadReq_Options) { proto.Reset(o) },
	} {
		o := streamOptions("s", 0)
		spoil(o)
		if _, err := readRaw(t, c, o); status.Code(err) != codes.InvalidArgument {
			t.Errorf("%s: %v, want InvalidArgument", name, err)
		}
	}
}

func typeFilter(regex string, interval uint32) *streams.ReadReq_Options_Filter {
	return &streams.ReadReq_Options_Filter{Filter: &streams.ReadReq_Options_FilterOptions{
		Filter:                       &streams.ReadReq_Options_FilterOptions_EventType{EventType: &streams.ReadReq_Options_FilterOptions_Expression{Regex: regex}},
		Window:                       &streams.ReadReq_Options_FilterOptions_Max{Max: 32},
		CheckpointIntervalMultiplier: interval,
	}}
}

// An expression that backtracks for ever is cut off, not served for ever.
func TestRunawayFilterIsCutOff(t *testing.T) {
	t.Parallel()
	node := eventnodetest.Start(t)
	long := event("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab")
	mustAppend(t, eventnodetest.Client(t, node), "s", esdb.NoStream{}, long)
	o := streamOptions("", 0)
	o.StreamOption = &streams.ReadReq_Options_All{All: &streams.ReadReq_Options_AllOptions{AllOption: &streams.ReadReq_Options_AllOptions_Start{}}}
	o.FilterOption = typeFilter(`^(?!x)(a+)+$`, 1)
	if _, err := readRaw(t, streams.NewStreamsClient(dial(t, node)), o); status.Code(err) != codes.InvalidArgument {
		t.Fatalf("%v, want InvalidArgument", err)
	}
}

// Metadata that is neither a string nor UTF-8 is the caller's mistake, also where
// gRPC notices it first.
func TestEventsWithoutMetadata(t *testing.T) {
	t.Parallel()
	c := streams.NewStreamsClient(dial(t, eventnodetest.Start(t)))
	for name, m := range map[string]map[string]string{
		"no type":         {"content-type": "application/json"},
		"no content type": {"type": "e"},
		"empty type":      {"type": "", "content-type": "application/json"},
	} {
		var trailer metadata.MD
		call, err := c.Append(t.Context(), grpc.Trailer(&trailer))
		if err != nil {
			t.Fatal(err)
		}
		send(t, call, &streams.AppendReq{Content: &streams.AppendReq_Options_{Options: &streams.AppendReq_Options{
			StreamIdentifier: streamID("s"), ExpectedStreamRevision: &streams.AppendReq_Options_Any{Any: &shared.Empty{}}}}})
		send(t, call, &streams.AppendReq{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: &streams.AppendReq_ProposedMessage{
			Id: &shared.UUID{Value: &shared.UUID_String_{String_: uuid.NewString()}}, Metadata: m}}})
		if _, err := call.CloseAndRecv(); status.Code(err) != codes.InvalidArgument {
			t.Errorf("%s: %v", name, err)
		}
		if name != "empty type" && trailer.Get("exception")[0] != "missing-required-metadata-property" {
			t.Errorf("%s: trailer %v", name, trailer)
		}
	}
}

// rawCodec sends bytes as they are.
type rawCodec struct{ encoding.CodecV2 }

func (c rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	if b, ok := v.([]byte); ok {
		return mem.BufferSlice{mem.SliceBuffer(b)}, nil
	}
	return c.CodecV2.Marshal(v)
}

// Text that is not UTF-8 is refused by protobuf before the node sees it: that is
// the caller's mistake all the same.
func TestTypeThatIsNotUTF8(t *testing.T) {
	t.Parallel()
	conn := dial(t, eventnodetest.Start(t))
	good := &streams.AppendReq{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: &streams.AppendReq_ProposedMessage{
		Id:       &shared.UUID{Value: &shared.UUID_String_{String_: uuid.NewString()}},
		Metadata: map[string]string{"type": "BROKEN", "content-type": "application/json"}}}}
	raw, err := proto.Marshal(good)
	if err != nil {
		t.Fatal(err)
	}
	call, err := conn.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true}, streams.Streams_Append_FullMethodName,
		grpc.ForceCodecV2(rawCodec{encoding.GetCodecV2("proto")}))
	if err != nil {
		t.Fatal(err)
	}
	options := &streams.AppendReq{Content: &streams.AppendReq_Options_{Options: &streams.AppendReq_Options{
		StreamIdentifier: streamID("s"), ExpectedStreamRevision: &streams.AppendReq_Options_Any{Any: &shared.Empty{}}}}}
	for _, m := range []any{options, bytes.ReplaceAll(raw, []byte("BROKEN"), []byte("BRO\xffEN"))} {
		if err := call.SendMsg(m); err != nil {
			t.Fatal(err)
		}
	}
	if err := call.RecvMsg(&streams.AppendResp{}); status.Code(err) != codes.InvalidArgument {
		t.Fatalf("%v, want InvalidArgument", err)
	}
}

// send ignores that the server may have answered already.
func send(t *testing.T, call streams.Streams_AppendClient, m *streams.AppendReq) {
	t.Helper()
	if err := call.Send(m); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
}

func TestWhatIsNotOfferedIsUnimplemented(t *testing.T) {
	t.Parallel()
	conn := dial(t, eventnodetest.Start(t))
	_, err := persistent.NewPersistentSubscriptionsClient(conn).List(t.Context(), &persistent.ListReq{})
	if status.Code(err) != codes.Unimplemented {
		t.Fatalf("persistent subscriptions: %v", err)
	}
}

func TestFeaturesAndGossip(t *testing.T) {
	t.Parallel()
	node := eventnodetest.Start(t, eventnodetest.TCP())
	conn := dial(t, node)
	f, err := serverfeatures.NewServerFeaturesClient(conn).GetSupportedMethods(t.Context(), &shared.Empty{})
	if err != nil || f.GetEventStoreServerVersion() != "24.10.0" || len(f.GetMethods()) == 0 {
		t.Fatal(f, err)
	}
	g, err := gossip.NewGossipClient(conn).Read(t.Context(), &shared.Empty{})
	if err != nil || len(g.GetMembers()) != 1 {
		t.Fatal(g, err)
	}
	m := g.GetMembers()[0]
	if m.GetState() != gossip.MemberInfo_Leader || !m.GetIsAlive() || m.GetHttpEndPoint().GetAddress() != "127.0.0.1" || m.GetHttpEndPoint().GetPort() == 0 {
		t.Fatalf("member %v", m)
	}
}

// Calls end with their caller's deadline and leave nothing behind.
func TestDeadlinesAreKept(t *testing.T) {
	t.Parallel()
	node := eventnodetest.Start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	o := streamOptions("s", 0)
	o.CountOption = &streams.ReadReq_Options_Subscription{Subscription: &streams.ReadReq_Options_SubscriptionOptions{}}
	call, err := streams.NewStreamsClient(dial(t, node)).Read(ctx, &streams.ReadReq{Options: o})
	for err == nil {
		_, err = call.Recv()
	}
	if status.Code(err) != codes.DeadlineExceeded {
		t.Fatalf("subscription: %v", err)
	}
}
