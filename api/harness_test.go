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
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fleetledger/fleetledger/adapters/clock/clocktest"
	"github.com/fleetledger/fleetledger/adapters/identity"
	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

var update = flag.Bool("update", false, "write the golden files")

// now is the instant of every test here.
var now = apitest.Now

// Tokens the tests sign in with.
const (
	operatorToken = apitest.OperatorToken
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

// caller sends requests with a token: by the calls of package client, and raw
// ones by methods of its own. Each answer is compared with the description.
type caller struct {
	*client.Client
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

func options(f *fake) api.Options {
	return api.Options{
		App: f.app(), Authenticator: signedIn, Idempotency: noKeys{}, Service: service{ready: true}, Clock: clocktest.At(now),
		Rules: device.DefaultRules, Windows: query.DefaultWindows,
		Registry: prometheus.NewRegistry(), Logger: slog.New(slog.DiscardHandler),
	}
}

func newClient(t *testing.T, o api.Options) *caller {
	t.Helper()
	s, err := api.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	return callerOf(t, s, resellerToken)
}

func callerOf(t *testing.T, h http.Handler, token string) *caller {
	return &caller{Client: apitest.NewClient(t, h, token), t: t, handler: h, token: token}
}

// as is another caller of the same service.
func (c *caller) as(token string) *caller { return callerOf(c.t, c.handler, token) }

// answer is a response, read whole.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

// raw sends a request; header lines look like "Name: value".
func (c *caller) raw(method, target, body string, headers ...string) *httptest.ResponseRecorder {
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
func (c *caller) send(method, target, body string, headers ...string) answer {
	c.t.Helper()
	w := c.raw(method, target, body, headers...)
	got := answer{c.t, w.Code, w.Header(), w.Body.Bytes()}
	path, _, _ := strings.Cut(target, "?")
	if decoded, err := url.PathUnescape(path); err == nil {
		path = decoded
	}
	apitest.Described(c.t, method, path, got.status, got.header, got.body)
	if at := got.header.Get("X-Position"); at != "" && method != http.MethodGet {
		c.After(at)
	}
	return got
}

func (c *caller) get(target string, headers ...string) answer {
	c.t.Helper()
	return c.send(http.MethodGet, target, "", headers...)
}

func (c *caller) post(target, body string, headers ...string) answer {
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
	return apitest.Codes(into[openapi.Problem](a))
}

func (a answer) refusedWith(status int, codes ...string) answer {
	a.t.Helper()
	a.is(status)
	if diff := cmp.Diff(codes, a.codes()); diff != "" {
		a.t.Fatalf("problems (-want +got):\n%s\n%s", diff, a.body)
	}
	return a
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

func readAll(t *testing.T, r io.Reader) []byte {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
