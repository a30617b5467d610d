package eventnode

import (
	"encoding/binary"
	"fmt"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/google/uuid"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // the codec wrapped below
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// frame is a ReadResp already in protobuf form: a small head of its own and the
// shared bodies of its records.
type frame mem.BufferSlice

// readEventFrame is the ReadResp that carries event, and link when event was
// found through one. A link to nothing has no event.
func readEventFrame(event, link *record, uuidString bool) frame {
	original := event
	if link != nil {
		original = link
	}
	var eventHead, linkHead []byte
	size := 0
	if event != nil {
		eventHead = recordHead(1, event, uuidString)
		size += len(eventHead) + len(event.body)
	}
	if link != nil {
		linkHead = recordHead(2, link, uuidString)
		size += len(linkHead) + len(link.body)
	}
	size += protowire.SizeTag(3) + protowire.SizeVarint(uint64(original.position))

	head := make([]byte, 0, 24+len(eventHead))
	head = protowire.AppendTag(head, 1, protowire.BytesType) // ReadResp.event
	head = protowire.AppendVarint(head, uint64(size))
	head = protowire.AppendTag(head, 3, protowire.VarintType) // ReadEvent.commit_position
	head = protowire.AppendVarint(head, uint64(original.position))
	head = append(head, eventHead...)

	f := frame{mem.SliceBuffer(head)}
	if event != nil {
		f = append(f, mem.SliceBuffer(event.body))
	}
	if link != nil {
		f = append(f, mem.SliceBuffer(linkHead), mem.SliceBuffer(link.body))
	}
	return f
}

// recordHead is what precedes the body of a RecordedEvent: tag, length and id.
func recordHead(field protowire.Number, r *record, uuidString bool) []byte {
	var buf [48]byte
	id := appendUUID(buf[:0], r.id, uuidString)
	b := make([]byte, 0, len(id)+8)
	b = protowire.AppendTag(b, field, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(len(id)+len(r.body)))
	return append(b, id...)
}

// frameCodec sends frames as they are and everything else as protobuf.
type frameCodec struct{ encoding.CodecV2 }

func newFrameCodec() frameCodec { return frameCodec{encoding.GetCodecV2("proto")} }

func (c frameCodec) Marshal(v any) (mem.BufferSlice, error) {
	if f, ok := v.(frame); ok {
		return mem.BufferSlice(f), nil
	}
	return c.CodecV2.Marshal(v)
}

// Unmarshal hands on a message it cannot read as an empty one, which every handler
// refuses as invalid: by itself gRPC would report text that is not UTF-8 as an
// internal error of the node.
func (c frameCodec) Unmarshal(data mem.BufferSlice, v any) error {
	err := c.CodecV2.Unmarshal(data, v)
	m, ok := v.(proto.Message)
	if err == nil || !ok {
		return err
	}
	proto.Reset(m)
	return nil
}

func splitUUID(id [16]byte) (hi, lo int64) {
	return int64(binary.BigEndian.Uint64(id[:8])), int64(binary.BigEndian.Uint64(id[8:]))
}

func uuidMessage(id [16]byte) *shared.UUID {
	hi, lo := splitUUID(id)
	return &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
		MostSignificantBits: hi, LeastSignificantBits: lo,
	}}}
}

// parseUUID accepts both forms clients send.
func parseUUID(m *shared.UUID) (id [16]byte, err error) {
	switch v := m.GetValue().(type) {
	case *shared.UUID_String_:
		parsed, err := uuid.Parse(v.String_)
		if err != nil {
			return id, fmt.Errorf("%q is not a UUID", v.String_)
		}
		return parsed, nil
	case *shared.UUID_Structured_:
		binary.BigEndian.PutUint64(id[:8], uint64(v.Structured.GetMostSignificantBits()))
		binary.BigEndian.PutUint64(id[8:], uint64(v.Structured.GetLeastSignificantBits()))
		return id, nil
	default:
		return id, fmt.Errorf("the UUID is missing")
	}
}
