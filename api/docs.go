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

	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/models"
	"github.com/fleetledger/fleetledger/domain/partnership"
)

//go:embed docs.html
var docsTemplate string

// The page of /docs: made once, from the description alone, readable without
// scripts or files of other sites.

type docsPage struct {
	Title, Description string
	Operations         []docsOperation
	Problems           []docsProblem
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

type docsProblem struct {
	Code   string
	Status int
}

type docsSchema struct{ Name, JSON string }

// shownRefusals are the refusals by the rules that are not 422, for the list of
// codes.
var shownRefusals = []domain.Problem{
	{Code: device.CodeDeviceNotFound, Kind: domain.Missing},
	{Code: device.CodeMissingRight, Kind: domain.Forbidden},
	{Code: device.CodeFactorTaken, Kind: domain.Conflict},
	{Code: device.CodeRegisteredElsewhere, Kind: domain.Conflict},
	{Code: device.CodeBusy, Kind: domain.Busy},
	{Code: models.CodeUnknown, Kind: domain.Missing},
	{Code: models.CodePatternOverlaps, Kind: domain.Conflict},
	{Code: account.CodeNameTaken, Kind: domain.Conflict},
	{Code: account.CodeEmailTaken, Kind: domain.Conflict},
	{Code: account.CodeLabelTaken, Kind: domain.Conflict},
	{Code: partnership.CodeAlreadyPartnered, Kind: domain.Conflict},
	{Code: people.CodeSignInFailed, Kind: domain.Unauthenticated},
	{Code: people.CodeSessionRequired, Kind: domain.Forbidden},
	{Code: codeSortUnknown, Kind: domain.Invalid},
	{Code: codeForecastTooFar, Kind: domain.Invalid},
}

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
	for _, p := range shownRefusals {
		page.Problems = append(page.Problems, docsProblem{p.Code, statusOf[p.Kind]})
	}
	for _, c := range edgeCodes {
		page.Problems = append(page.Problems, docsProblem{c.code, c.status})
	}
	slices.SortFunc(page.Problems, func(a, b docsProblem) int { return strings.Compare(a.Code, b.Code) })
	page.Problems = slices.Compact(page.Problems)
	for name, schema := range doc.Components.Schemas {
		text, err := json.MarshalIndent(schema.Value, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("schema %s: %w", name, err)
		}
		page.Schemas = append(page.Schemas, docsSchema{name, string(text)})
	}
	slices.SortFunc(page.Schemas, func(a, b docsSchema) int { return strings.Compare(a.Name, b.Name) })

	parsed, err := template.New("docs").Parse(docsTemplate)
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
		kind := strings.Join(p.Schema.Value.Type.Slice(), ", ")
		if p.Schema.Value.Format != "" {
			kind += " (" + p.Schema.Value.Format + ")"
		}
		for i, v := range p.Schema.Value.Enum {
			kind += []string{": ", ", "}[min(i, 1)] + fmt.Sprint(v)
		}
		d.Parameters = append(d.Parameters, docsParameter{p.Name, p.In, kind, p.Description, p.Required})
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
