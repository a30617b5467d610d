package eventnode_test

import (
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/go-cmp/cmp"

	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
)

func setMetadata(t testing.TB, c *esdb.Client, stream string, change func(*esdb.StreamMetadata)) {
	t.Helper()
	m := esdb.StreamMetadata{}
	change(&m)
	if _, err := c.SetStreamMetadata(t.Context(), stream, esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}}, m); err != nil {
		t.Fatalf("set metadata of %s: %v", stream, err)
	}
}

func TestSoftDelete(t *testing.T) {
	t.Parallel()
	client := eventnodetest.Client(t, eventnodetest.Start(t))
	ctx := t.Context()
	remove := func(expected esdb.ExpectedRevision) error {
		_, err := client.DeleteStream(ctx, "s", esdb.DeleteStreamOptions{ExpectedRevision: expected})
		return err
	}
	if err := remove(esdb.Any{}); err == nil {
		t.Fatal("deleted a stream that does not exist")
	}
	mustAppend(t, client, "s", esdb.NoStream{}, events("a", 3)...)
	if err := remove(esdb.Revision(1)); err == nil {
		t.Fatal("deleted at a wrong revision")
	}
	if err := remove(esdb.Revision(2)); err != nil {
		t.Fatal(err)
	}
	_, err := drain(client.ReadStream(ctx, "s", esdb.ReadStreamOptions{}, 10))
	wantCode(t, err, esdb.ErrorCodeResourceNotFound)
	_, err = client.AppendToStream(ctx, "s", esdb.AppendToStreamOptions{ExpectedRevision: esdb.StreamExists{}}, event("x"))
	wantCode(t, err, esdb.ErrorCodeStreamDeleted)

	// It begins again, as new, with the next revision.
	again := events("b", 2)
	if res := mustAppend(t, client, "s", esdb.NoStream{}, again...); res.NextExpectedVersion != 4 {
		t.Fatalf("revision %d after the deletion, want 4", res.NextExpectedVersion)
	}
	if got := revisions(readStream(t, client, "s", esdb.ReadStreamOptions{})); !cmp.Equal(got, []uint64{3, 4}) {
		t.Fatalf("revisions %v", got)
	}
	all, err := drain(client.ReadAll(ctx, esdb.ReadAllOptions{}, 100))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a-0", "a-1", "a-2", "$metadata", "b-0", "b-1", "$metadata"}
	if diff := cmp.Diff(want, types(all)); diff != "" {
		t.Fatalf("$all (-want +got):\n%s", diff)
	}
}

func TestTombstone(t *testing.T) {
	t.Parallel()
	r := eventnodetest.NewRestartable(t)
	client := eventnodetest.Client(t, r.Start())
	ctx := t.Context()
	mustAppend(t, client, "s", esdb.NoStream{}, events("a", 2)...)
	if _, err := client.TombstoneStream(ctx, "s", esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Revision(1)}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.TombstoneStream(ctx, "never", esdb.TombstoneStreamOptions{ExpectedRevision: esdb.NoStream{}}); err != nil {
		t.Fatal(err)
	}
	check := func(client *esdb.Client) {
		for _, stream := range []string{"s", "never", "$$s"} {
			_, err := client.AppendToStream(ctx, stream, esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}}, event("x"))
			wantCode(t, err, esdb.ErrorCodeStreamDeleted)
			_, err = drain(client.ReadStream(ctx, stream, esdb.ReadStreamOptions{}, 10))
			wantCode(t, err, esdb.ErrorCodeStreamDeleted)
		}
		_, err := client.DeleteStream(ctx, "s", esdb.DeleteStreamOptions{ExpectedRevision: esdb.Any{}})
		wantCode(t, err, esdb.ErrorCodeStreamDeleted)
	}
	check(client)
	r.Stop()
	check(eventnodetest.Client(t, r.Start()))
}

