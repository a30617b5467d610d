package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fleetledger/fleetledger/adapters/identity"
	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

var update = flag.Bool("update", false, "write the golden files")

// now is the instant of every test here.
var now = time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)

type fixedClock struct{}

func (fixedClock) Now() time.Time { return now }

// Tokens the tests sign in with.
const (
	operatorToken = "operator-token"
	resellerToken = "reseller-token"
)

var (
	reseller = uuid.MustParse("11111111-1111-4111-8111-111111111111")
	customer = uuid.MustParse("22222222-2222-4222-8222-222222222222")
)

type tokens map[string]access.Caller

func (t tokens) Authenticate(_ context.Context, token string) (access.Caller, error) {
	if c, ok := t[token]; ok {
		return c, nil
	}
	return access.Caller{}, identity.ErrUnknownToken
}

var signedIn = tokens{
	operatorToken: {Actor: domain.Actor{Kind: domain.ActorOperator, ID: "operator"}},
	resellerToken: {
		Actor:         domain.Actor{Kind: domain.ActorToken, ID: "token-1", Account: reseller},
		Administrator: true, Rights: rights.Administrator(),
	},
}

type service struct{ ready bool }

func (s service) Ready(context.Context) []api.Check {
	return []api.Check{{Name: "database", OK: s.ready}}
}

func (service) Projections(context.Context) ([]api.ProjectionStatus, error) {
	return []api.ProjectionStatus{{Name: "fleet", Version: 1, State: "running", Position: eventlog.Position{Commit: 7, Prepare: 7}, LagEvents: 3}}, nil
}

// noKeys is for tests without Idempotency-Key.
type noKeys struct{ api.IdempotencyKeys }

