package docs

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
)

// Type is what a value is, in words.
type Type struct {
	Text string
	Link string // of the schema in it, if it has a name
	Name string // of that schema: the last word of the text
}

// Schema is a named one.
type Schema struct {
	Name        string
	Description string // HTML
	Type        Type   // unless it has fields
	Fields      []Field
	Example     string
}

// Field is one of a schema's; those of an object in it are named with a dot.
type Field struct {
	Name        string
	Required    bool
	Type        Type
	Description string // HTML
}

func (m *maker) schema(name string, s *openapi3.Schema) Schema {
	shown := Schema{Name: name, Description: m.html(s.Description), Type: typeOf(&openapi3.SchemaRef{Value: s}), Fields: m.fields("", s)}
	shown.Example = m.example("", &openapi3.SchemaRef{Value: s})
	return shown
}

// fields are those of an object and of the objects within it that have no name.
func (m *maker) fields(prefix string, s *openapi3.Schema) []Field {
	var all []Field
	for _, part := range s.AllOf {
		all = append(all, m.fields(prefix, part.Value)...)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		ref := s.Properties[name]
		all = append(all, Field{prefix + name, slices.Contains(s.Required, name), typeOf(ref), m.html(ref.Value.Description)})
		if ref.Ref == "" && len(ref.Value.Properties) > 0 {
			all = append(all, m.fields(prefix+name+".", ref.Value)...)
		}
		if items := ref.Value.Items; ref.Ref == "" && items != nil && items.Ref == "" && len(items.Value.Properties) > 0 {
			all = append(all, m.fields(prefix+name+"[].", items.Value)...)
		}
	}
	return all
}

// typeOf says what a schema allows.
func typeOf(ref *openapi3.SchemaRef) Type {
	s := ref.Value
	var t Type
	switch {
	case ref.Ref != "":
		t.Name = path.Base(ref.Ref)
		t.Link = schemaPage(ref.Ref)
	case s.Items != nil:
		t = typeOf(s.Items)
		t.Text = "list of " + t.Text
	case len(s.AllOf) == 1 && len(s.Properties) == 0:
		t = typeOf(s.AllOf[0])
	default:
		t.Text = strings.Join(s.Type.Slice(), ", ")
		if s.Format != "" {
			t.Text += " (" + s.Format + ")"
		}
		for i, v := range s.Enum {
			t.Text += []string{": ", ", "}[min(i, 1)] + fmt.Sprint(v)
		}
		t.Text += bounds(s)
	}
	if s.Nullable && ref.Ref == "" {
		if t.Name != "" {
			t.Text = "null or " + t.Text
		} else {
			t.Text += ", or null"
		}
	}
	return t
}

// bounds are the limits of a value.
func bounds(s *openapi3.Schema) string {
	var text string
	switch {
	case s.Min != nil && s.Max != nil:
		text += fmt.Sprintf(", %v to %v", *s.Min, *s.Max)
	case s.Min != nil:
		text += fmt.Sprintf(", at least %v", *s.Min)
	case s.Max != nil:
		text += fmt.Sprintf(", at most %v", *s.Max)
	}
	if s.MaxLength != nil {
		text += fmt.Sprintf(", at most %d characters", *s.MaxLength)
	}
	if s.Default != nil {
		text += fmt.Sprintf(", default %v", s.Default)
	}
	return text
}

//go:embed bodies.json
var bodiesJSON []byte

// bodies are the examples of requests that say more than one made of a schema, by
// operation.
var bodies = sync.OnceValues(func() (map[string]json.RawMessage, error) {
	var all map[string]json.RawMessage
	return all, json.Unmarshal(bodiesJSON, &all)
})

// example is a value of a schema as JSON: the one written for the operation, else one
// that the schema allows.
func (m *maker) example(operation string, ref *openapi3.SchemaRef) string {
	written, err := bodies()
	if err != nil {
		m.err = err
		return ""
	}
	value := sample("", ref, 0)
	if body, ok := written[operation]; ok {
		value = body
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		m.err = err
	}
	return strings.TrimSpace(out.String())
}

// samples are believable values of fields.
var samples = map[string]string{
	"name": "Prairie Fire", "email": "admin@prairie-fire.example", "serialNumber": "LD72997819284879", "device": "LD72997819284879",
	"devices": "LD72997819284879", "imei": "004491972154667", "mac": "00A0D5FFFF01", "model": "LX40", "orderNumber": "PO-1001", "reason": "As agreed",
	"label": "north", "labels": "north", "password": "correct horse battery", "term": "P1Y", "code": "name_taken", "accountName": "Prairie Fire",
	"endpoint": "https://sms.example/v1", "createdAt": "2027-03-01T09:41:00Z", "nextCursor": "b2Zmc2V0OjEwMA",
}

// sampleDepth ends an example of a schema that is part of itself.
const sampleDepth = 20

// sample is a value that a schema allows.
func sample(name string, ref *openapi3.SchemaRef, depth int) any {
	s := ref.Value
	text := samples[name]
	switch {
	case s.Example != nil:
		return s.Example
	case len(s.Enum) > 0:
		return s.Enum[0]
	case depth > sampleDepth:
		return nil
	case s.Items != nil:
		return slices.Repeat([]any{sample(name, s.Items, depth+1)}, max(1, int(s.MinItems)))
	case len(s.Properties) > 0 || len(s.AllOf) > 0:
		object := map[string]any{}
		for _, part := range s.AllOf {
			if fields, ok := sample(name, part, depth+1).(map[string]any); ok {
				maps.Copy(object, fields)
			} else {
				return sample(name, part, depth+1)
			}
		}
		for field, of := range s.Properties {
			object[field] = sample(field, of, depth+1)
		}
		return object
	case s.Type.Is(openapi3.TypeObject):
		return map[string]any{}
	case s.Type.Is(openapi3.TypeBoolean):
		return false
	case s.Type.Is(openapi3.TypeInteger), s.Type.Is(openapi3.TypeNumber):
		if s.Min != nil {
			return *s.Min
		}
		return 1
	case s.Format == "uuid":
		return "0198c1d2-7a3b-7c4d-8e5f-60718293a4b5"
	case s.Format == "date":
		return "2027-03-01"
	case s.Format == "date-time":
		return "2027-03-01T09:41:00Z"
	case text != "":
		return text
	}
	return "text"
}
