package eventnode_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/adapters/eventnode"
	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
)

// clients gives the same test a client over each transport.
func clients(t *testing.T, node *eventnode.Node) map[string]*esdb.Client {
	t.Helper()
	config, err := esdb.ParseConnectionString(node.ConnectionString())
	if err != nil {
		t.Fatal(err)
	}
	config.Logger = esdb.NoopLogging()
	tcp, err := esdb.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tcp.Close() })
	return map[string]*esdb.Client{"socket": eventnodetest.Client(t, node), "tcp": tcp}
}

func TestExpectedRevisions(t *testing.T) {
	t.Parallel()
	wrong := esdb.ErrorCodeWrongExpectedVersion
	cases := map[string]struct {
		stored   int // events in the stream before
		metadata bool
		expected esdb.ExpectedRevision
		code     esdb.ErrorCode // 0: accepted
	}{
		"any on nothing":               {0, false, esdb.Any{}, 0},
		"any on a stream":              {2, false, esdb.Any{}, 0},
		"no stream on nothing":         {0, false, esdb.NoStream{}, 0},
		"no stream on a stream":        {2, false, esdb.NoStream{}, wrong},
		"exists on nothing":            {0, false, esdb.StreamExists{}, wrong},
		"exists on metadata only":      {0, true, esdb.StreamExists{}, 0},
		"exists on a stream":           {1, false, esdb.StreamExists{}, 0},
		"exact on nothing":             {0, false, esdb.Revision(0), wrong},
		"exact and right":              {3, false, esdb.Revision(2), 0},
		"exact and too old":            {3, false, esdb.Revision(1), wrong},
		"exact and in the future":      {3, false, esdb.Revision(3), wrong},
		"exact and beyond any number":  {3, false, esdb.Revision(1 << 62), wrong},
		"no stream with metadata only": {0, true, esdb.NoStream{}, 0},
	}
	all := clients(t, eventnodetest.Start(t, eventnodetest.TCP()))
	for name, tc := range cases {
		for transport, client := range all {
			t.Run(name+"/"+transport, func(t *testing.T) {
				t.Parallel()
				stream := "s-" + uuid.NewString()
				if tc.stored > 0 {
					mustAppend(t, client, stream, esdb.NoStream{}, events("old", tc.stored)...)
				}
				if tc.metadata {
					setMetadata(t, client, stream, func(m *esdb.StreamMetadata) { m.SetMaxCount(100) })
				}
				res, err := client.AppendToStream(t.Context(), stream, esdb.AppendToStreamOptions{ExpectedRevision: tc.expected}, event("new"))
				if tc.code != 0 {
					wantCode(t, err, tc.code)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if res.NextExpectedVersion != uint64(tc.stored) {
					t.Fatalf("revision %d, want %d", res.NextExpectedVersion, tc.stored)
				}
				if got := readStream(t, client, stream, esdb.ReadStreamOptions{}); len(got) != tc.stored+1 {
					t.Fatalf("%d events stored, want %d", len(got), tc.stored+1)
				}
			})
		}
	}
}

// A refused append tells the current revision: in the client's error text.
func TestWrongRevisionTellsCurrent(t *testing.T) {
	t.Parallel()
	client := eventnodetest.Client(t, eventnodetest.Start(t))
	mustAppend(t, client, "s", esdb.NoStream{}, events("a", 3)...)
	_, err := client.AppendToStream(t.Context(), "s", esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, event("b"))
	if err == nil || !strings.Contains(err.Error(), "2") {
		t.Fatalf("error %v does not tell revision 2", err)
	}
}

// Repeated appends succeed with the numbers of the first time and write nothing.
func TestIdempotency(t *testing.T) {
	t.Parallel()
	batch := events("e", 3)
	other := event("other")
	type step struct {
		expected esdb.ExpectedRevision
		events   []esdb.EventData
		code     esdb.ErrorCode
		revision uint64
	}
	cases := map[string]struct {
		steps  []step
		stored int
	}{
		"no stream again":          {[]step{{esdb.NoStream{}, batch, 0, 2}, {esdb.NoStream{}, batch, 0, 2}}, 3},
		"no stream, first part":    {[]step{{esdb.NoStream{}, batch, 0, 2}, {esdb.NoStream{}, batch[:2], 0, 1}}, 3},
		"no stream, other ids":     {[]step{{esdb.NoStream{}, batch, 0, 2}, {esdb.NoStream{}, events("e", 3), esdb.ErrorCodeWrongExpectedVersion, 0}}, 3},
		"no stream, one more":      {[]step{{esdb.NoStream{}, batch[:2], 0, 1}, {esdb.NoStream{}, batch, esdb.ErrorCodeWrongExpectedVersion, 0}}, 2},
		"no stream, wrong order":   {[]step{{esdb.NoStream{}, batch, 0, 2}, {esdb.NoStream{}, []esdb.EventData{batch[1], batch[0]}, esdb.ErrorCodeWrongExpectedVersion, 0}}, 3},
		"exact again":              {[]step{{esdb.NoStream{}, batch[:1], 0, 0}, {esdb.Revision(0), batch[1:], 0, 2}, {esdb.Revision(0), batch[1:], 0, 2}}, 3},
		"exact, after more":        {[]step{{esdb.NoStream{}, batch, 0, 2}, {esdb.Revision(2), []esdb.EventData{other}, 0, 3}, {esdb.Revision(0), batch[1:], 0, 2}}, 4},
		"exact and current":        {[]step{{esdb.NoStream{}, batch, 0, 2}, {esdb.Revision(2), batch, 0, 5}}, 6},
		"any again":                {[]step{{esdb.Any{}, batch, 0, 2}, {esdb.Any{}, batch, 0, 2}}, 3},
		"any, unknown after known": {[]step{{esdb.Any{}, batch, 0, 2}, {esdb.Any{}, []esdb.EventData{batch[2], other}, esdb.ErrorCodeWrongExpectedVersion, 0}}, 3},
		"any, known after unknown": {[]step{{esdb.Any{}, batch, 0, 2}, {esdb.Any{}, []esdb.EventData{other, batch[0]}, 0, 4}}, 5},
		"exists again":             {[]step{{esdb.Any{}, batch[:1], 0, 0}, {esdb.StreamExists{}, batch[1:], 0, 2}, {esdb.StreamExists{}, batch[1:], 0, 2}}, 3},
		"nothing at all":           {[]step{{esdb.Any{}, batch, 0, 2}, {esdb.Revision(2), nil, 0, 2}, {esdb.Revision(0), nil, esdb.ErrorCodeWrongExpectedVersion, 0}}, 3},
	}
	for name, tc := range cases {
		for _, restart := range []bool{false, true} {
			if restart {
				name += "/restarted"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				r := eventnodetest.NewRestartable(t)
				client := eventnodetest.Client(t, r.Start())
				var first *esdb.WriteResult
				for i, s := range tc.steps {
					if restart && i > 0 { // nothing remembered helps any more
						r.Stop()
						client = eventnodetest.Client(t, r.Start())
					}
					res, err := client.AppendToStream(t.Context(), "s", esdb.AppendToStreamOptions{ExpectedRevision: s.expected}, s.events...)
					if s.code != 0 {
						wantCode(t, err, s.code)
						continue
					}
					if err != nil {
						t.Fatalf("step %d: %v", i, err)
					}
					if res.NextExpectedVersion != s.revision {
						t.Fatalf("step %d: revision %d, want %d", i, res.NextExpectedVersion, s.revision)
					}
					if first == nil {
						first = res
					} else if len(s.events) == len(tc.steps[0].events) && res.NextExpectedVersion == first.NextExpectedVersion && res.CommitPosition != first.CommitPosition {
						t.Fatalf("step %d: position %d, the first time it was %d", i, res.CommitPosition, first.CommitPosition)
					}
				}
				if got := readStream(t, client, "s", esdb.ReadStreamOptions{}); len(got) != tc.stored {
					t.Fatalf("%d events stored, want %d", len(got), tc.stored)
				}
			})
		}
	}
}

