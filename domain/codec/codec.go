// Package codec maps event types to their JSON form and back. An event is
// written with its type name and an integer schema version; what was written
// with an older version is lifted by upcasters, each from version n to n+1, so
// that the rest of the code knows the newest form only.
//
// It also knows which members of an event hold personal data, so that whoever
// keeps events can seal exactly those (see Personal).
package codec

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/fleetledger/fleetledger/domain"
)

// ErrUnknown reports an event type, or a schema version of it, that this
// program was not built with. It must stop whoever reads: skipping a fact
// would fold a wrong state.
var ErrUnknown = errors.New("unknown event type or schema version")

// Upcaster lifts the JSON of one schema version to the next.
type Upcaster func(json.RawMessage) (json.RawMessage, error)

// Personal is implemented by the one type that holds personal data in events.
// Its JSON is an object with an id that says whose data it is. An event holds
// values of it as members of its own, not deeper.
type Personal interface {
	PersonalData()
}

// Type is one event type's codec.
type Type struct {
	name      string
	event     reflect.Type
	personal  []string   // members that hold a Personal
	upcasters []Upcaster // upcasters[i] lifts version i+1 to i+2
	decode    func(json.RawMessage) (domain.Event, error)
}

// Of declares the event type E. Its schema version is one more than the number
// of upcasters given. Personal data anywhere but in a member of the event
// itself is a programming error and panics at start: it would not be sealed.
func Of[E domain.Event](upcasters ...Upcaster) Type {
	var zero E
	return Type{
		name:      zero.EventType(),
		event:     reflect.TypeFor[E](),
		personal:  personalMembers(reflect.TypeFor[E]()),
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

// Name is the event type's name in the log.
func (t Type) Name() string { return t.name }

// Version is the schema version that is written today, from 1.
func (t Type) Version() int { return len(t.upcasters) + 1 }

// Event is the Go type whose JSON is that version.
func (t Type) Event() reflect.Type { return t.event }

// Personal are the JSON names of the event's members that hold personal data.
func (t Type) Personal() []string { return slices.Clone(t.personal) }

// Same is the upcaster of a version that differs from the one before only in
// how it is kept, such as that personal data is sealed in it.
func Same(data json.RawMessage) (json.RawMessage, error) { return data, nil }

var personal = reflect.TypeFor[Personal]()

func personalMembers(event reflect.Type) []string {
	if event.Kind() != reflect.Struct {
		return nil
	}
	var members []string
	for field := range event.Fields() {
		if field.Type.Implements(personal) {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name == "" || name == "-" {
				panic("codec: personal data without a JSON name: " + event.String() + "." + field.Name)
			}
			members = append(members, name)
		} else if holdsPersonal(field.Type, nil) {
			panic("codec: personal data too deep inside an event: " + event.String() + "." + field.Name)
		}
	}
	return members
}

// holdsPersonal looks for personal data anywhere in a type.
func holdsPersonal(t reflect.Type, seen []reflect.Type) bool {
	if t.Implements(personal) {
		return true
	}
	if slices.Contains(seen, t) {
		return false
	}
	seen = append(seen, t)
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return holdsPersonal(t.Elem(), seen)
	case reflect.Struct:
		for field := range t.Fields() {
			if holdsPersonal(field.Type, seen) {
				return true
			}
		}
	}
	return false
}

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
		panic("codec: event type declared twice: " + t.name)
	}
	r[t.name] = t
}

// Types are all types of the registry, by name.
func (r Registry) Types() []Type {
	return slices.SortedFunc(maps.Values(r), func(a, b Type) int { return strings.Compare(a.name, b.name) })
}

// Personal gives the JSON names of the members of an event type that hold
// personal data.
func (r Registry) Personal(name string) []string { return r[name].personal }

// Encode gives the form of e in the log: type name, schema version and JSON.
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
