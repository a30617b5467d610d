package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/fleetledger/fleetledger/api/client"
)

// receiver takes traces as a collector does, by OTLP over HTTP.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	requests []*collector.ExportTraceServiceRequest
}

func receive(t *testing.T) *receiver {
	t.Helper()
	r := new(receiver)
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		var got collector.ExportTraceServiceRequest
		if err != nil || request.URL.Path != "/v1/traces" || proto.Unmarshal(body, &got) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		r.take(&got)
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(r.Close)
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		for _, s := range r.spans() {
			t.Logf("trace %x parent %16x span %x links %d: %s", s.GetTraceId(), s.GetParentSpanId(), s.GetSpanId(), len(s.GetLinks()), s.GetName())
		}
	})
	return r
}

// take keeps what a collector is sent.
func (r *receiver) take(got *collector.ExportTraceServiceRequest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, got)
}

// overGRPC takes the same over gRPC, at the address that it gives.
func (r *receiver) overGRPC(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer()
	collector.RegisterTraceServiceServer(server, grpcReceiver{receiver: r})
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return "http://" + listener.Addr().String()
}

type grpcReceiver struct {
	collector.UnimplementedTraceServiceServer
	receiver *receiver
}

// Export implements collector.TraceServiceServer.
func (g grpcReceiver) Export(_ context.Context, got *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	g.receiver.take(got)
	return new(collector.ExportTraceServiceResponse), nil
}

// spans are those received so far.
func (r *receiver) spans() []*otlp.Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []*otlp.Span
	for _, request := range r.requests {
		for _, resource := range request.GetResourceSpans() {
			for _, scope := range resource.GetScopeSpans() {
				all = append(all, scope.GetSpans()...)
			}
		}
	}
	return all
}

// service is the name of the first that sent some.
func (r *receiver) service() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return attributeOf(r.requests[0].GetResourceSpans()[0].GetResource().GetAttributes(), "service.name")
}

// span waits for one of that name.
func (r *receiver) span(t *testing.T, name string, fits func(*otlp.Span) bool) *otlp.Span {
	t.Helper()
	var found *otlp.Span
	require.Eventually(t, func() bool {
		for _, s := range r.spans() {
			if s.GetName() == name && fits(s) {
				found = s
			}
		}
		return found != nil
	}, time.Minute, 20*time.Millisecond, name)
	return found
}

// everything is all that was sent, as text.
func (r *receiver) everything(t *testing.T) string {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var text strings.Builder
	for _, request := range r.requests {
		part, err := protojson.Marshal(request)
		require.NoError(t, err)
		text.Write(part)
	}
	return text.String()
}

func attributeOf(all []*common.KeyValue, key string) string {
	for _, a := range all {
		if a.GetKey() == key {
			return a.GetValue().GetStringValue()
		}
	}
	return ""
}

// serveTraced starts a service with these variables.
func serveTraced(t *testing.T, variables ...string) *service {
	t.Helper()
	dir := t.TempDir()
	cmd := program(context.Background(), "serve", "--addr", "127.0.0.1:0", "--data-dir", dir, "--log-level", "debug")
	cmd.Env = append(cmd.Env, variables...)
	return begin(t, dir, cmd)
}

