package eventnode_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
)

// A node that remembers nothing takes what is to be new for new, and finds out when it
// writes; what comes in the same group is written all the same.
func TestStreamsThatAreNotNew(t *testing.T) {
	t.Parallel()
	r := eventnodetest.NewRestartable(t)
	client := eventnodetest.Client(t, r.Start())
	ctx := t.Context()
	written := event("a")
	mustAppend(t, client, "there", esdb.NoStream{}, event("a"))
	mustAppend(t, client, "repeated", esdb.NoStream{}, written)
	mustAppend(t, client, "hidden", esdb.NoStream{}, event("a"))
	if _, err := client.DeleteStream(ctx, "hidden", esdb.DeleteStreamOptions{ExpectedRevision: esdb.Any{}}); err != nil {
		t.Fatal(err)
	}
	for _, stream := range []string{"never", "ended"} {
		if stream == "ended" {
			mustAppend(t, client, stream, esdb.NoStream{}, event("a"))
		}
		if _, err := client.TombstoneStream(ctx, stream, esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Any{}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.SetStreamMetadata(ctx, "described", esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, esdb.StreamMetadata{}); err != nil {
		t.Fatal(err)
	}
	r.Stop()
	client = eventnodetest.Client(t, r.Start())

	want := map[string]struct {
		code     esdb.ErrorCode // 0: written
		revision uint64
	}{
		"there": {code: esdb.ErrorCodeWrongExpectedVersion}, "repeated": {revision: 0}, "hidden": {revision: 1},
		"never": {code: esdb.ErrorCodeStreamDeleted}, "ended": {code: esdb.ErrorCodeStreamDeleted}, "described": {revision: 0},
	}
	for i := range 20 {
		want[fmt.Sprint("new-", i)] = struct {
			code     esdb.ErrorCode
			revision uint64
		}{}
	}
	var all sync.WaitGroup
	for stream, w := range want {
		all.Go(func() {
			e := event("b")
			if stream == "repeated" {
				e = written
			}
			res, err := client.AppendToStream(ctx, stream, esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, e)
			var told *esdb.Error
			switch {
			case w.code != 0 && (!errors.As(err, &told) || told.Code() != w.code):
				t.Errorf("%s: %v, want code %d", stream, err, w.code)
			case w.code == 0 && err != nil:
				t.Errorf("%s: %v", stream, err)
			case w.code == 0 && res.NextExpectedVersion != w.revision:
				t.Errorf("%s: revision %d, want %d", stream, res.NextExpectedVersion, w.revision)
			}
		})
	}
	all.Wait()
	if got := len(readStream(t, client, "repeated", esdb.ReadStreamOptions{})); got != 1 {
		t.Errorf("%d events of one that was repeated", got)
	}
}
