package eventnode

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

const (
	systemPrefix       = "$"
	metaStreamPrefix   = "$$"
	allStream          = "$all"
	typeMetadata       = "$metadata"
	typeStreamDeleted  = "$streamDeleted"
	typeLink           = "$>"
	tombstoneRevision  = math.MaxInt64
	softDeletedTB      = math.MaxInt64
	keyTruncateBefore  = "$tb"
	maxMetadataSeconds = math.MaxInt64 / int64(time.Second)
)

// streamMeta is what reads obey of a stream's metadata. Zero means no limit.
type streamMeta struct {
	maxCount       int64
	maxAge         time.Duration
	truncateBefore int64
}

// softDeleted says that everything in the stream is truncated.
func (m streamMeta) softDeleted() bool { return m.truncateBefore == softDeletedTB }

// metaStreams themselves keep their last event only.
var metaStreamMeta = streamMeta{maxCount: 1}

// parseStreamMeta reads the JSON of a metadata event. Metadata that is not valid
// counts as none at all, as on the real server.
func parseStreamMeta(raw []byte) streamMeta {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return streamMeta{}
	}
	maxCount, ok1 := wholeNumber(fields["$maxCount"])
	maxAge, ok2 := wholeNumber(fields["$maxAge"])
	truncateBefore, ok3 := wholeNumber(fields[keyTruncateBefore])
	if !ok1 || !ok2 || !ok3 {
		return streamMeta{}
	}
	age := time.Duration(math.MaxInt64)
	if maxAge <= maxMetadataSeconds {
		age = time.Duration(maxAge) * time.Second
	}
	return streamMeta{maxCount: max(maxCount, 0), maxAge: max(age, 0), truncateBefore: max(truncateBefore, 0)}
}

func wholeNumber(n json.RawMessage) (int64, bool) {
	if n == nil {
		return 0, true
	}
	v, err := strconv.ParseInt(string(n), 10, 64)
	return v, err == nil
}

// withTruncateBefore returns the metadata with $tb set and all else kept, or false
// when the metadata is no JSON object.
func withTruncateBefore(raw []byte, revision int64) ([]byte, bool) {
	fields := map[string]json.RawMessage{}
	if json.Unmarshal(raw, &fields) != nil || fields == nil {
		return nil, false
	}
	fields[keyTruncateBefore] = strconv.AppendInt(nil, revision, 10)
	out, err := json.Marshal(fields)
	return out, err == nil
}

func softDeleteMetadata() []byte {
	return []byte(`{"` + keyTruncateBefore + `":` + strconv.FormatInt(softDeletedTB, 10) + `}`)
}

func isMetaStream(stream string) bool { return strings.HasPrefix(stream, metaStreamPrefix) }

func metaStreamOf(stream string) string { return metaStreamPrefix + stream }

func originalStreamOf(metaStream string) string {
	return strings.TrimPrefix(metaStream, metaStreamPrefix)
}

// firstRevision is the lowest revision a read may return.
func (m streamMeta) firstRevision(last int64) int64 {
	first := m.truncateBefore
	if m.maxCount > 0 {
		first = max(first, last-m.maxCount+1)
	}
	return first
}

// oldest is the creation time before which events are hidden, zero for none.
func (m streamMeta) oldest(now time.Time) time.Time {
	if m.maxAge == 0 {
		return time.Time{}
	}
	return now.Add(-m.maxAge)
}