// asks sends a request of a trace and gives the answer's header.
func (s *service) asks(method, path, token, traceparent, body string) http.Header {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	require.NoError(s.t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Traceparent", traceparent)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(r)
	require.NoError(s.t, err)
	text, err := io.ReadAll(answer.Body)
	require.NoError(s.t, err)
	require.NoError(s.t, answer.Body.Close())
	require.Less(s.t, answer.StatusCode, 300, "%s", text)
	return answer.Header
}

// One trace leads from the request of a client over the append to the rows.
func TestTraceFromRequestToRow(t *testing.T) {
	t.Parallel()
	const traceID = "0af7651916cd43dd8448eb211c80319c"
	got := receive(t)
	s := serveTraced(t, "OTEL_EXPORTER_OTLP_ENDPOINT="+got.URL, "OTEL_BSP_SCHEDULE_DELAY=50", "OTEL_SERVICE_NAME=fleet-of-a-test")
	header := s.asks(http.MethodPost, "/v1/accounts", s.token, "00-"+traceID+"-b7ad6b7169203331-01",
		`{"name":"Summit Wireless","type":"reseller","administrator":{"email":"admin@summit-wireless.example"}}`)

	ours := func(s *otlp.Span) bool { return hex.EncodeToString(s.GetTraceId()) == traceID }
	request := got.span(t, "POST /v1/accounts", ours)
	require.Equal(t, "b7ad6b7169203331", hex.EncodeToString(request.GetParentSpanId()))
	require.Equal(t, fmt.Sprintf("00-%s-%x-01", traceID, request.GetSpanId()), header.Get("Traceparent"))
	appended := got.span(t, "append account", func(s *otlp.Span) bool {
		return ours(s) && attributeOf(s.GetAttributes(), "fleetledger.event.type") == "AccountCreated"
	})
	require.Equal(t, request.GetSpanId(), appended.GetParentSpanId())
	linked := func(to *otlp.Span) func(*otlp.Span) bool {
		return func(s *otlp.Span) bool {
			for _, l := range s.GetLinks() {
				if string(l.GetSpanId()) == string(to.GetSpanId()) && string(l.GetTraceId()) == string(to.GetTraceId()) {
					return true
				}
			}
			return false
		}
	}
	rows := got.span(t, "project fleet", linked(appended))
	require.True(t, ours(rows), "the batch has one trace alone")
	got.span(t, "project transparency", linked(appended))
	// The statements are part of it.
	require.True(t, ours(got.span(t, "query COMMIT", func(s *otlp.Span) bool { return string(s.GetParentSpanId()) == string(rows.GetSpanId()) })))
	require.Equal(t, "fleet-of-a-test", got.service())
	s.stop()
	require.Contains(t, s.log.String(), "traceId="+traceID+fmt.Sprintf(" spanId=%x", request.GetSpanId()))
}

// Neither tokens nor passwords nor addresses of mails are in any span, whichever way they
// come.
func TestTracesHaveNoSecrets(t *testing.T) {
	t.Parallel()
	const password, trace = "correct horse battery", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	got := receive(t)
	s := serveTraced(t, "OTEL_TRACES_EXPORTER=otlp", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "OTEL_EXPORTER_OTLP_ENDPOINT="+got.overGRPC(t), "OTEL_BSP_SCHEDULE_DELAY=50")
	_, desk := s.reseller("Summit Wireless")
	admin := administratorOf("Summit Wireless").Email
	token := s.mailed(admin, activationLink)
	s.asks(http.MethodGet, "/v1/activations/"+token, "", trace, "")
	const pageTrace = "1af7651916cd43dd8448eb211c80319c"
	s.asks(http.MethodGet, "/activate/"+token, "", "00-"+pageTrace+"-b7ad6b7169203331-01", "")
	page := got.span(t, "GET /activate/{token}", func(*otlp.Span) bool { return true })
	got.span(t, "GET /v1/activations/{token}", func(s *otlp.Span) bool { // the page asks the interface
		return string(s.GetParentSpanId()) == string(page.GetSpanId()) && hex.EncodeToString(s.GetTraceId()) == pageTrace
	})
	when(s.client("").ActivateAccount(t.Context(), token, client.ActivationRequest{Name: new("Ada"), Password: password})).Then(t)
	session := s.signIn(admin, password)
	when(s.client("").SignIn(t.Context(), client.SignIn{Email: admin, Password: "another " + password})).RefusedAs(t, http.StatusUnauthorized)
	feed := when(s.client(session).CreateCalendar(t.Context(), nil, client.NewCalendar{Label: "Ends of service"})).Then(t).JSON201.Address
	_, calendar, _ := strings.Cut(feed, "/v1/calendar/")
	s.asks(http.MethodGet, "/v1/calendar/"+calendar, "", trace, "")
	s.asks(http.MethodGet, "/v1/accounts?search="+admin, desk, trace, "")
	s.stop() // sends the last ones

	sent := got.everything(t)
	for _, name := range []string{"GET /v1/activations/{token}", "GET /activate/{token}", "GET /v1/calendar/{token}.ics", "POST /v1/sessions"} {
		require.Contains(t, sent, `"name":"`+name+`"`)
	}
	for _, secret := range []string{s.token, desk, token, session, password, strings.TrimSuffix(calendar, ".ics"), admin, "@", "127.0.0.1"} {
		require.NotContains(t, sent, secret)
	}
}

// Without variables nothing is traced, and answers tell the client's trace as it was.
func TestUntraced(t *testing.T) {
	t.Parallel()
	s := serveTraced(t, "OTEL_TRACES_EXPORTER=none", "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1")
	const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	require.Equal(t, trace, s.asks(http.MethodGet, "/v1/me", s.token, trace, "").Get("Traceparent"))
	s.stop()
	require.NotContains(t, s.log.String(), "traceId=")
}

// A wrong value is one line, and the service goes on.
func TestWrongTracing(t *testing.T) {
	t.Parallel()
	s := serveTraced(t, "OTEL_TRACES_EXPORTER=zipkin", "OTEL_TRACES_SAMPLER=sometimes")
	s.ready()
	s.stop()
	require.Equal(t, 1, strings.Count(s.log.String(), "there are no traces"), s.log.String())
	require.Contains(t, s.log.String(), "OTEL_TRACES_EXPORTER: ")
	require.Contains(t, s.log.String(), "; OTEL_TRACES_SAMPLER: ")
}

// A collector that takes traces and never answers slows nothing down: neither requests, nor
// the end, which stop measures.
func TestCollectorThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	asked, release := make(chan struct{}, 100), make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked <- struct{}{}
		<-release
	}))
	t.Cleanup(silent.Close)
	t.Cleanup(func() { close(release) })
	s := serveTraced(t, "OTEL_EXPORTER_OTLP_ENDPOINT="+silent.URL, "OTEL_BSP_SCHEDULE_DELAY=10", "OTEL_BSP_MAX_QUEUE_SIZE=8", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE=4")
	s.ready()
	s.reseller("Summit Wireless")
	<-asked // it hangs there now
	for range 50 {
		when(s.operator.ListAccounts(t.Context(), nil)).Then(t)
	}
	s.stop()
	require.Contains(t, s.log.String(), "the last traces were not sent")
}

// One that is not there is told, once.
func TestCollectorThatIsNotThere(t *testing.T) {
	t.Parallel()
	s := serveTraced(t, "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1", "OTEL_BSP_SCHEDULE_DELAY=10", "OTEL_EXPORTER_OTLP_TIMEOUT=100")
	s.ready()
	s.reseller("Summit Wireless")
	s.stop()
	require.Equal(t, 1, strings.Count(s.log.String(), "traces are not sent"), s.log.String())
}