func TestEventContentSurvives(t *testing.T) {
	t.Parallel()
	r := eventnodetest.NewRestartable(t)
	client := eventnodetest.Client(t, r.Start())
	want := []esdb.EventData{
		{EventID: uuid.New(), EventType: "json", ContentType: esdb.ContentTypeJson, Data: []byte(`{"é":"\u0000"}`), Metadata: []byte(`{"m":1}`)},
		{EventID: uuid.New(), EventType: "binary ☃", ContentType: esdb.ContentTypeBinary, Data: []byte{0, 1, 0xff}, Metadata: []byte{0}},
		{EventID: uuid.New(), EventType: "empty", ContentType: esdb.ContentTypeBinary},
	}
	mustAppend(t, client, "straße/☃", esdb.NoStream{}, want...)
	check := func(client *esdb.Client) []*esdb.ResolvedEvent {
		got := readStream(t, client, "straße/☃", esdb.ReadStreamOptions{})
		if len(got) != len(want) {
			t.Fatalf("%d events", len(got))
		}
		for i, e := range got {
			w := want[i]
			contentType := "application/json"
			if w.ContentType == esdb.ContentTypeBinary {
				contentType = "application/octet-stream"
			}
			if e.Event.EventID != w.EventID || e.Event.EventType != w.EventType || e.Event.ContentType != contentType ||
				!bytes.Equal(e.Event.Data, w.Data) || !bytes.Equal(e.Event.UserMetadata, w.Metadata) || e.Event.StreamID != "straße/☃" {
				t.Fatalf("event %d: %+v", i, e.Event)
			}
		}
		return got
	}
	before := check(client)
	r.Stop()
	after := check(eventnodetest.Client(t, r.Start()))
	if diff := cmp.Diff(before, after); diff != "" {
		t.Fatalf("different after a restart (-before +after):\n%s", diff)
	}
}

