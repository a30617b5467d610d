package asyncapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/api/asyncapi"
	"github.com/fleetledger/fleetledger/app/eventlog"
)

// messages are the compiled schemas of all events: of the payload, the data in it.
func messages(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	events := asyncapi.Recorded(eventlog.Codec)
	c := schemas(t, document(t, nil, events...))
	compiled := make(map[string]*jsonschema.Schema, len(events))
	for _, e := range events {
		s, err := c.Compile(at + "#/components/messages/" + e.Name + "/payload")
		require.NoError(t, err)
		compiled[e.Name] = s
	}
	return compiled
}

// cloudEvent is an event with the data as the feed gives it out.
func cloudEvent(name string, data any) map[string]any {
	return map[string]any{"specversion": "1.0", "id": "e1", "source": "https://ledger.example", "type": name, "data": data}
}

// Whatever an event has in it is described, and nothing else.
func TestEveryEventIsDescribed(t *testing.T) {
	t.Parallel()
	compiled := messages(t)
	for _, e := range asyncapi.Recorded(eventlog.Codec) {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			s := compiled[e.Name]
			valid := func(t require.TestingT, event reflect.Value) any {
				written, err := json.Marshal(event.Interface())
				require.NoError(t, err)
				data := read(t, written)
				require.NoError(t, s.Validate(cloudEvent(e.Name, data)), "%s", written)
				return data
			}
			valid(t, reflect.Zero(e.Type))
			full := reflect.New(e.Type).Elem()
			filler{}.fill(full)
			data, _ := valid(t, full).(map[string]any)
			refusesOthers(t, s, e.Name, data)
			rapid.Check(t, func(t *rapid.T) {
				any := reflect.New(e.Type).Elem()
				filler{t}.fill(any)
				valid(t, any)
			})
		})
	}
}

// refusesOthers sets a member of the full data at a time to something else.
func refusesOthers(t *testing.T, s *jsonschema.Schema, name string, data map[string]any) {
	t.Helper()
	require.Error(t, s.Validate(cloudEvent("Other", data)), "another type's")
	unknown := 0
	walk(data, func(object map[string]any) {
		if _, free := object["any"]; free {
			return // a map, or JSON as it is
		}
		object["unknown"] = true
		require.Error(t, s.Validate(cloudEvent(name, data)), "an unknown member in %v", object)
		delete(object, "unknown")
		unknown++
	})
	require.Positive(t, unknown)
	for member := range data {
		wrong := maps.Clone(data)
		wrong[member] = 0.5
		require.Error(t, s.Validate(cloudEvent(name, wrong)), "a number as %s", member)
	}
}

// A redacted event may have any part of its data, or none; another has all.
func TestRedacted(t *testing.T) {
	t.Parallel()
	compiled := messages(t)
	for _, e := range asyncapi.Recorded(eventlog.Codec) {
		s := compiled[e.Name]
		full := reflect.New(e.Type).Elem()
		filler{}.fill(full)
		written, err := json.Marshal(full.Interface())
		require.NoError(t, err)
		data, _ := read(t, written).(map[string]any)
		for member := range data {
			part := maps.Clone(data)
			delete(part, member)
			event := cloudEvent(e.Name, part)
			if tag := tagOf(e.Type, member); tag == member {
				require.Error(t, s.Validate(event), "%s without %s", e.Name, member)
			} else {
				require.NoError(t, s.Validate(event), "%s without %s", e.Name, member)
			}
			event["redacted"] = true
			require.NoError(t, s.Validate(event), "%s, redacted, without %s", e.Name, member)
		}
		bare := cloudEvent(e.Name, nil)
		delete(bare, "data")
		require.Error(t, s.Validate(bare), e.Name)
		bare["redacted"] = true
		require.NoError(t, s.Validate(bare), e.Name)
	}
}

// tagOf is the whole JSON tag of the member: no more than its name where it is always there.
func tagOf(t reflect.Type, member string) string {
	for _, field := range reflect.VisibleFields(t) {
		tag := field.Tag.Get("json")
		if tag == member || len(tag) > len(member) && tag[:len(member)+1] == member+"," {
			return tag
		}
	}
	return ""
}

// What the log holds of each type's newest version is as described.
func TestGoldenFiles(t *testing.T) {
	t.Parallel()
	compiled := messages(t)
	var without []string
	for _, typ := range eventlog.Codec.Types() {
		files, err := filepath.Glob(filepath.Join("../../domain/*/testdata", fmt.Sprintf("%s.v%d.json", typ.Name(), typ.Version())))
		require.NoError(t, err)
		if len(files) == 0 {
			without = append(without, typ.Name())
		}
		for _, file := range files {
			written, err := os.ReadFile(file)
			require.NoError(t, err)
			require.NoError(t, compiled[typ.Name()].Validate(cloudEvent(typ.Name(), read(t, written))), file)
		}
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(eventlog.Own)), without, "no golden file of")
}

