package asyncapi

import (
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/codec"
)

const schemaRef = "#/components/schemas/"

// described are the schemas of events' data and of the structs in them.
type described struct {
	schemas  map[string]*jsonschema.Schema
	required map[string][]string // by event: what its data has unless it is redacted

	docs     map[string]string
	omit     []string
	known    map[reflect.Type]*jsonschema.Schema // what stands for a type where it is a member's
	structs  map[string]reflect.Type             // those that have a schema of their own, by its name
	personal map[string]bool                     // references to those that hold personal data
}

// schemasOf describes the data of events. Each struct in them that has a name gets a
// schema of its own, named after its package and itself: such names stay when another
// package gets a struct of that name.
func schemasOf(events []Event, omit []string) (*described, error) {
	sentences, err := docs()
	if err != nil {
		return nil, err
	}
	d := &described{
		schemas: map[string]*jsonschema.Schema{}, required: map[string][]string{},
		docs: sentences, omit: omit, known: plain(), structs: map[string]reflect.Type{}, personal: map[string]bool{},
	}
	for _, e := range events {
		if err := d.meet(e.Type); err != nil {
			return nil, fmt.Errorf("asyncapi: %s: %w", e.Name, err)
		}
	}
	for _, e := range events {
		if _, twice := d.schemas[e.Name]; twice || e.Name == envelopeName {
			return nil, fmt.Errorf("asyncapi: the name %s is taken", e.Name)
		}
		s, err := d.object(e.Name, e.Type, e.Doc)
		if err != nil {
			return nil, fmt.Errorf("asyncapi: %s: %w", e.Name, err)
		}
		d.required[e.Name], s.Required = s.Required, nil
	}
	return d, nil
}

// plain has the types that are no structs of ours in JSON. What is nil is null there.
func plain() map[reflect.Type]*jsonschema.Schema {
	return map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[uuid.UUID]():       {Type: "string", Format: "uuid"},
		reflect.TypeFor[time.Time]():       {Type: "string", Format: "date-time"},
		reflect.TypeFor[calendar.Date]():   {Type: "string", Format: "date"},
		reflect.TypeFor[[]byte]():          {Types: []string{"null", "string"}, ContentEncoding: "base64"},
		reflect.TypeFor[json.RawMessage](): {},
	}
}

var (
	marshaler     = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
	holdsPersonal = reflect.TypeFor[codec.Personal]()
)

// meet gives all structs that a type leads to a reference. A type that makes its JSON
// itself, in a way that is not known here, is an error: its schema would be wrong.
func (d *described) meet(t reflect.Type) error {
	if d.known[t] != nil {
		return nil
	}
	if p := reflect.PointerTo(t); p.Implements(marshaler) || p.Implements(textMarshaler) {
		return fmt.Errorf("%s makes its JSON itself", t)
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return d.meet(t.Elem())
	case reflect.Struct:
		if t.Name() != "" {
			name := nameOf(t)
			if other := d.structs[name]; other != nil {
				return fmt.Errorf("%s and %s.%s have one name", name, other.PkgPath(), other.Name())
			}
			d.structs[name], d.known[t] = t, &jsonschema.Schema{Ref: schemaRef + name}
			d.personal[schemaRef+name] = t.Implements(holdsPersonal)
		}
		for field := range t.Fields() {
			if field.Tag.Get("json") == "-" || !field.IsExported() && !field.Anonymous {
				continue
			}
			if err := d.meet(field.Type); err != nil {
				return err
			}
		}
	}
	return nil
}

func nameOf(t reflect.Type) string { return path.Base(t.PkgPath()) + "." + t.Name() }

// object adds the schema of a struct, and those of the structs that are left in it.
func (d *described) object(name string, t reflect.Type, doc string) (*jsonschema.Schema, error) {
	known := maps.Clone(d.known)
	delete(known, t)
	for _, field := range reflect.VisibleFields(t) {
		if field.Anonymous {
			delete(known, field.Type) // its members are the struct's own
		}
	}
	s, err := jsonschema.ForType(t, &jsonschema.ForOptions{TypeSchemas: known})
	if err != nil {
		return nil, err
	}
	d.correct(s)
	if s.Description = doc; doc == "" {
		s.Description = d.docs[nameOf(t)]
	}
	d.schemas[name] = s
	return s, d.follow(s)
}

// correct takes out of a struct's schema what is never given out, and null where a
// member is left out instead.
func (d *described) correct(s *jsonschema.Schema) {
	for _, name := range d.omit {
		delete(s.Properties, name)
		none := func(other string) bool { return other == name }
		s.Required, s.PropertyOrder = slices.DeleteFunc(s.Required, none), slices.DeleteFunc(s.PropertyOrder, none)
	}
	for name, member := range s.Properties {
		s.Properties[name] = d.member(member, slices.Contains(s.Required, name))
	}
	for _, inner := range within(s) {
		d.correct(inner)
	}
}

// member is the schema of a member that is always there, or left out when it is empty.
func (d *described) member(m *jsonschema.Schema, always bool) *jsonschema.Schema {
	null := slices.Contains(m.Types, "null")
	switch {
	case m.Ref != "" && null && always:
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Ref: m.Ref}, {Type: "null"}}}
	case m.Ref != "" && d.personal[m.Ref]:
		// What stands beside a reference is not looked at.
		return &jsonschema.Schema{AllOf: []*jsonschema.Schema{{Ref: m.Ref}}, Description: personalText}
	case m.Ref != "":
		return &jsonschema.Schema{Ref: m.Ref}
	case m.Format == "date" && always:
		var none any = ""
		return &jsonschema.Schema{
			Type: "string", AnyOf: []*jsonschema.Schema{{Format: "date"}, {Const: &none}}, Description: "Empty: none",
		}
	case null && !always && len(m.Types) == 2:
		m.Type, m.Types = m.Types[1], nil
	}
	return m
}

// follow adds the structs that a schema refers to.
func (d *described) follow(s *jsonschema.Schema) error {
	if name, ok := referred(s); ok && d.schemas[name] == nil {
		if _, err := d.object(name, d.structs[name], ""); err != nil {
			return err
		}
	}
	for _, inner := range within(s) {
		if err := d.follow(inner); err != nil {
			return err
		}
	}
	return nil
}

func referred(s *jsonschema.Schema) (string, bool) {
	if s.Ref == "" {
		return "", false
	}
	return s.Ref[len(schemaRef):], true
}

// within are the schemas that one of a struct has in it, in a fixed order.
func within(s *jsonschema.Schema) []*jsonschema.Schema {
	inner := slices.Concat(s.AllOf, s.AnyOf)
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		inner = append(inner, s.Properties[name])
	}
	for _, one := range []*jsonschema.Schema{s.Items, s.AdditionalProperties} {
		if one != nil {
			inner = append(inner, one)
		}
	}
	return inner
}
