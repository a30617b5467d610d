package eventstoredb

import (
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// Events are copied byte for byte, whether this program knows them, and whatever is in
// them. An append that is repeated is the same append; another event in its place is not.
func TestCopiedByteForByte(t *testing.T) {
	t.Parallel()
	from, _ := running(t)
	to, _ := running(t)
	_, _, err := from.append(t.Context(), "any", eventlog.NoStream, []esdb.EventData{
		{EventID: uuid.New(), EventType: "Known To Nobody", ContentType: esdb.ContentTypeJson, Data: []byte(`{"b": 1, "a":2.50}`), Metadata: []byte(`{ }`)},
		{EventID: uuid.New(), EventType: "Bytes", ContentType: esdb.ContentTypeBinary, Data: []byte{0, 255, '"'}},
		{EventID: uuid.New(), EventType: "No JSON", ContentType: esdb.ContentTypeJson, Data: []byte(`{`), Metadata: []byte{1}},
	})
	require.NoError(t, err)
	kept := all(t, from.Sealed().ReadStream(t.Context(), "any", 0))
	require.Len(t, kept, 3)

	for range 2 {
		require.NoError(t, to.Sealed().Append(t.Context(), "any", eventlog.NoStream, kept[0]))
		require.NoError(t, to.Sealed().Append(t.Context(), "any", 0, kept[1:]...))
	}
	copies := all(t, to.Sealed().ReadAll(t.Context(), eventlog.Position{}, eventlog.Everything...))
	for i := range copies {
		require.Equal(t, kept[i].Event, copies[i].Event)
		require.Equal(t, kept[i].ID, copies[i].ID)
		require.Equal(t, kept[i].Revision, copies[i].Revision)
	}
	require.Len(t, copies, 3)

	other := kept[1]
	other.ID = uuid.New()
	require.ErrorIs(t, to.Sealed().Append(t.Context(), "any", 0, other), eventlog.ErrConflict)
	require.Error(t, to.Sealed().Append(t.Context(), "any", 2, eventlog.Recorded{ID: uuid.New(), Event: eventlog.Sealed{ContentType: "text/plain"}}))
	require.Error(t, to.Sealed().Append(t.Context(), "any", 2, eventlog.Recorded{ID: uuid.New(), Event: eventlog.LogOpened{}}))
}
