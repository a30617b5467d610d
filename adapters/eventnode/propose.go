package eventnode

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// maxStreamName is in bytes: PostgreSQL cannot index much longer names.
const maxStreamName = 2000

// streamName checks the name of a stream.
func streamName(id *shared.StreamIdentifier) (string, error) {
	name := id.GetStreamName()
	switch {
	case len(name) == 0:
		return "", fmt.Errorf("the stream name is empty")
	case len(name) > maxStreamName:
		return "", fmt.Errorf("the stream name is longer than %d bytes", maxStreamName)
	case !utf8.Valid(name):
		return "", fmt.Errorf("the stream name is not valid UTF-8")
	case bytes.IndexByte(name, 0) >= 0:
		return "", fmt.Errorf("the stream name holds a NUL character")
	}
	return string(name), nil
}

// writableStream checks the name of a stream that is to be written.
func writableStream(id *shared.StreamIdentifier) (string, error) {
	name, err := streamName(id)
	if err == nil && (name == allStream || name == metaStreamPrefix) {
		return "", fmt.Errorf("the stream %s cannot be written", name)
	}
	return name, err
}

// deletableStream checks the name of a stream that is to be deleted.
func deletableStream(id *shared.StreamIdentifier) (string, error) {
	name, err := writableStream(id)
	if err == nil && isMetaStream(name) {
		return "", fmt.Errorf("the metadata stream %s cannot be deleted: it goes with its stream", name)
	}
	return name, err
}

// revisionOption is the expected revision as all requests that have one show it.
type revisionOption interface {
	GetRevision() uint64
	GetNoStream() *shared.Empty
	GetAny() *shared.Empty
	GetStreamExists() *shared.Empty
}

func expectedRevision(o revisionOption, isRevision bool) (int64, error) {
	switch {
	case isRevision:
		return exactRevision(o.GetRevision())
	case o.GetNoStream() != nil:
		return noStream, nil
	case o.GetAny() != nil:
		return anyRevision, nil
	case o.GetStreamExists() != nil:
		return streamExists, nil
	default:
		return 0, fmt.Errorf("the expected revision is missing")
	}
}

func exactRevision(revision uint64) (int64, error) {
	if revision > math.MaxInt64 {
		return 0, fmt.Errorf("the expected revision %d is out of range", revision)
	}
	return int64(revision), nil
}

// proposedMessage is an event as both ways of appending send it.
type proposedMessage interface {
	GetId() *shared.UUID
	GetMetadata() map[string]string
	GetCustomMetadata() []byte
	GetData() []byte
}

var (
	_ proposedMessage = (*streams.AppendReq_ProposedMessage)(nil)
	_ proposedMessage = (*streams.BatchAppendReq_ProposedMessage)(nil)
)

// batch collects the events of one append and keeps their size within the limit.
type batch struct {
	maxSize int
	size    int
	events  []proposed
}

func (b *batch) add(m proposedMessage) error {
	typ, ok := m.GetMetadata()[metaType]
	if !ok {
		return errMissingMetadata(metaType)
	}
	content, ok := m.GetMetadata()[metaContentType]
	if !ok {
		return errMissingMetadata(metaContentType)
	}
	if typ == "" || strings.IndexByte(typ, 0) >= 0 || !utf8.ValidString(typ) {
		return fmt.Errorf("the event type is empty, holds a NUL character or is not valid UTF-8")
	}
	id, err := parseUUID(m.GetId())
	if err != nil {
		return fmt.Errorf("the event id: %w", err)
	}
	if id == ([16]byte{}) {
		return fmt.Errorf("the event id is empty")
	}
	b.size += 2*len(typ) + len(m.GetData()) + len(m.GetCustomMetadata())
	if b.size > b.maxSize {
		return errTooLarge(b.maxSize)
	}
	b.events = append(b.events, proposed{
		id: id, typ: typ, isJSON: content == typeJSON, data: m.GetData(), metadata: m.GetCustomMetadata(),
	})
	return nil
}
