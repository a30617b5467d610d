package domaintest

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/codec"
)

var update = flag.Bool("update", false, "write the golden files of new events and schema versions")

// Golden compares the encoded form of an example of every event type of the
// registry with testdata/<type>.v<version>.json, and reads the file of every
// version ever written. An event without an example or a file fails, and so
// does a form that has changed: the log holds the old one.
func Golden(t *testing.T, registry codec.Registry, examples ...domain.Event) {
	t.Helper()
	byType := map[string]domain.Event{}
	for _, e := range examples {
		byType[e.EventType()] = e
	}
	for name, typ := range registry {
		example, ok := byType[name]
		if !ok {
			t.Errorf("event type %s has no example", name)
			continue
		}
		_, version, data, err := registry.Encode(example)
		if err != nil {
			t.Errorf("encode: %v", err)
			continue
		}
		newest := file(name, version)
		if _, err := os.Stat(newest); *update && os.IsNotExist(err) {
			write(t, newest, data)
		}
		for v := 1; v <= typ.Version(); v++ {
			written := read(t, file(name, v))
			if v == version && !bytes.Equal(written, data) {
				t.Errorf("%s: the encoded form has changed (-written +now):\n%s", newest, cmp.Diff(string(written), string(data)))
			}
			got, err := registry.Decode(name, v, written)
			if err != nil {
				t.Errorf("%s: %v", file(name, v), err)
			} else if diff := cmp.Diff(example, got, cmpopts.EquateEmpty()); v == version && diff != "" {
				t.Errorf("%s: decodes to something else (-want +got):\n%s", newest, diff)
			}
		}
	}
}

func file(name string, version int) string {
	return filepath.Join("testdata", fmt.Sprintf("%s.v%d.json", name, version))
}

// read reads a golden file in the compact form of the log.
func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path) //nolint:gosec // a path of ours
	if err != nil {
		t.Fatalf("%v (run the test with -update for a new event)", err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, data); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return compact.Bytes()
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	var indented bytes.Buffer
	if err := json.Indent(&indented, data, "", "  "); err != nil {
		t.Fatal(err)
	}
	indented.WriteByte('\n')
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // testdata is public
		t.Fatal(err)
	}
	if err := os.WriteFile(path, indented.Bytes(), 0o644); err != nil { //nolint:gosec // testdata is public
		t.Fatal(err)
	}
}