func TestBadAppends(t *testing.T) {
	t.Parallel()
	client := eventnodetest.Client(t, eventnodetest.Start(t))
	big := event("big")
	big.Data = make([]byte, eventnode.DefaultMaxAppendSize)
	half := event("half")
	half.Data = make([]byte, eventnode.DefaultMaxAppendSize/2)
	half2 := half
	half2.EventID = uuid.New()
	nul := event("a\x00b")
	badType := event("a\xffb")
	noID := event("a")
	noID.EventID = uuid.Nil
	cases := map[string]struct {
		stream string
		events []esdb.EventData
		text   string
	}{
		"one too large":       {"s", []esdb.EventData{big}, "Maximum Append Size"},
		"together too large":  {"s", []esdb.EventData{half, half2}, "Maximum Append Size"},
		"NUL in the type":     {"s", []esdb.EventData{nul}, "NUL"},
		"bad UTF-8 in type":   {"s", []esdb.EventData{badType}, "UTF-8"},
		"NUL in the stream":   {"a\x00b", events("e", 1), "NUL"},
		"bad UTF-8 in stream": {"a\xffb", events("e", 1), "UTF-8"},
		"no stream name":      {"", events("e", 1), "empty"},
		"long stream name":    {strings.Repeat("x", 2001), events("e", 1), "longer"},
		"$all":                {"$all", events("e", 1), "cannot be written"},
		"$$":                  {"$$", events("e", 1), "cannot be written"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var err error
			// The client does not look why it was refused when that comes before it has
			// sent all.
			for unread := true; unread; unread = err != nil && strings.HasSuffix(err.Error(), "EOF") {
				_, err = client.AppendToStream(t.Context(), tc.stream, esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}}, tc.events...)
			}
			if err == nil || !strings.Contains(err.Error(), tc.text) {
				t.Fatalf("error %v, want one that says %q", err, tc.text)
			}
		})
	}
	if got, err := drain(client.ReadAll(t.Context(), esdb.ReadAllOptions{}, 10)); err != nil || len(got) != 0 {
		t.Fatalf("something was written: %v %v", got, err)
	}
}

// The longest name that is accepted can be stored, deleted and found.
func TestLongestStreamName(t *testing.T) {
	t.Parallel()
	client := eventnodetest.Client(t, eventnodetest.Start(t))
	stream := uuid.NewString() + strings.Repeat("x", 2000-36)
	mustAppend(t, client, stream, esdb.NoStream{}, event("e"))
	if _, err := client.DeleteStream(t.Context(), stream, esdb.DeleteStreamOptions{ExpectedRevision: esdb.Revision(0)}); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, client, stream, esdb.NoStream{}, event("e"))
	if got := revisions(readStream(t, client, stream, esdb.ReadStreamOptions{})); !cmp.Equal(got, []uint64{1}) {
		t.Fatalf("revisions %v", got)
	}
}
