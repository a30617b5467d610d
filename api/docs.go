package api

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"path"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

//go:embed docs.html
var docsTemplate string

// The page of /docs: made once, from the description alone, readable without
// scripts or files of other sites.

type docsPage struct {
	Title, Description string
	Operations         []docsOperation
	Schemas            []docsSchema
}

type docsOperation struct {
	ID, Method, Path, Summary, Description string
	Parameters                             []docsParameter
	Bodies                                 []docsContent
	Answers                                []docsAnswer
}

type docsParameter struct {
	Name, In, Type, Description string
	Required                    bool
}

type docsContent struct{ ContentType, Schema string }

type docsAnswer struct {
	Status, Description string
	Contents            []docsContent
}

type docsSchema struct{ Name, JSON string }

func renderDocs(doc *openapi3.T) ([]byte, error) {
	page := docsPage{Title: doc.Info.Title, Description: doc.Info.Description}
	for _, p := range doc.Paths.InMatchingOrder() {
		for method, op := range doc.Paths.Value(p).Operations() {
			page.Operations = append(page.Operations, docsOperationOf(method, p, op))
		}
	}
	slices.SortFunc(page.Operations, func(a, b docsOperation) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Method, b.Method))
	})
	for name, schema := range doc.Components.Schemas {
		text, err := json.MarshalIndent(schema.Value, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("schema %s: %w", name, err)
		}
		page.Schemas = append(page.Schemas, docsSchema{name, string(text)})
	}
	slices.SortFunc(page.Schemas, func(a, b docsSchema) int { return strings.Compare(a.Name, b.Name) })

	return rendered(docsTemplate, page)
}

func rendered(text string, page any) ([]byte, error) {
	parsed, err := template.New("page").Parse(text)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = parsed.Execute(&out, page)
	return out.Bytes(), err
}

func docsOperationOf(method, at string, op *openapi3.Operation) docsOperation {
	d := docsOperation{ID: op.OperationID, Method: method, Path: at, Summary: op.Summary, Description: op.Description}
	for _, ref := range op.Parameters {
		p := ref.Value
		d.Parameters = append(d.Parameters, docsParameter{p.Name, p.In, docsType(p.Schema.Value), p.Description, p.Required})
	}
	if op.RequestBody != nil {
		d.Bodies = docsContents(op.RequestBody.Value.Content)
	}
	for status, ref := range op.Responses.Map() {
		d.Answers = append(d.Answers, docsAnswer{status, valueOf(ref.Value.Description), docsContents(ref.Value.Content)})
	}
	slices.SortFunc(d.Answers, func(a, b docsAnswer) int { return strings.Compare(a.Status, b.Status) })
	return d
}

func docsType(schema *openapi3.Schema) string {
	if schema.Items != nil {
		return docsType(schema.Items.Value) + "; may be given more than once"
	}
	kind := strings.Join(schema.Type.Slice(), ", ")
	if schema.Format != "" {
		kind += " (" + schema.Format + ")"
	}
	for i, v := range schema.Enum {
		kind += []string{": ", ", "}[min(i, 1)] + fmt.Sprint(v)
	}
	return kind
}

func docsContents(content openapi3.Content) []docsContent {
	var all []docsContent
	for contentType, media := range content {
		c := docsContent{ContentType: contentType}
		if media.Schema != nil && media.Schema.Ref != "" {
			c.Schema = path.Base(media.Schema.Ref)
		}
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b docsContent) int { return strings.Compare(a.ContentType, b.ContentType) })
	return all
}