// client talks to a server and checks each answer against the description.
type client struct {
	t       *testing.T
	handler http.Handler
	token   string
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func options(a api.App) api.Options {
	return api.Options{
		App: a, Authenticator: signedIn, Idempotency: noKeys{}, Service: service{ready: true}, Clock: fixedClock{},
		Catalogue: catalogue.Default(), Rules: device.DefaultRules, Windows: query.DefaultWindows,
		Registry: prometheus.NewRegistry(), Logger: slog.New(slog.DiscardHandler),
	}
}

func newClient(t *testing.T, o api.Options) *client {
	t.Helper()
	s, err := api.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	return &client{t: t, handler: s, token: resellerToken}
}

func (c *client) as(token string) *client { return &client{c.t, c.handler, token} }

// answer is a response, read whole.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

// raw sends a request; header lines look like "Name: value".
func (c *client) raw(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://service.test/", strings.NewReader(body))
	path, query, _ := strings.Cut(target, "?")
	if parsed, err := r.URL.Parse(path); err == nil {
		r.URL = parsed
	} else {
		r.URL.Path = path
	}
	r.URL.RawQuery = query
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	return w
}

// send is raw, and the answer is as the description says.
func (c *client) send(method, target, body string, headers ...string) answer {
	c.t.Helper()
	w := c.raw(method, target, body, headers...)
	got := answer{c.t, w.Code, w.Header(), w.Body.Bytes()}
	path, _, _ := strings.Cut(target, "?")
	if decoded, err := url.PathUnescape(path); err == nil {
		path = decoded
	}
	described(c.t, method, path, got)
	return got
}

func (c *client) get(target string, headers ...string) answer {
	c.t.Helper()
	return c.send(http.MethodGet, target, "", headers...)
}

func (c *client) post(target, body string, headers ...string) answer {
	c.t.Helper()
	return c.send(http.MethodPost, target, body, headers...)
}

// is checks the status.
func (a answer) is(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

func (a answer) json() map[string]any {
	a.t.Helper()
	var v map[string]any
	if err := json.Unmarshal(a.body, &v); err != nil {
		a.t.Fatalf("not JSON: %v: %s", err, a.body)
	}
	return v
}

func into[T any](a answer) T {
	a.t.Helper()
	var v T
	if err := json.Unmarshal(a.body, &v); err != nil {
		a.t.Fatalf("not the JSON that was expected: %v: %s", err, a.body)
	}
	return v
}

// codes are "pointer code" of all problems, the pointer left out where there is none.
func (a answer) codes() []string {
	a.t.Helper()
	p := into[openapi.Problem](a)
	if p.Errors == nil {
		return []string{p.Code}
	}
	var codes []string
	for _, e := range *p.Errors {
		code := e.Code
		if e.Pointer != nil {
			code = *e.Pointer + " " + code
		}
		codes = append(codes, code)
	}
	return codes
}

func (a answer) refusedWith(status int, codes ...string) answer {
	a.t.Helper()
	a.is(status)
	if diff := cmp.Diff(codes, a.codes()); diff != "" {
		a.t.Fatalf("problems (-want +got):\n%s\n%s", diff, a.body)
	}
	return a
}

var description = sync.OnceValues(func() (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData(openapi.Description)
	if err != nil {
		return nil, err
	}
	return doc, doc.Validate(context.Background())
})

var pathParameter = regexp.MustCompile(`\\\{[^}]+\\\}`)

// operationAt finds what the description has for a request.
func operationAt(doc *openapi3.T, method, path string) *openapi3.Operation {
	if item := doc.Paths.Value(path); item != nil {
		return item.GetOperation(method)
	}
	for template, item := range doc.Paths.Map() {
		form := "^" + pathParameter.ReplaceAllString(regexp.QuoteMeta(template), `[^/:]+`) + "$"
		if regexp.MustCompile(form).MatchString(path) {
			return item.GetOperation(method)
		}
	}
	return nil
}

// described fails the test when an answer is not as the description says.
func described(t *testing.T, method, path string, a answer) {
	t.Helper()
	doc, err := description()
	if err != nil {
		t.Fatal(err)
	}
	var response *openapi3.Response
	if op := operationAt(doc, method, path); op != nil {
		ref := op.Responses.Value(strconv.Itoa(a.status))
		if ref == nil && a.status >= 400 {
			ref = op.Responses.Default()
		}
		if ref == nil {
			t.Fatalf("%s %s: the description has no answer %d: %s", method, path, a.status, a.body)
		}
		response = ref.Value
	} else {
		if a.status < 400 && method != http.MethodOptions {
			t.Fatalf("%s %s answers %d and is not described", method, path, a.status)
		}
		response = doc.Components.Responses["Problem"].Value
	}
	for name, h := range response.Headers {
		if h.Value.Required && a.header.Get(name) == "" {
			t.Errorf("%s %s %d: header %s is missing", method, path, a.status, name)
		}
	}
	if a.header.Get("X-Request-Id") == "" || a.header.Get("Traceparent") == "" {
		t.Errorf("%s %s: no request id or trace", method, path)
	}
	if len(response.Content) == 0 {
		if len(a.body) > 0 {
			t.Errorf("%s %s %d has a body, which is not described: %s", method, path, a.status, a.body)
		}
		return
	}
	contentType, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	media := response.Content.Get(contentType)
	if media == nil {
		t.Fatalf("%s %s %d: content type %q is not described: %s", method, path, a.status, contentType, a.body)
	}
	if !strings.HasSuffix(contentType, "/json") && !strings.HasSuffix(contentType, "+json") {
		return
	}
	var value any
	if err := json.Unmarshal(a.body, &value); err != nil {
		t.Fatalf("%s %s: %v: %s", method, path, err, a.body)
	}
	options := append(doc.GetSchemaValidationOptions(), openapi3.MultiErrors(), openapi3.VisitAsResponse())
	if err := media.Schema.Value.VisitJSON(value, options...); err != nil {
		t.Errorf("%s %s %d is not as described: %v", method, path, a.status, err)
	}
}

// golden compares a body with a file of testdata.
func golden(t *testing.T, name string, body []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if strings.HasSuffix(name, ".json") {
		var indented bytes.Buffer
		if err := json.Indent(&indented, body, "", "  "); err != nil {
			t.Fatal(err)
		}
		body = indented.Bytes()
	}
	if *update {
		if err := os.WriteFile(file, body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(body)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// keys are real idempotency keys.
func keys(o api.Options, store *postgres.IdempotencyKeys) api.Options {
	o.Idempotency = store
	return o
}

func readAll(t *testing.T, r io.Reader) []byte {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
