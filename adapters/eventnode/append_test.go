package eventnode_test

import (
	"errors"
	"io"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
)

func event(typ string) esdb.EventData {
	return esdb.EventData{EventID: uuid.New(), EventType: typ, ContentType: esdb.ContentTypeJson, Data: []byte(`{"n":1}`)}
}

func TestAppendAndRead(t *testing.T) {
	t.Parallel()
	client := eventnodetest.Client(t, eventnodetest.Start(t))
	ctx := t.Context()
	res, err := client.AppendToStream(ctx, "account-1", esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, event("opened"), event("closed"))
	if err != nil {
		t.Fatal(err)
	}
	if res.NextExpectedVersion != 1 || res.CommitPosition == 0 {
		t.Fatalf("result %+v", res)
	}
	stream, err := client.ReadStream(ctx, "account-1", esdb.ReadStreamOptions{}, 10)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	var got []string
	for {
		e, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e.Event.EventType)
	}
	if len(got) != 2 || got[0] != "opened" || got[1] != "closed" {
		t.Fatalf("read %v", got)
	}
}
