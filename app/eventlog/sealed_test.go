package eventlog_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

func kept(data, metadata string) eventlog.Recorded {
	return eventlog.Recorded{
		Stream: "device-1", Revision: 7, ID: uuid.UUID{0xb4, 6: 0x40, 8: 0x80, 15: 1},
		Event: eventlog.Sealed{Name: "Renamed", Data: []byte(data), Metadata: []byte(metadata)},
	}
}

// What a leaf is must never change: proofs that others keep are about it.
func TestALeafIs(t *testing.T) {
	t.Parallel()
	const id = `"id":"b4000000-0000-4000-8000-000000000001"`
	for name, c := range map[string]struct{ data, metadata, leaf string }{
		"members are sorted, spaces go, letters stay": {
			`{ "newName": "Größe <1> \u0041/", "device": 12345678901234567890, "at": 1.50 }`, `{"schemaVersion":2}`,
			`{"data":{"at":1.5,"device":12345678901234567890,"newName":"Größe <1> A/"},` + id + `,"metadata":{"schemaVersion":2},"revision":7,"stream":"device-1","type":"Renamed"}`,
		},
		"no JSON": {
			"\x00\x01", "", `{"dataBase64":"AAE=",` + id + `,"revision":7,"stream":"device-1","type":"Renamed"}`,
		},
		"a member twice is no JSON that two would read the same": {
			`{"a":1,"a":2}`, `{}`, `{"dataBase64":"eyJhIjoxLCJhIjoyfQ==",` + id + `,"metadata":{},"revision":7,"stream":"device-1","type":"Renamed"}`,
		},
	} {
		leaf, err := kept(c.data, c.metadata).Leaf()
		require.NoError(t, err, name)
		require.Equal(t, c.leaf, string(leaf), name)
	}
	_, err := eventlog.Recorded{Event: eventlog.LogOpened{}}.Leaf()
	require.ErrorContains(t, err, "as the log keeps it")
}

func FuzzLeaf(f *testing.F) {
	f.Add([]byte(`{"a":[1,2.5,"x"]}`), []byte(`{}`))
	f.Add([]byte{0xff}, []byte(`{"a":1e400}`))
	f.Fuzz(func(t *testing.T, data, metadata []byte) {
		leaf, err := kept(string(data), string(metadata)).Leaf()
		if err != nil {
			t.Fatal(err)
		}
		again, err := eventlog.Canonical(append([]byte{}, leaf...))
		if err != nil || string(again) != string(leaf) {
			t.Fatalf("%v: %s is not canonical: %s", err, leaf, again)
		}
	})
}
