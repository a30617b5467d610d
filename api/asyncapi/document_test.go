package asyncapi_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/api/asyncapi"
	"github.com/fleetledger/fleetledger/app/eventlog"
)

const at = "asyncapi.json"

// document is the description of events as a client reads it.
func document(t *testing.T, omit []string, events ...asyncapi.Event) []byte {
	t.Helper()
	d, err := asyncapi.Document("https://ledger.example:8443/fleet/", "1.2.3", events, omit)
	require.NoError(t, err)
	written, err := json.Marshal(d)
	require.NoError(t, err)
	return written
}

// read gives JSON as the validator takes it.
func read(t require.TestingT, data []byte) any {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	require.NoError(t, err)
	return value
}

// schemas compiles parts of a document as clients do: by draft 7, which AsyncAPI goes by.
func schemas(t *testing.T, written []byte) *jsonschema.Compiler {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7)
	c.AssertFormat()
	c.AssertContent()
	require.NoError(t, c.AddResource(at, read(t, written)))
	return c
}

// specification is what AsyncAPI itself says of its documents; testdata/spec/LICENSE is
// its licence.
func specification(t *testing.T) *jsonschema.Schema {
	t.Helper()
	data, err := os.ReadFile("testdata/spec/3.0.0.json")
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7)
	require.NoError(t, c.AddResource("spec.json", read(t, data)))
	spec, err := c.Compile("spec.json")
	require.NoError(t, err)
	return spec
}

func TestTheDocumentIsValid(t *testing.T) {
	t.Parallel()
	spec := specification(t)
	written := document(t, []string{"tokenHash"}, asyncapi.Recorded(eventlog.Codec)...)
	require.NoError(t, spec.Validate(read(t, written)))

	for _, damage := range [][2]string{
		{`"asyncapi":"3.0.0"`, `"asyncapi":"2.6.0"`},
		{`"action":"send"`, `"action":"read"`},
		{`"type":"object"`, `"type":"thing"`},
		{`"contentType":`, `"content":`},
	} {
		broken := bytes.Replace(written, []byte(damage[0]), []byte(damage[1]), 1)
		require.NotEqual(t, string(written), string(broken), damage[0])
		require.Error(t, spec.Validate(read(t, broken)), damage[1])
	}
}

// AsyncAPI's schema looks at no reference: each leads somewhere, and nothing is there
// that none leads to.
func TestReferences(t *testing.T) {
	t.Parallel()
	document, _ := read(t, document(t, nil, asyncapi.Recorded(eventlog.Codec)...)).(map[string]any)
	used := map[string]bool{}
	walk(document, func(object map[string]any) {
		if ref, ok := object["$ref"].(string); ok {
			require.Len(t, object, 1, "what stands beside a reference is not looked at")
			require.NotNil(t, resolve(document, ref), ref)
			used[ref] = true
		}
	})
	components, _ := document["components"].(map[string]any)
	for kind, all := range components {
		for name := range all.(map[string]any) {
			require.True(t, used["#/components/"+kind+"/"+name], "%s %s is not used", kind, name)
		}
	}
}

func resolve(in any, ref string) any {
	for step := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		object, _ := in.(map[string]any)
		in = object[step]
	}
	return in
}

func walk(value any, visit func(map[string]any)) {
	switch value := value.(type) {
	case map[string]any:
		visit(value)
		for _, inner := range value {
			walk(inner, visit)
		}
	case []any:
		for _, inner := range value {
			walk(inner, visit)
		}
	}
}

func TestServers(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"https://ledger.example:8443/fleet/": `{"host":"ledger.example:8443","protocol":"https","pathname":"/fleet"`,
		"http://localhost:8080":              `{"host":"localhost:8080","protocol":"http","security"`,
		"http://localhost:8080/":             `{"host":"localhost:8080","protocol":"http","security"`,
	} {
		d, err := asyncapi.Document(url, "1", nil, nil)
		require.NoError(t, err)
		written, err := json.Marshal(d.Servers["fleetledger"])
		require.NoError(t, err)
		require.Contains(t, string(written), want)
	}
	for _, url := range []string{"", "/", "ftp://ledger.example", "localhost:8080", "http://%"} {
		_, err := asyncapi.Document(url, "1", nil, nil)
		require.Error(t, err, url)
	}
}

// What is said of a type is in the program although comments are not.
func TestDocs(t *testing.T) {
	t.Parallel()
	events := asyncapi.Recorded(eventlog.Codec)
	require.Len(t, events, len(eventlog.Codec))
	events[0].Doc = "Something else."
	var d struct {
		Components struct {
			Messages map[string]struct{ Title, Summary string }
			Schemas  map[string]struct{ Description string }
		}
	}
	require.NoError(t, json.Unmarshal(document(t, nil, events...), &d))
	for name, m := range d.Components.Messages {
		require.NotEmpty(t, m.Summary, name)
	}
	for name, s := range d.Components.Schemas {
		require.NotEmpty(t, s.Description, name)
	}
	require.Equal(t, "Something else.", d.Components.Messages[events[0].Name].Summary)
	renamed := d.Components.Messages["Renamed"]
	require.Equal(t, "Renamed gives the device a new name, unique in its account.", renamed.Summary)
	require.Equal(t, "Renamed, version 1", renamed.Title)
}
