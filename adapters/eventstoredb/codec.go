package eventstoredb

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// encode gives the stored form of an event: its JSON with personal data sealed,
// and its metadata with the schema version that was written.
func (s *Store) encode(ctx context.Context, stream string, e eventlog.NewEvent) (esdb.EventData, error) {
	if e.ID == uuid.Nil {
		return esdb.EventData{}, fmt.Errorf("encode %s: the event has no id", e.Event.EventType())
	}
	name, version, data, err := eventlog.Codec.Encode(e.Event)
	if err != nil {
		return esdb.EventData{}, err
	}
	if data, err = s.seal(ctx, stream, name, data); err != nil {
		return esdb.EventData{}, fmt.Errorf("encode %s: %w", name, err)
	}
	e.Metadata.SchemaVersion = version
	metadata, err := json.Marshal(e.Metadata)
	if err != nil {
		return esdb.EventData{}, fmt.Errorf("encode metadata of %s: %w", name, err)
	}
	return esdb.EventData{
		EventID:     e.ID,
		EventType:   name,
		ContentType: esdb.ContentTypeJson,
		Data:        data,
		Metadata:    metadata,
	}, nil
}

// decode reads what encode made, except that an event with sealed personal data
// comes as a sealedEvent, for Store.open. An event that this program does not
// know gives codec.ErrUnknown.
func decode(e *esdb.RecordedEvent) (eventlog.Recorded, error) {
	r := eventlog.Recorded{
		ID:         e.EventID,
		Stream:     e.StreamID,
		Revision:   eventlog.Revision(e.EventNumber),
		Position:   position(e),
		RecordedAt: e.CreatedDate,
	}
	if err := json.Unmarshal(e.UserMetadata, &r.Metadata); err != nil {
		return r, fmt.Errorf("event %d of %s: metadata: %w", e.EventNumber, e.StreamID, err)
	}
	if personal := eventlog.Codec.Personal(e.EventType); len(personal) > 0 {
		sealed, ok, err := decodePersonal(e.EventType, r.Metadata.SchemaVersion, e.Data, personal)
		if err != nil {
			return r, fmt.Errorf("event %d of %s: %w", e.EventNumber, e.StreamID, err)
		}
		if ok {
			r.Event = sealed
			return r, nil
		}
	}
	var err error
	if r.Event, err = eventlog.Codec.Decode(e.EventType, r.Metadata.SchemaVersion, e.Data); err != nil {
		return r, fmt.Errorf("event %d of %s: %w", e.EventNumber, e.StreamID, err)
	}
	return r, nil
}

// position is where an event stands in the log; zero where the store does not
// tell, which some versions do in reads of one stream by the highest number.
func position(e *esdb.RecordedEvent) eventlog.Position {
	if e.Position.Commit >= math.MaxInt64 || e.Position.Prepare >= math.MaxInt64 {
		return eventlog.Position{}
	}
	return eventlog.Position{Commit: e.Position.Commit, Prepare: e.Position.Prepare}
}
