package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/fleetledger/fleetledger/domain"
)

// operation is what the description says about one operation, ready to check
// requests against.
type operation struct {
	id         string
	template   string // path as described, a label for metrics
	public     bool   // needs no caller
	write      bool
	secret     bool // request or answer hold a secret, of which nothing must be kept
	factorless bool // also for a session without the second factor that its account requires
	parameters []*openapi3.Parameter
	query      map[string]bool
	openQuery  bool                        // others decide what the query holds
	body       map[string]*openapi3.Schema // by content type; empty: no body
	bodyNeeded bool
	bodyLimit  int64 // bytes
	options    []openapi3.SchemaValidationOption
}

// uuidForm is the one text form of a UID; the parsers below us take others.
const uuidForm = `^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`

// operationsOf reads the description's operations, by method and path as they are registered.
func operationsOf(doc *openapi3.T) map[string]*operation {
	doc.SetStringFormatValidators(map[string]openapi3.StringFormatValidator{
		"uuid": openapi3.NewRegexpFormatValidator(uuidForm),
	})
	options := append(doc.GetSchemaValidationOptions(), openapi3.MultiErrors(), openapi3.VisitAsRequest())
	operations := map[string]*operation{}
	for path, item := range doc.Paths.Map() {
		for method, described := range item.Operations() {
			op := &operation{
				id:         described.OperationID,
				template:   path,
				public:     described.Security != nil && len(*described.Security) == 0,
				write:      method != http.MethodGet,
				secret:     described.Extensions["x-secret-answer"] == true,
				factorless: described.Extensions["x-without-factor"] == true,
				query:      map[string]bool{},
				body:       map[string]*openapi3.Schema{},
				options:    options,

				bodyLimit: smallBody,
				openQuery: described.Extensions["x-open-query"] == true,
			}
			if kib, ok := described.Extensions["x-body-limit-kib"].(float64); ok {
				op.bodyLimit = min(int64(kib)<<10, maxBody)
			}
			for _, ref := range described.Parameters {
				op.parameters = append(op.parameters, ref.Value)
				if ref.Value.In == openapi3.ParameterInQuery {
					op.query[ref.Value.Name] = true
				}
			}
			if described.RequestBody != nil {
				op.bodyNeeded = described.RequestBody.Value.Required
				for contentType, media := range described.RequestBody.Value.Content {
					op.body[contentType] = media.Schema.Value
				}
			}
			operations[method+" "+echoPath(path)] = op
		}
	}
	return operations
}

// checkParameters checks path, query and headers: all problems at once.
func (op *operation) checkParameters(r *http.Request, pathParam func(string) string) []domain.Problem {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return []domain.Problem{{Code: codeQueryInvalid, Detail: "The query of the address cannot be read."}}
	}
	problems := op.checkQueryNames(query)
	for _, p := range op.parameters {
		var values []string
		switch p.In {
		case openapi3.ParameterInPath:
			values = []string{pathParam(p.Name)}
		case openapi3.ParameterInQuery:
			values = query[p.Name]
		case openapi3.ParameterInHeader:
			values = r.Header.Values(p.Name)
		case openapi3.ParameterInCookie:
			for _, cookie := range r.CookiesNamed(p.Name) {
				values = append(values, cookie.Value)
			}
		}
		problems = append(problems, op.checkParameter(p, values)...)
	}
	return problems
}

func (op *operation) checkQueryNames(query url.Values) []domain.Problem {
	var problems []domain.Problem
	for name := range query {
		if !op.query[name] && !op.openQuery {
			problems = append(problems, domain.Problem{Pointer: "#/query/" + escapePointer(strings.ToValidUTF8(name, "?")),
				Code: codeUnknownParameter, Detail: "There is no such query parameter here."})
		}
	}
	slices.SortFunc(problems, func(a, b domain.Problem) int { return strings.Compare(a.Pointer, b.Pointer) })
	return problems
}

func (op *operation) checkParameter(p *openapi3.Parameter, values []string) []domain.Problem {
	pointer := "#/" + p.In + "/" + p.Name
	one := func(code, detail string) []domain.Problem {
		return []domain.Problem{{Pointer: pointer, Code: code, Detail: detail}}
	}
	switch {
	case len(values) == 0 && p.Required:
		return one(codeFieldMissing, "The parameter is missing.")
	case len(values) == 0:
		return nil
	}
	schema := p.Schema.Value
	switch limit := schema.MaxItems; {
	case !schema.Type.Is(openapi3.TypeArray):
		if len(values) > 1 {
			return one(codeDuplicateParameter, "The parameter is given more than once.")
		}
	case limit != nil && uint64(len(values)) > *limit:
		return one(codeTooManyItems, fmt.Sprintf("The parameter is given more than %d times.", *limit))
	default:
		schema = schema.Items.Value
	}
	for _, value := range values {
		if problems := op.checkValue(schema, pointer, value); problems != nil {
			return problems
		}
	}
	return nil
}

