package eventnode_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/go-cmp/cmp"

	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
)

func TestReadStreamBounds(t *testing.T) {
	t.Parallel()
	client := eventnodetest.Client(t, eventnodetest.Start(t))
	mustAppend(t, client, "s", esdb.NoStream{}, events("e", 200)...) // more than a page
	mustAppend(t, client, "other", esdb.NoStream{}, event("x"))
	span := func(from, to int) []uint64 { // inclusive
		var out []uint64
		for i := from; i <= to; i++ {
			out = append(out, uint64(i))
		}
		for i := from; i >= to && from > to; i-- {
			out = append(out, uint64(i))
		}
		return out
	}
	cases := map[string]struct {
		options esdb.ReadStreamOptions
		count   uint64
		want    []uint64
	}{
		"all":                         {esdb.ReadStreamOptions{}, 1000, span(0, 199)},
		"from the start":              {esdb.ReadStreamOptions{From: esdb.Start{}}, 3, span(0, 2)},
		"from a revision":             {esdb.ReadStreamOptions{From: esdb.Revision(197)}, 10, span(197, 199)},
		"from the last":               {esdb.ReadStreamOptions{From: esdb.Revision(199)}, 10, span(199, 199)},
		"from beyond":                 {esdb.ReadStreamOptions{From: esdb.Revision(200)}, 10, nil},
		"forwards from the end":       {esdb.ReadStreamOptions{From: esdb.End{}}, 10, nil},
		"nothing wanted":              {esdb.ReadStreamOptions{}, 0, nil},
		"backwards":                   {esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.End{}}, 1000, span(199, 0)},
		"backwards from a revision":   {esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.Revision(3)}, 3, span(3, 1)},
		"backwards from beyond":       {esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.Revision(900)}, 2, span(199, 198)},
		"backwards from the start":    {esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.Start{}}, 10, span(0, 0)},
		"the last event":              {esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.End{}}, 1, span(199, 199)},
		"exactly a page and one more": {esdb.ReadStreamOptions{}, 65, span(0, 64)},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := drain(client.ReadStream(t.Context(), "s", tc.options, tc.count))
			if err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(revisions(got)) != fmt.Sprint(tc.want) {
				t.Fatalf("got %v, want %v", revisions(got), tc.want)
			}
		})
	}
	_, err := drain(client.ReadStream(t.Context(), "missing", esdb.ReadStreamOptions{}, 1))
	wantCode(t, err, esdb.ErrorCodeResourceNotFound)
}

// $all forwards includes the position given, backwards excludes it.
func TestReadAllBounds(t *testing.T) {
	t.Parallel()
	client := eventnodetest.Client(t, eventnodetest.Start(t))
	var at []esdb.Position
	for i := range 5 {
		res := mustAppend(t, client, fmt.Sprintf("s-%d", i), esdb.NoStream{}, event(fmt.Sprint(i)))
		at = append(at, esdb.Position{Commit: res.CommitPosition, Prepare: res.PreparePosition})
	}
	half := esdb.Position{Commit: at[2].Commit, Prepare: 0}
	cases := map[string]struct {
		options esdb.ReadAllOptions
		count   uint64
		want    []string
	}{
		"all":                  {esdb.ReadAllOptions{}, 10, []string{"0", "1", "2", "3", "4"}},
		"limited":              {esdb.ReadAllOptions{}, 2, []string{"0", "1"}},
		"from a position":      {esdb.ReadAllOptions{From: at[2]}, 10, []string{"2", "3", "4"}},
		"from half a position": {esdb.ReadAllOptions{From: half}, 10, []string{"2", "3", "4"}},
		"from the end":         {esdb.ReadAllOptions{From: esdb.End{}}, 10, nil},
		"backwards":            {esdb.ReadAllOptions{Direction: esdb.Backwards, From: esdb.End{}}, 10, []string{"4", "3", "2", "1", "0"}},
		"backwards from":       {esdb.ReadAllOptions{Direction: esdb.Backwards, From: at[2]}, 10, []string{"1", "0"}},
		"backwards from half":  {esdb.ReadAllOptions{Direction: esdb.Backwards, From: half}, 10, []string{"1", "0"}},
		"backwards from start": {esdb.ReadAllOptions{Direction: esdb.Backwards, From: esdb.Start{}}, 10, nil},
		"beyond the end":       {esdb.ReadAllOptions{From: esdb.Position{Commit: 1 << 40, Prepare: 1 << 40}}, 10, nil},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := drain(client.ReadAll(t.Context(), tc.options, tc.count))
			if err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(types(got)) != fmt.Sprint(tc.want) {
				t.Fatalf("got %v, want %v", types(got), tc.want)
			}
			for _, e := range got {
				if e.Commit == nil || *e.Commit != e.Event.Position.Commit || e.Event.Position.Commit != e.Event.Position.Prepare {
					t.Fatalf("positions of %+v", e)
				}
			}
		})
	}
}

