package eventstoredb

import (
	"context"
	"fmt"
	"iter"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// SealedLog reads and copies the log as it is kept: events are eventlog.Sealed,
// whatever is in them.
type SealedLog struct{ store *Store }

// Sealed is the log as it is kept.
func (s *Store) Sealed() SealedLog { return SealedLog{s} }

// ReadStream yields a stream's events, see eventlog.Log.
func (l SealedLog) ReadStream(ctx context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
	return l.store.readStream(ctx, stream, from, func(_ context.Context, e *esdb.RecordedEvent) (eventlog.Recorded, error) { return asKept(e) })
}

// ReadAll yields the events of streams that start with one of the prefixes, see
// eventlog.Log.
func (l SealedLog) ReadAll(ctx context.Context, after eventlog.Position, prefixes ...string) iter.Seq2[eventlog.Recorded, error] {
	return l.store.readAll(ctx, after, FollowOptions{Name: "read", Prefixes: prefixes, Sealed: true})
}

// End is the position of the log's last event, zero when there is none.
func (l SealedLog) End(ctx context.Context) (eventlog.Position, error) { return l.store.End(ctx) }

// Append adds events of a copied log to a stream, byte for byte, all or none, see
// eventlog.Log. Their ids are kept, so an append that is repeated is the same append.
func (l SealedLog) Append(ctx context.Context, stream string, expected eventlog.Revision, events ...eventlog.Recorded) error {
	data := make([]esdb.EventData, len(events))
	for i, e := range events {
		var err error
		if data[i], err = copied(e); err != nil {
			return fmt.Errorf("append to %s: %w", stream, err)
		}
	}
	_, _, err := l.store.appendNoted(ctx, stream, expected, data)
	return err
}

// contentTypes are the names that stores give what the client knows.
var contentTypes = map[string]esdb.ContentType{
	"application/json": esdb.ContentTypeJson, "application/octet-stream": esdb.ContentTypeBinary,
}

// copied is the stored form of an event that is stored already.
func copied(e eventlog.Recorded) (esdb.EventData, error) {
	s, ok := e.Event.(eventlog.Sealed)
	contentType, known := contentTypes[s.ContentType]
	if !ok || !known {
		return esdb.EventData{}, fmt.Errorf("event %d: a %T of the type %q cannot be copied", e.Revision, e.Event, s.ContentType)
	}
	return esdb.EventData{EventID: e.ID, EventType: s.Name, ContentType: contentType, Data: s.Data, Metadata: s.Metadata}, nil
}

// asKept takes an event as it is kept. It never fails.
func asKept(e *esdb.RecordedEvent) (eventlog.Recorded, error) {
	return eventlog.Recorded{
		ID: e.EventID, Stream: e.StreamID, Revision: eventlog.Revision(e.EventNumber), Position: position(e), RecordedAt: e.CreatedDate,
		Event: eventlog.Sealed{Name: e.EventType, ContentType: e.ContentType, Data: e.Data, Metadata: e.UserMetadata},
	}, nil
}
