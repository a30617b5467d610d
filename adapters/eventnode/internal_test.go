package eventnode

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"
)

func TestParseStreamMeta(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]streamMeta{
		`{}`: {},
		`{"$maxCount":3,"$maxAge":60,"$tb":7,"other":{"a":[1]}}`: {maxCount: 3, maxAge: time.Minute, truncateBefore: 7},
		`{"$tb":9223372036854775807}`:                            {truncateBefore: softDeletedTB},
		`{"$maxCount":-1,"$maxAge":0,"$tb":-5}`:                  {},
		`{"$maxAge":9223372036854775807}`:                        {maxAge: 1<<63 - 1},
		`{"$maxCount":3,"$tb":9223372036854775808}`:              {}, // no longer a number the server can hold
		`{"$maxCount":"3"}`:                                      {maxCount: 0},
		`{"$maxCount":1.5}`:                                      {},
		`{"$maxCount":null,"$tb":1}`:                             {},
		`{"$TB":1,"$MAXCOUNT":1}`:                                {}, // other names
		`not json`:                                               {},
		``:                                                       {},
		`[]`:                                                     {},
	} {
		if got := parseStreamMeta([]byte(raw)); got != want {
			t.Errorf("%s: %+v, want %+v", raw, got, want)
		}
	}
}

func FuzzStreamMeta(f *testing.F) {
	for _, s := range []string{`{"$maxCount":3,"$maxAge":60,"$tb":7}`, `{"$acl":{"$r":["a"]},"x":1e400}`, `null`, `{"$tb":"1"}`, `{"$TB":4}`} {
		f.Add([]byte(s), int64(5))
	}
	f.Fuzz(func(t *testing.T, raw []byte, revision int64) {
		m := parseStreamMeta(raw)
		if m.maxCount < 0 || m.maxAge < 0 || m.truncateBefore < 0 {
			t.Fatalf("negative limit %+v of %q", m, raw)
		}
		if first := m.firstRevision(10); first < 0 {
			t.Fatalf("first revision %d", first)
		}
		changed, ok := withTruncateBefore(raw, max(revision, 0))
		if !ok {
			return
		}
		var before, after map[string]json.RawMessage
		if json.Unmarshal(raw, &before) != nil || json.Unmarshal(changed, &after) != nil {
			t.Fatalf("%q became %q", raw, changed)
		}
		for k := range before {
			if _, kept := after[k]; !kept {
				t.Fatalf("%q lost %q: %q", raw, k, changed)
			}
		}
		if string(after[keyTruncateBefore]) != fmt.Sprint(max(revision, 0)) {
			t.Fatalf("$tb is %s, want %d", after[keyTruncateBefore], revision)
		}
	})
}

// Regular expressions mean what they mean to .NET, also where Go's engine takes
// the same text for something else.
func TestRegexIsDotNet(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		expr, name string
		want       bool
	}{
		{`^\w+$`, "Gerät", true},
		{`^Ger\w`, "Gerät", true},
		{`\W`, "Gerät", false},
		{`\bt`, "Gerät", false}, // ä belongs to the word
		{`^\d$`, "٣", true},
		{`^\s$`, "\u00a0", true},
		{`^a$`, "a\n", true},
		{`^(?!\$)`, "$system", false},
		{`(?<x>a)\k<x>`, "aa", true},
		{`^[a-z-[aeiou]]+$`, "abc", false},
		{`^[a-z-[aeiou]]+$`, "bcd", true},
	} {
		match, err := matchRegex(c.expr)
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
			continue
		}
		if got, err := match(c.name); got != c.want || err != nil {
			t.Errorf("%s of %q: %v, %v", c.expr, c.name, got, err)
		}
	}
}

func FuzzFilter(f *testing.F) {
	for _, s := range []string{`^[^$].*`, `^(?!(\$.+$|a$))`, `(`, `a{1001}`, `\p{L}`, `(?<n>a)\k<n>`, "\xff"} {
		f.Add(s, "account-1", uint32(32), uint32(1), true)
	}
	f.Fuzz(func(t *testing.T, expr, name string, window, multiplier uint32, onType bool) {
		fo := &streams.ReadReq_Options_FilterOptions{
			Window:                       &streams.ReadReq_Options_FilterOptions_Max{Max: window},
			CheckpointIntervalMultiplier: multiplier,
			Filter: &streams.ReadReq_Options_FilterOptions_StreamIdentifier{
				StreamIdentifier: &streams.ReadReq_Options_FilterOptions_Expression{Regex: expr, Prefix: []string{expr}}},
		}
		if onType {
			fo.Filter = &streams.ReadReq_Options_FilterOptions_EventType{
				EventType: &streams.ReadReq_Options_FilterOptions_Expression{Prefix: []string{expr}}}
		}
		flt, err := parseFilter(&streams.ReadReq_Options{
			FilterOption: &streams.ReadReq_Options_Filter{Filter: fo},
			CountOption:  &streams.ReadReq_Options_Subscription{Subscription: &streams.ReadReq_Options_SubscriptionOptions{}},
		})
		if err != nil {
			return
		}
		if flt.interval <= 0 {
			t.Fatalf("interval %d", flt.interval)
		}
		got, err := flt.allows(&record{stream: name, typ: name})
		if onType && (err != nil || got != strings.HasPrefix(name, expr)) {
			t.Fatalf("prefix %q of %q: %v, %v", expr, name, got, err)
		}
	})
}

