package apitest

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/fleetledger/fleetledger/api/openapi"
)

// Description is openapi.yaml, read and valid.
var Description = sync.OnceValues(func() (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData(openapi.Description)
	if err != nil {
		return nil, err
	}
	return doc, doc.Validate(context.Background())
})

var pathParameter = regexp.MustCompile(`\\\{[^}]+\\\}`)

// forms are the described paths with something in them, as expressions.
var forms = sync.OnceValue(func() map[*regexp.Regexp]*openapi3.PathItem {
	doc, err := Description()
	if err != nil {
		return nil // whoever asks for the description fails
	}
	all := map[*regexp.Regexp]*openapi3.PathItem{}
	for template, item := range doc.Paths.Map() {
		if folder, ok := strings.CutSuffix(template, "{tile}"); ok { // its slashes are part of it
			all[regexp.MustCompile("^"+regexp.QuoteMeta(folder)+".+$")] = item
			continue
		}
		all[regexp.MustCompile("^"+pathParameter.ReplaceAllString(regexp.QuoteMeta(template), `[^/:]+`)+"$")] = item
	}
	return all
})

// operationAt finds what the description has for a request.
func operationAt(doc *openapi3.T, method, path string) *openapi3.Operation {
	if item := doc.Paths.Value(path); item != nil {
		return item.GetOperation(method)
	}
	for form, item := range forms() {
		if form.MatchString(path) {
			return item.GetOperation(method)
		}
	}
	return nil
}

// Described fails the test when the answer to a request is not as the
// description says.
func Described(t testing.TB, method, path string, status int, header http.Header, body []byte) {
	t.Helper()
	doc, err := Description()
	if err != nil {
		t.Fatal(err)
	}
	response := doc.Components.Responses["Problem"].Value
	if op := operationAt(doc, method, path); op != nil {
		ref := op.Responses.Value(strconv.Itoa(status))
		if ref == nil && status >= 400 {
			ref = op.Responses.Default()
		}
		if ref == nil {
			t.Fatalf("%s %s: the description has no answer %d: %s", method, path, status, body)
		}
		response = ref.Value
	} else if status < 400 && method != http.MethodOptions {
		t.Fatalf("%s %s answers %d and is not described", method, path, status)
	}
	for name, h := range response.Headers {
		if h.Value.Required && header.Get(name) == "" {
			t.Errorf("%s %s %d: header %s is missing", method, path, status, name)
		}
	}
	if header.Get("X-Request-Id") == "" || header.Get("Traceparent") == "" {
		t.Errorf("%s %s: no request id or trace", method, path)
	}
	if problem := contentProblem(doc, response, header.Get("Content-Type"), body); problem != "" {
		t.Errorf("%s %s %d: %s: %s", method, path, status, problem, body)
	}
}

// contentProblem says how a body differs from what is described.
func contentProblem(doc *openapi3.T, response *openapi3.Response, contentType string, body []byte) string {
	if len(response.Content) == 0 {
		if len(body) > 0 {
			return "the body is not described"
		}
		return ""
	}
	contentType, _, _ = strings.Cut(contentType, ";")
	media := response.Content.Get(contentType)
	switch {
	case media == nil:
		return "content type " + contentType + " is not described"
	case !strings.HasSuffix(contentType, "/json") && !strings.HasSuffix(contentType, "+json"):
		return ""
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return err.Error()
	}
	options := append(doc.GetSchemaValidationOptions(), openapi3.MultiErrors(), openapi3.VisitAsResponse())
	if err := media.Schema.Value.VisitJSON(value, options...); err != nil {
		return err.Error()
	}
	return ""
}
