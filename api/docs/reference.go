package docs

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Reference is the description of the interface, made to be read.
type Reference struct {
	Introduction string // HTML
	Groups       []OperationGroup
	Schemas      []Schema
}

// OperationGroup has the operations of a tag.
type OperationGroup struct {
	Name, Description string
	Operations        []Operation
}

// Operation is a method at a path.
type Operation struct {
	ID, Method, Path, Summary string
	Description               string // HTML
	Open                      bool   // without a token
	Parameters                []Parameter
	Bodies                    []Content
	Answers                   []Answer
	Call                      string // as a line of shell
}

// Parameter is one of an operation.
type Parameter struct {
	Name, In    string
	Required    bool
	Type        Type
	Description string // HTML
}

// Content is a body of a type.
type Content struct {
	Type    string
	Schema  Type
	Example string // JSON, empty for other types
}

// Answer is what an operation may answer.
type Answer struct {
	Status      string
	Description string // HTML
	Headers     []string
	Contents    []Content
}

// ReferenceOf makes the reference of a description.
func ReferenceOf(description []byte) (Reference, error) {
	doc, err := openapi3.NewLoader().LoadFromData(description)
	if err == nil {
		err = doc.Validate(context.Background())
	}
	if err != nil {
		return Reference{}, fmt.Errorf("reference: %w", err)
	}
	m := &maker{doc: doc}
	ref := Reference{Introduction: m.html(doc.Info.Description)}
	for _, tag := range doc.Tags {
		group := OperationGroup{Name: tag.Name, Description: tag.Description}
		for at, item := range doc.Paths.Map() {
			for method, op := range item.Operations() {
				if slices.Contains(op.Tags, tag.Name) {
					group.Operations = append(group.Operations, m.operation(method, at, op))
				}
			}
		}
		slices.SortFunc(group.Operations, func(a, b Operation) int {
			return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(rank(a.Method), rank(b.Method)))
		})
		ref.Groups = append(ref.Groups, group)
	}
	for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
		ref.Schemas = append(ref.Schemas, m.schema(name, doc.Components.Schemas[name].Value))
	}
	return ref, m.err
}

// rank orders the methods at a path.
func rank(method string) int {
	return slices.Index([]string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}, method)
}

// maker makes the parts of a reference; the first error stands.
type maker struct {
	doc *openapi3.T
	err error
}

func (m *maker) html(source string) string {
	out, err := described(source)
	m.err = cmp.Or(m.err, err)
	return out
}

func (m *maker) operation(method, at string, op *openapi3.Operation) Operation {
	o := Operation{
		ID: op.OperationID, Method: method, Path: at, Summary: op.Summary, Description: m.html(op.Description),
		Open: op.Security != nil && len(*op.Security) == 0,
	}
	for _, ref := range op.Parameters {
		p := ref.Value
		o.Parameters = append(o.Parameters, Parameter{p.Name, p.In, p.Required, typeOf(p.Schema), m.html(p.Description)})
	}
	if op.RequestBody != nil {
		o.Bodies = m.contents(op.RequestBody.Value.Content, op.OperationID)
	}
	for status, ref := range op.Responses.Map() {
		a := Answer{Status: status, Description: m.html(*cmp.Or(ref.Value.Description, new(string))), Contents: m.contents(ref.Value.Content, "")}
		a.Headers = slices.Sorted(maps.Keys(ref.Value.Headers))
		if status == "default" {
			a.Status = "otherwise"
		}
		o.Answers = append(o.Answers, a)
	}
	slices.SortFunc(o.Answers, func(a, b Answer) int { return strings.Compare(a.Status, b.Status) })
	o.Call = call(o)
	return o
}

func (m *maker) contents(content openapi3.Content, operation string) []Content {
	var all []Content
	for _, kind := range slices.Sorted(maps.Keys(content)) {
		media := content[kind]
		c := Content{Type: kind}
		if media.Schema != nil {
			c.Schema = typeOf(media.Schema)
			if strings.HasSuffix(kind, "json") {
				c.Example = m.example(operation, media.Schema)
			}
		}
		all = append(all, c)
	}
	return all
}

// call is an operation as somebody would try it in a shell, with the variables of the
// guides.
func call(o Operation) string {
	var line strings.Builder
	line.WriteString("curl -sS")
	if o.Method != http.MethodGet && (o.Method != http.MethodPost || len(o.Bodies) == 0) {
		line.WriteString(" -X " + o.Method)
	}
	line.WriteString(` "$api` + strings.ReplaceAll(o.Path, "{", "${") + `"`)
	switch {
	case o.Open:
	case strings.Contains(o.Summary, "the operator only"):
		line.WriteString(` -H "$operator"`)
	default:
		line.WriteString(` -H "$desk"`)
	}
	for _, body := range o.Bodies {
		if body.Example != "" {
			line.WriteString(" \\\n  -H 'Content-Type: " + body.Type + "' -d '" + strings.ReplaceAll(body.Example, "'", `'\''`) + "'")
			break
		}
	}
	return line.String()
}

// schemaPage is where a schema is explained.
func schemaPage(ref string) string { return "/docs/reference/schemas#" + path.Base(ref) }