func TestStreamMetadataLimitsReads(t *testing.T) {
	t.Parallel()
	client := eventnodetest.Client(t, eventnodetest.Start(t))
	cases := map[string]struct {
		change func(*esdb.StreamMetadata)
		want   []uint64
	}{
		"none":                 {func(*esdb.StreamMetadata) {}, []uint64{0, 1, 2, 3, 4}},
		"max count":            {func(m *esdb.StreamMetadata) { m.SetMaxCount(2) }, []uint64{3, 4}},
		"truncate before":      {func(m *esdb.StreamMetadata) { m.SetTruncateBefore(1) }, []uint64{1, 2, 3, 4}},
		"both":                 {func(m *esdb.StreamMetadata) { m.SetTruncateBefore(4); m.SetMaxCount(3) }, []uint64{4}},
		"everything truncated": {func(m *esdb.StreamMetadata) { m.SetTruncateBefore(9) }, nil},
		"max age, young":       {func(m *esdb.StreamMetadata) { m.SetMaxAge(time.Hour) }, []uint64{0, 1, 2, 3, 4}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stream := "s-" + name
			mustAppend(t, client, stream, esdb.NoStream{}, events("e", 5)...)
			setMetadata(t, client, stream, tc.change)
			forwards := revisions(readStream(t, client, stream, esdb.ReadStreamOptions{}))
			backwards := revisions(readStream(t, client, stream, esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.End{}}))
			if len(tc.want) != len(forwards) || len(tc.want) != len(backwards) {
				t.Fatalf("forwards %v, backwards %v, want %v", forwards, backwards, tc.want)
			}
			for i, w := range tc.want {
				if forwards[i] != w || backwards[len(tc.want)-1-i] != w {
					t.Fatalf("forwards %v, backwards %v, want %v", forwards, backwards, tc.want)
				}
			}
			m, err := client.GetStreamMetadata(t.Context(), stream, esdb.ReadStreamOptions{})
			if err != nil {
				t.Fatal(err)
			}
			var set esdb.StreamMetadata
			tc.change(&set)
			if diff := cmp.Diff(set.MaxCount(), m.MaxCount()); diff != "" {
				t.Fatalf("metadata read back (-set +got):\n%s", diff)
			}
		})
	}
}

func TestMaxAgeHidesOldEvents(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	client := eventnodetest.Client(t, eventnodetest.On(t, pool).Start())
	mustAppend(t, client, "s", esdb.NoStream{}, events("e", 200)...)
	setMetadata(t, client, "s", func(m *esdb.StreamMetadata) { m.SetMaxAge(time.Hour) })
	if _, err := pool.Exec(t.Context(), `UPDATE eventnode.events SET created = created - interval '2 hours' WHERE stream = 's' AND revision < 198`); err != nil {
		t.Fatal(err)
	}
	if got := revisions(readStream(t, client, "s", esdb.ReadStreamOptions{})); !cmp.Equal(got, []uint64{198, 199}) {
		t.Fatalf("forwards %v", got)
	}
	if got := revisions(readStream(t, client, "s", esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.End{}})); !cmp.Equal(got, []uint64{199, 198}) {
		t.Fatalf("backwards %v", got)
	}
	sub, err := client.SubscribeToStream(t.Context(), "s", esdb.SubscribeToStreamOptions{From: esdb.Start{}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sub.Close() }()
	if got, _ := untilCaughtUp(t, sub); !cmp.Equal(revisions(got), []uint64{198, 199}) {
		t.Fatalf("subscription %v", revisions(got))
	}
}

// Setting metadata of a deleted stream brings it back, empty; what was set stays.
func TestMetadataBringsDeletedStreamBack(t *testing.T) {
	t.Parallel()
	client := eventnodetest.Client(t, eventnodetest.Start(t))
	mustAppend(t, client, "s", esdb.NoStream{}, events("a", 2)...)
	if _, err := client.DeleteStream(t.Context(), "s", esdb.DeleteStreamOptions{ExpectedRevision: esdb.Any{}}); err != nil {
		t.Fatal(err)
	}
	setMetadata(t, client, "s", func(m *esdb.StreamMetadata) { m.SetMaxCount(1) })
	if got := readStream(t, client, "s", esdb.ReadStreamOptions{}); len(got) != 0 {
		t.Fatalf("deleted events are back: %v", revisions(got))
	}
	mustAppend(t, client, "s", esdb.StreamExists{}, events("b", 2)...)
	if got := revisions(readStream(t, client, "s", esdb.ReadStreamOptions{})); !cmp.Equal(got, []uint64{3}) {
		t.Fatalf("revisions %v: max count was lost", got)
	}
}
