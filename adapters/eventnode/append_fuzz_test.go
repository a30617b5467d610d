package eventnode

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

// FuzzAppendRequest reads whatever bytes as the messages of an append: what is taken is
// what the log can hold.
func FuzzAppendRequest(f *testing.F) {
	id := &shared.UUID{Value: &shared.UUID_String_{String_: "6f9619ff-8b86-d011-b42d-00c04fc964ff"}}
	for _, m := range []*streams.AppendReq{
		{Content: &streams.AppendReq_Options_{Options: &streams.AppendReq_Options{
			StreamIdentifier:       &shared.StreamIdentifier{StreamName: []byte("device-1")},
			ExpectedStreamRevision: &streams.AppendReq_Options_Revision{Revision: 1 << 63},
		}}},
		{Content: &streams.AppendReq_Options_{Options: &streams.AppendReq_Options{
			StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte("$$s\x00\xff")}, ExpectedStreamRevision: &streams.AppendReq_Options_NoStream{},
		}}},
		{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: &streams.AppendReq_ProposedMessage{
			Id: id, Metadata: map[string]string{metaType: "e", metaContentType: typeJSON}, Data: []byte(`{"n":1}`),
		}}},
		{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: &streams.AppendReq_ProposedMessage{
			Id: &shared.UUID{}, Metadata: map[string]string{metaType: "\x00"},
		}}},
	} {
		raw, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	codec := newFrameCodec()
	f.Fuzz(func(t *testing.T, raw []byte) {
		var m streams.AppendReq
		if err := codec.Unmarshal(mem.BufferSlice{mem.SliceBuffer(raw)}, &m); err != nil {
			return
		}
		if o := m.GetOptions(); o != nil {
			name, err := writableStream(o.GetStreamIdentifier())
			if err == nil && (name == "" || name == allStream || strings.IndexByte(name, 0) >= 0 || !utf8.ValidString(name)) {
				t.Fatalf("the stream %q is taken", name)
			}
			_, exact := o.GetExpectedStreamRevision().(*streams.AppendReq_Options_Revision)
			if expected, err := expectedRevision(o, exact); err == nil && expected < streamExists {
				t.Fatalf("the revision %d is taken", expected)
			}
		}
		b := batch{maxSize: 1 << 10}
		if e := m.GetProposedMessage(); e != nil && b.add(e) == nil {
			got := b.events[0]
			if got.typ == "" || got.id == ([16]byte{}) || len(got.data)+len(got.metadata) > b.maxSize || !utf8.ValidString(got.typ) {
				t.Fatalf("the event %+v is taken", got)
			}
		}
	})
}
