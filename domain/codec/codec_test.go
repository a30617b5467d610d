package codec_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/codec"
)

// Moved is at its third version: distances were in feet, then in metres, and
// got a unit.
type Moved struct {
	Distance float64 `json:"distance"`
	Unit     string  `json:"unit"`
}

func (Moved) EventType() string { return "Moved" }

type stopped struct{}

func (stopped) EventType() string { return "Stopped" }

var errFeet = errors.New("no feet")

func metres(data json.RawMessage) (json.RawMessage, error) {
	var v struct {
		Feet *float64 `json:"feet"`
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return nil, err
	}
	if v.Feet == nil {
		return nil, errFeet
	}
	return json.Marshal(map[string]float64{"distance": *v.Feet * 0.25})
}

func unit(data json.RawMessage) (json.RawMessage, error) {
	var v map[string]any
	if err := json.Unmarshal(data, &v); err != nil {
		return nil, err
	}
	v["unit"] = "m"
	return json.Marshal(v)
}

var registry = codec.NewRegistry(codec.Of[Moved](metres, unit))

func TestUpcast(t *testing.T) {
	t.Parallel()
	for version, written := range map[int]string{1: `{"feet":8}`, 2: `{"distance":2}`, 3: `{"distance":2,"unit":"m"}`} {
		got, err := registry.Decode("Moved", version, []byte(written))
		if want := (Moved{2, "m"}); err != nil || got != want {
			t.Errorf("version %d: %+v %v", version, got, err)
		}
	}
	name, version, data, err := registry.Encode(Moved{2, "m"})
	if name != "Moved" || version != 3 || string(data) != `{"distance":2,"unit":"m"}` || err != nil {
		t.Errorf("%s %d %s %v", name, version, data, err)
	}
}

// A fact that this program does not understand must stop whoever reads.
func TestUnknown(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		version int
	}{{"Flown", 1}, {"Moved", 0}, {"Moved", 4}, {"Moved", -1}} {
		if _, err := registry.Decode(tt.name, tt.version, []byte(`{}`)); !errors.Is(err, codec.ErrUnknown) {
			t.Errorf("%s version %d: %v", tt.name, tt.version, err)
		}
	}
	if _, _, _, err := registry.Encode(stopped{}); !errors.Is(err, codec.ErrUnknown) {
		t.Errorf("encode: %v", err)
	}
}

func TestBroken(t *testing.T) {
	t.Parallel()
	if _, err := registry.Decode("Moved", 1, []byte(`{}`)); !errors.Is(err, errFeet) || !strings.Contains(err.Error(), "version 1") {
		t.Errorf("an upcaster's error: %v", err)
	}
	for version, data := range map[int]string{1: `{`, 3: `{"distance":"far"}`} {
		if e, err := registry.Decode("Moved", version, []byte(data)); err == nil {
			t.Errorf("%s was read as %+v", data, e)
		}
	}
}

func TestTwoTypesOfOneName(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("declared twice without a panic")
		}
	}()
	codec.Merge(registry, codec.NewRegistry(codec.Of[Moved]()))
}

func TestMerge(t *testing.T) {
	t.Parallel()
	both := codec.Merge(registry, codec.NewRegistry(codec.Of[stopped]()))
	for _, e := range []domain.Event{Moved{}, stopped{}} {
		if _, _, _, err := both.Encode(e); err != nil {
			t.Error(err)
		}
	}
}

// Whoever describes the events to others is told all of each type.
func TestTypes(t *testing.T) {
	t.Parallel()
	type described struct {
		Name     string
		Version  int
		Event    string
		Personal []string
	}
	var got []described
	for _, typ := range codec.Merge(codec.NewRegistry(codec.Of[stopped](), codec.Of[named]()), registry).Types() {
		got = append(got, described{typ.Name(), typ.Version(), typ.Event().String(), typ.Personal()})
	}
	want := []described{
		{"Moved", 3, "codec_test.Moved", nil},
		{"Named", 1, "codec_test.named", []string{"who", "deputy"}},
		{"Stopped", 1, "codec_test.stopped", nil},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