// A frame is the message protobuf would have made, for every record.
func TestFrameIsTheMessage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string, revision int64) *record {
			return newRecord(record{
				position: rapid.Int64Min(1).Draw(t, label+" position"), revision: revision,
				created: time.UnixMicro(rapid.Int64Range(0, 1<<52).Draw(t, label+" created")),
				id:      uuid.New(), isJSON: rapid.Bool().Draw(t, label+" json"),
				stream: rapid.StringN(1, 50, 2000).Draw(t, label+" stream"), typ: rapid.StringN(1, 50, -1).Draw(t, label+" type"),
				data: rapid.SliceOf(rapid.Byte()).Draw(t, label+" data"), metadata: rapid.SliceOf(rapid.Byte()).Draw(t, label+" metadata"),
			})
		}
		event := draw("event", rapid.Int64Min(0).Draw(t, "revision"))
		var link *record
		if rapid.Bool().Draw(t, "link") {
			link = draw("link", 0)
		}
		asString := rapid.Bool().Draw(t, "uuid as string")
		frame := readEventFrame(event, link, asString)
		var raw []byte
		for _, b := range frame {
			raw = append(raw, b.ReadOnlyData()...)
		}
		var got streams.ReadResp
		if err := proto.Unmarshal(raw, &got); err != nil {
			t.Fatal(err)
		}
		want := &streams.ReadResp_ReadEvent{Event: message(event, asString), Link: message(link, asString)}
		original := event
		if link != nil {
			original = link
		}
		want.Position = &streams.ReadResp_ReadEvent_CommitPosition{CommitPosition: uint64(original.position)}
		if !proto.Equal(got.GetEvent(), want) {
			t.Fatalf("got %v\nwant %v", got.GetEvent(), want)
		}
	})
}

func message(r *record, uuidString bool) *streams.ReadResp_ReadEvent_RecordedEvent {
	if r == nil {
		return nil
	}
	id := uuidMessage(r.id)
	if uuidString {
		id = &shared.UUID{Value: &shared.UUID_String_{String_: uuid.UUID(r.id).String()}}
	}
	content := typeBinary
	if r.isJSON {
		content = typeJSON
	}
	return &streams.ReadResp_ReadEvent_RecordedEvent{
		Id: id, StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(r.stream)},
		StreamRevision: uint64(r.revision), PreparePosition: uint64(r.position), CommitPosition: uint64(r.position),
		Metadata:       map[string]string{metaType: r.typ, metaCreated: fmt.Sprint(ticks(r.created)), metaContentType: content},
		CustomMetadata: r.metadata, Data: r.data,
	}
}

// The tail gives what follows a position or says that it cannot; it never skips.
func TestTailNeverSkips(t *testing.T) {
	t.Parallel()
	const head, total = 7, 3 * tailMaxRecords
	tl := newTail(head)
	for p := int64(head + 1); p <= head+total; {
		var group []*record
		for range min(1000, head+total-p+1) {
			group = append(group, &record{position: p})
			p++
		}
		tl.publish(group)
	}
	if tl.last() != head+total || len(tl.records) > tailMaxRecords {
		t.Fatalf("head %d, %d records", tl.last(), len(tl.records))
	}
	rapid.Check(t, func(t *rapid.T) {
		after := rapid.Int64Range(0, head+total+5).Draw(t, "after")
		got, ok := tl.after(after, 10)
		if !ok {
			if after >= head+total-tailMaxRecords {
				t.Fatalf("position %d is within the tail", after)
			}
			return
		}
		if want := min(10, max(0, head+total-after)); int64(len(got)) != want {
			t.Fatalf("%d records after %d, want %d", len(got), after, want)
		}
		for i, r := range got {
			if r.position != after+1+int64(i) {
				t.Fatalf("record %d after %d at place %d", r.position, after, i)
			}
		}
	})
	changed := tl.wait(tl.last())
	select {
	case <-changed:
		t.Fatal("woken without a change")
	default:
	}
	tl.reset(head + total + 3)
	<-changed
	if _, ok := tl.after(head+total, 1); ok {
		t.Fatal("the tail claims to hold what it never saw")
	}
}

func TestGenerationsForgetTheOldest(t *testing.T) {
	t.Parallel()
	g := newGenerations[int, int](10)
	for i := range 100 {
		g.put(i, i)
		if _, ok := g.get(0); !ok {
			t.Fatalf("forgot what was used last, at %d", i)
		}
		if len(g.young)+len(g.old) > 20 {
			t.Fatalf("%d entries", len(g.young)+len(g.old))
		}
	}
	if _, ok := g.get(99); !ok {
		t.Fatal("forgot the newest")
	}
	if _, ok := g.get(1); ok {
		t.Fatal("remembers the oldest")
	}
}