// The writes of one batch end at the position the client is told.
func TestResultPositionIsThatOfTheLastEvent(t *testing.T) {
	t.Parallel()
	client := eventnodetest.Client(t, eventnodetest.Start(t))
	res := mustAppend(t, client, "s", esdb.NoStream{}, events("e", 7)...)
	got := readStream(t, client, "s", esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.End{}})
	if got[0].Event.Position.Commit != res.CommitPosition || got[6].Event.Position.Commit == 0 {
		t.Fatalf("result %d, events %d to %d", res.CommitPosition, got[6].Event.Position.Commit, got[0].Event.Position.Commit)
	}
}

func TestMetadataStreamShowsItsLastEvent(t *testing.T) {
	t.Parallel()
	client := eventnodetest.Client(t, eventnodetest.Start(t))
	for n := range uint64(3) {
		setMetadata(t, client, "s", func(m *esdb.StreamMetadata) { m.SetMaxCount(n + 1) })
	}
	if got := revisions(readStream(t, client, "$$s", esdb.ReadStreamOptions{})); !cmp.Equal(got, []uint64{2}) {
		t.Fatalf("revisions %v", got)
	}
	all, err := drain(client.ReadAll(t.Context(), esdb.ReadAllOptions{}, 10))
	if err != nil || len(all) != 3 || all[0].Event.EventType != "$metadata" || all[0].Event.StreamID != "$$s" {
		t.Fatalf("$all %v, %v", types(all), err)
	}
}

// linkTo is a link with this data: "revision@stream", where it is one.
func linkTo(data string) esdb.EventData {
	e := event("$>")
	e.Data, e.ContentType = []byte(data), esdb.ContentTypeBinary
	return e
}

func TestLinksAreResolvedWhenAsked(t *testing.T) {
	t.Parallel()
	client := eventnodetest.Client(t, eventnodetest.Start(t))
	mustAppend(t, client, "source", esdb.NoStream{}, events("e", 2)...)
	mustAppend(t, client, "links", esdb.NoStream{}, linkTo("1@source"), linkTo("9@source"), linkTo("0@nowhere"), linkTo("0"), linkTo("-1@source"), linkTo("0@"))
	got := readStream(t, client, "links", esdb.ReadStreamOptions{ResolveLinkTos: true})
	if len(got) != 6 || got[0].Event == nil || got[0].Event.EventType != "e-1" || got[0].Link == nil || got[0].Link.EventNumber != 0 {
		t.Fatalf("resolved: %+v", got)
	}
	for _, e := range got[1:] {
		if e.Event != nil || e.Link == nil {
			t.Fatalf("a link to nothing: %+v", e)
		}
	}
	if plain := readStream(t, client, "links", esdb.ReadStreamOptions{}); plain[0].Event.EventType != "$>" || plain[0].Link != nil {
		t.Fatalf("unresolved: %+v", plain[0])
	}
}

// What has the type of a link but names no revision stands for itself.
func TestLinkThatIsNone(t *testing.T) {
	t.Parallel()
	client := eventnodetest.Client(t, eventnodetest.Start(t))
	mustAppend(t, client, "links", esdb.NoStream{}, linkTo("rubbish"), linkTo("one@links"), linkTo("@links"), linkTo(""))
	got := readStream(t, client, "links", esdb.ReadStreamOptions{ResolveLinkTos: true})
	if len(got) != 4 {
		t.Fatalf("%d events", len(got))
	}
	for i, e := range got {
		if e.Link != nil || e.Event == nil || e.Event.EventType != "$>" || e.Event.EventNumber != uint64(i) {
			t.Fatalf("event %d: %+v", i, e)
		}
	}
}

// A link shows no more of a stream than reading the stream does.
func TestLinkObeysTheStreamsLimits(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	client := eventnodetest.Client(t, eventnodetest.On(t, pool).Start())
	for stream, limit := range map[string]func(*esdb.StreamMetadata){
		"aged":      func(m *esdb.StreamMetadata) { m.SetMaxAge(time.Hour) },
		"counted":   func(m *esdb.StreamMetadata) { m.SetMaxCount(1) },
		"truncated": func(m *esdb.StreamMetadata) { m.SetTruncateBefore(1) },
	} {
		mustAppend(t, client, stream, esdb.NoStream{}, events("e", 2)...)
		setMetadata(t, client, stream, limit)
		mustAppend(t, client, "to-"+stream, esdb.NoStream{}, linkTo("0@"+stream), linkTo("1@"+stream))
	}
	if _, err := pool.Exec(t.Context(), `UPDATE eventnode.events SET created = created - interval '2 hours' WHERE stream = 'aged' AND revision = 0`); err != nil {
		t.Fatal(err)
	}
	for _, stream := range []string{"aged", "counted", "truncated"} {
		got := readStream(t, client, "to-"+stream, esdb.ReadStreamOptions{ResolveLinkTos: true})
		if len(got) != 2 || got[0].Event != nil || got[0].Link == nil || got[1].Event == nil || got[1].Event.EventType != "e-1" {
			t.Errorf("%s: %+v", stream, got)
		}
	}
}
