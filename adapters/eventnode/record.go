package eventnode

import (
	"strconv"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/encoding/protowire"
)

const (
	metaType        = "type"
	metaContentType = "content-type"
	metaCreated     = "created"
	typeJSON        = "application/json"
	typeBinary      = "application/octet-stream"
)

// record is one event of the log. Records are shared between goroutines and never
// change after newRecord.
type record struct {
	position int64
	revision int64
	created  time.Time // microseconds, as PostgreSQL keeps it
	id       [16]byte
	isJSON   bool
	stream   string
	typ      string
	data     []byte // part of body, never nil
	metadata []byte // part of body, never nil

	// body is the protobuf form of RecordedEvent without its id, which clients
	// ask for in two forms. Made once, sent many times.
	body []byte
}

// Field numbers of RecordedEvent, see streams.proto of the client.
const (
	fieldID             = 1
	fieldStream         = 2
	fieldStreamRevision = 3
	fieldPrepare        = 4
	fieldCommit         = 5
	fieldMetadata       = 6
	fieldCustomMetadata = 7
	fieldData           = 8
)

// newRecord fills in the wire form. The data and metadata of r are copied into it.
func newRecord(r record) *record {
	content := typeBinary
	if r.isJSON {
		content = typeJSON
	}
	b := make([]byte, 0, 160+len(r.stream)+len(r.typ)+len(r.metadata)+len(r.data))
	b = protowire.AppendTag(b, fieldStream, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(protowire.SizeTag(3)+protowire.SizeBytes(len(r.stream))))
	b = protowire.AppendTag(b, 3, protowire.BytesType)
	b = protowire.AppendString(b, r.stream)
	b = protowire.AppendTag(b, fieldStreamRevision, protowire.VarintType)
	b = protowire.AppendVarint(b, uint64(r.revision))
	b = protowire.AppendTag(b, fieldPrepare, protowire.VarintType)
	b = protowire.AppendVarint(b, uint64(r.position))
	b = protowire.AppendTag(b, fieldCommit, protowire.VarintType)
	b = protowire.AppendVarint(b, uint64(r.position))
	b = appendMapEntry(b, metaType, r.typ)
	b = appendMapEntry(b, metaCreated, strconv.FormatInt(ticks(r.created), 10))
	b = appendMapEntry(b, metaContentType, content)
	b = protowire.AppendTag(b, fieldCustomMetadata, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(len(r.metadata)))
	metaAt := len(b)
	b = append(b, r.metadata...)
	b = protowire.AppendTag(b, fieldData, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(len(r.data)))
	dataAt := len(b)
	b = append(b, r.data...)

	r.body = b
	r.metadata = b[metaAt : metaAt+len(r.metadata) : metaAt+len(r.metadata)]
	r.data = b[dataAt:len(b):len(b)]
	return &r
}

func appendMapEntry(b []byte, key, value string) []byte {
	b = protowire.AppendTag(b, fieldMetadata, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(2*protowire.SizeTag(1)+protowire.SizeBytes(len(key))+protowire.SizeBytes(len(value))))
	b = protowire.AppendTag(b, 1, protowire.BytesType)
	b = protowire.AppendString(b, key)
	b = protowire.AppendTag(b, 2, protowire.BytesType)
	return protowire.AppendString(b, value)
}

// ticks is the protocol's time: units of 100 ns since the Unix epoch.
func ticks(t time.Time) int64 { return t.UnixMicro() * 10 }

// size is about what the record costs in memory, in bytes.
func (r *record) size() int { return len(r.body) + 160 }

// appendUUID appends the id field of RecordedEvent in the form the reader asked for.
func appendUUID(b []byte, id [16]byte, asString bool) []byte {
	b = protowire.AppendTag(b, fieldID, protowire.BytesType)
	if asString {
		b = protowire.AppendVarint(b, uint64(protowire.SizeTag(2)+protowire.SizeBytes(36)))
		b = protowire.AppendTag(b, 2, protowire.BytesType)
		return protowire.AppendString(b, uuid.UUID(id).String())
	}
	hi, lo := splitUUID(id)
	inner := 2*protowire.SizeTag(1) + protowire.SizeVarint(uint64(hi)) + protowire.SizeVarint(uint64(lo))
	b = protowire.AppendVarint(b, uint64(protowire.SizeTag(1)+protowire.SizeBytes(inner)))
	b = protowire.AppendTag(b, 1, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(inner))
	b = protowire.AppendTag(b, 1, protowire.VarintType)
	b = protowire.AppendVarint(b, uint64(hi))
	b = protowire.AppendTag(b, 2, protowire.VarintType)
	return protowire.AppendVarint(b, uint64(lo))
}