func TestOmit(t *testing.T) {
	t.Parallel()
	events := asyncapi.Recorded(eventlog.Codec)
	all, less := document(t, nil, events...), document(t, []string{"tokenHash", "expires"}, events...)
	require.Contains(t, string(all), `"tokenHash"`)
	require.NotContains(t, string(less), `"tokenHash"`, "in a struct of an event")
	require.NotContains(t, string(less), `"expires"`, "in an event")

	// Without it the event is as described, with it not.
	c := schemas(t, less)
	s, err := c.Compile(at + "#/components/messages/UserInvitationSent/payload")
	require.NoError(t, err)
	data := func(invitation string) any {
		return cloudEvent("UserInvitationSent", read(t, []byte(`{"user":"6f9619ff-8b86-4011-b42d-00c04fc964ff","invitation":`+invitation+`}`)))
	}
	require.NoError(t, s.Validate(data(`{"number":1}`)))
	require.Error(t, s.Validate(data(`{"number":1,"tokenHash":"AA=="}`)))
	require.Error(t, s.Validate(data(`{}`)))

	// A struct that is never given out is not described.
	none := document(t, []string{"invitation"}, slices.DeleteFunc(events, func(e asyncapi.Event) bool { return e.Name != "UserInvitationSent" })...)
	require.NotContains(t, string(none), "account.Invitation")
}

func TestPersonalDataIsTold(t *testing.T) {
	t.Parallel()
	document := read(t, document(t, nil, asyncapi.Recorded(eventlog.Codec)...))
	told := 0
	for _, typ := range eventlog.Codec.Types() {
		for _, member := range typ.Personal() {
			s, _ := resolve(document, "#/components/schemas/"+typ.Name()+"/properties/"+member).(map[string]any)
			require.Contains(t, s["description"], "`erased`", "%s.%s", typ.Name(), member)
			told++
		}
	}
	require.Positive(t, told)
}

type expiring struct {
	Day string `json:"day"`
}

type pointing struct {
	Next *expiring `json:"next"`
}

type selfMade struct{ made }

type made struct{}

func (made) MarshalJSON() ([]byte, error) { return []byte(`1`), nil }

type endless struct {
	Next []endless `json:"next"`
}

func TestComputed(t *testing.T) {
	t.Parallel()
	written := document(t, nil,
		asyncapi.Event{Name: "ServiceExpiring", Version: 1, Type: reflect.TypeFor[expiring](), Computed: true, Doc: "A service is about to end."},
		asyncapi.Event{Name: "Pointed", Version: 2, Type: reflect.TypeFor[pointing](), Doc: "It points."})
	require.NoError(t, specification(t).Validate(read(t, written)))
	c := schemas(t, written)
	compile := func(name string) *jsonschema.Schema {
		s, err := c.Compile(at + "#/components/messages/" + name + "/payload")
		require.NoError(t, err)
		return s
	}
	computed := cloudEvent("ServiceExpiring", map[string]any{"day": "2026-11-23"})
	require.Error(t, compile("ServiceExpiring").Validate(computed), "it says that it is computed")
	computed["computed"] = true
	require.NoError(t, compile("ServiceExpiring").Validate(computed))

	recorded := cloudEvent("Pointed", map[string]any{"next": nil})
	require.NoError(t, compile("Pointed").Validate(recorded), "a pointer that is always there")
	recorded["schemaversion"] = 2
	require.NoError(t, compile("Pointed").Validate(recorded))
	for attribute, wrong := range map[string]any{"schemaversion": 3, "computed": true, "time": "yesterday", "device": "that one"} {
		event := maps.Clone(recorded)
		event[attribute] = wrong
		require.Error(t, compile("Pointed").Validate(event), attribute)
	}
}

// A schema that would be wrong is none.
func TestWhatIsNotDescribed(t *testing.T) {
	t.Parallel()
	one := asyncapi.Event{Name: "One", Version: 1, Type: reflect.TypeFor[expiring]()}
	for why, events := range map[string][]asyncapi.Event{
		"JSON of its own":        {{Name: "One", Version: 1, Type: reflect.TypeFor[selfMade]()}},
		"two of one name":        {one, one},
		"the envelope's name":    {{Name: "CloudEvent", Version: 1, Type: reflect.TypeFor[expiring]()}},
		"a function":             {{Name: "One", Version: 1, Type: reflect.TypeFor[struct{ F func() }]()}},
		"a struct within itself": {{Name: "One", Version: 1, Type: reflect.TypeFor[endless]()}},
	} {
		_, err := asyncapi.Document("https://ledger.example", "1", events, nil)
		require.Error(t, err, why)
	}
}

// The description is the same each time, so that clients are told when it is not.
func TestTheSameEachTime(t *testing.T) {
	t.Parallel()
	events := asyncapi.Recorded(eventlog.Codec)
	first := document(t, nil, events...)
	slices.Reverse(events)
	require.True(t, bytes.Equal(first, document(t, nil, events...)))
}
