// Package wire maps event types to their JSON form and back. An event is
// written with its type name and an integer schema version; what was written
// with an older version is lifted by upcasters, each from version n to n+1, so
// that the rest of the code knows the newest form only.
package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/fleetledger/fleetledger/domain"
)

// ErrUnknown reports an event type, or a schema version of it, that this
// program was not built with. It must stop whoever reads: skipping a fact
// would fold a wrong state.
var ErrUnknown = errors.New("unknown event type or schema version")

// Upcaster lifts the JSON of one schema version to the next.
type Upcaster func(json.RawMessage) (json.RawMessage, error)

// Type is one event type's codec.
type Type struct {
	name      string
	upcasters []Upcaster // upcasters[i] lifts version i+1 to i+2
	decode    func(json.RawMessage) (domain.Event, error)
}

// Of declares the event type E. Its schema version is one more than the number
// of upcasters given.
func Of[E domain.Event](upcasters ...Upcaster) Type {
	var zero E
	return Type{
		name:      zero.EventType(),
		upcasters: upcasters,
		decode: func(data json.RawMessage) (domain.Event, error) {
			var e E
			if err := json.Unmarshal(data, &e); err != nil {
				return nil, err
			}
			return e, nil
		},
	}
}

// Version is the schema version that is written today, from 1.
func (t Type) Version() int { return len(t.upcasters) + 1 }

// Registry knows a set of event types by name.
type Registry map[string]Type

// NewRegistry makes a registry of types. Two types of one name are a
// programming error and panic at start.
func NewRegistry(types ...Type) Registry {
	r := make(Registry, len(types))
	for _, t := range types {
		r.add(t)
	}
	return r
}

// Merge makes one registry of several.
func Merge(registries ...Registry) Registry {
	r := Registry{}
	for _, other := range registries {
		for t := range maps.Values(other) {
			r.add(t)
		}
	}
	return r
}

func (r Registry) add(t Type) {
	if _, ok := r[t.name]; ok {
		panic("wire: event type declared twice: " + t.name)
	}
	r[t.name] = t
}

// Encode gives the wire form of e: type name, schema version and JSON.
func (r Registry) Encode(e domain.Event) (name string, version int, data []byte, err error) {
	t, ok := r[e.EventType()]
	if !ok {
		return "", 0, nil, fmt.Errorf("encode %s: %w", e.EventType(), ErrUnknown)
	}
	data, err = json.Marshal(e)
	if err != nil {
		return "", 0, nil, fmt.Errorf("encode %s: %w", t.name, err)
	}
	return t.name, t.Version(), data, nil
}

// Decode reads an event that was written as version of the named type.
func (r Registry) Decode(name string, version int, data []byte) (domain.Event, error) {
	t, ok := r[name]
	if !ok || version < 1 || version > t.Version() {
		return nil, fmt.Errorf("decode %s version %d: %w", name, version, ErrUnknown)
	}
	raw := json.RawMessage(data)
	for v := version; v < t.Version(); v++ {
		var err error
		if raw, err = t.upcasters[v-1](raw); err != nil {
			return nil, fmt.Errorf("upcast %s from version %d: %w", name, v, err)
		}
	}
	e, err := t.decode(raw)
	if err != nil {
		return nil, fmt.Errorf("decode %s version %d: %w", name, version, err)
	}
	return e, nil
}