// checkValue checks one value of a parameter.
func (op *operation) checkValue(schema *openapi3.Schema, pointer, text string) []domain.Problem {
	one := func(code, detail string) []domain.Problem {
		return []domain.Problem{{Pointer: pointer, Code: code, Detail: detail}}
	}
	var value any = text
	switch {
	case !utf8.ValidString(text):
		return one(codeInvalidUTF8, "The parameter is not valid UTF-8.")
	case strings.IndexByte(text, 0) >= 0:
		return one(codeNUL, "The parameter has a NUL character.")
	case schema.Type.Is(openapi3.TypeInteger):
		if _, err := strconv.ParseInt(text, 10, 32); err != nil {
			return one(codeWrongType, "The parameter must be a whole number.")
		}
		value = json.Number(text)
	case schema.Type.Is(openapi3.TypeBoolean):
		if text != "true" && text != "false" {
			return one(codeWrongType, "The parameter must be true or false.")
		}
		value = text == "true"
	}
	return schemaProblems(schema.VisitJSON(value, op.options...), pointer)
}

// bodySchema finds the content type of a body among those the operation takes.
func (op *operation) bodySchema(contentType string) (string, *openapi3.Schema, error) {
	mediaType, params, err := mime.ParseMediaType(contentType)
	schema, ok := op.body[mediaType]
	if charset := params["charset"]; err != nil || !ok || charset != "" && !strings.EqualFold(charset, "utf-8") {
		known := make([]string, 0, len(op.body))
		for name := range op.body {
			known = append(known, name)
		}
		slices.Sort(known)
		return "", nil, fail(codeContentType,
			fmt.Sprintf("Send %s in UTF-8, and say so in Content-Type.", strings.Join(known, " or ")))
	}
	return mediaType, schema, nil
}

func (op *operation) checkJSON(schema *openapi3.Schema, data []byte) []domain.Problem {
	var inLists []domain.Problem
	value, problems := parseJSON(data, func(field string) itemTaker {
		if property := schema.Properties[field]; property != nil && property.Value.Items != nil {
			return op.checkItems(field, property.Value, &inLists)
		}
		return nil
	})
	if len(problems) > 0 && value == nil {
		return problems
	}
	problems = append(problems, schemaProblems(schema.VisitJSON(value, op.options...), "")...)
	return append(problems, inLists...)
}

// checkItems checks a list item by item: the validator would want all of a hundred
// thousand at once, and collect the problems of each.
func (op *operation) checkItems(field string, list *openapi3.Schema, problems *[]domain.Problem) itemTaker {
	return func(i int, item any) {
		if list.MaxItems != nil && uint64(i) == *list.MaxItems {
			*problems = append(*problems, domain.Problem{Pointer: "/" + field, Code: codeTooManyItems,
				Detail: fmt.Sprintf("The list has at most %d items.", *list.MaxItems)})
		}
		if len(*problems) < maxErrors {
			err := list.Items.Value.VisitJSON(item, op.options...)
			*problems = append(*problems, schemaProblems(err, "/"+field+"/"+strconv.Itoa(i))...)
		}
	}
}

// schemaProblems turns the validator's errors into ours. Its reasons never
// have the value itself.
func schemaProblems(err error, pointer string) []domain.Problem {
	if err == nil {
		return nil
	}
	if several, ok := errors.AsType[openapi3.MultiError](err); ok {
		var problems []domain.Problem
		for _, one := range several {
			problems = append(problems, schemaProblems(one, pointer)...)
		}
		return problems
	}
	e, ok := errors.AsType[*openapi3.SchemaError](err)
	if !ok {
		return []domain.Problem{{Pointer: pointer, Code: codeInvalidValue, Detail: "The value does not fit."}}
	}
	for _, part := range e.JSONPointer() {
		pointer += "/" + escapePointer(part)
	}
	p := domain.Problem{Pointer: pointer, Code: codeInvalidValue, Detail: sentence(e.Reason)}
	switch e.SchemaField {
	case "properties":
		p.Code, p.Detail = codeUnknownField, "There is no such field here."
		if _, quoted, ok := strings.Cut(e.Reason, " "); ok {
			if q, err := strconv.QuotedPrefix(quoted); err == nil {
				name, _ := strconv.Unquote(q)
				p.Pointer += "/" + escapePointer(name)
			}
		}
	case "required":
		p.Code, p.Detail = codeFieldMissing, "The field is missing."
	case "type", "nullable":
		p.Code = codeWrongType
	case "format", "pattern":
		p.Code, p.Detail = codeInvalidFormat, "The value does not have the form it needs."
		if e.Schema != nil && e.Schema.Format == "uuid" {
			p.Detail = "The value must be a UID such as 0195f3c2-7a51-7cc4-9f36-0d8a5c6f1b2e."
		}
	case "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "minProperties":
		p.Code = codeOutOfRange
	}
	return []domain.Problem{p}
}

// sentence makes a sentence of the validator's reason.
func sentence(reason string) string {
	if reason == "" {
		return "The value does not fit."
	}
	return strings.ToUpper(reason[:1]) + reason[1:] + "."
}
