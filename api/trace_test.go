package api_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/app/query"
)

const clientTrace = "0af7651916cd43dd8448eb211c80319c"

// A request is a span of its client's trace, named by its route; the answer and the log
// tell it, and the measurements have it as an example.
func TestRequestsAreSpans(t *testing.T) {
	t.Parallel()
	spans, log := tracetest.NewSpanRecorder(), new(logBuffer)
	o := options(&fake{err: query.ErrNotFound})
	o.Tracing = &api.Tracing{Provider: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)), Propagator: propagation.TraceContext{}}
	o.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o.MetricsAccess = api.MetricsAccess{Token: "token of the measurements"}
	c := newClient(t, o)

	token := strings.Repeat("sesame", 8)
	got := c.get("/v1/devices/"+token, "Traceparent: 00-"+clientTrace+"-b7ad6b7169203331-01")
	ended := spans.Ended()
	require.Len(t, ended, 1)
	span := ended[0]
	require.Equal(t, "GET /v1/devices/{id}", span.Name())
	require.Contains(t, span.Attributes(), attribute.String("http.route", "/v1/devices/{id}"))
	require.Contains(t, span.Attributes(), attribute.Int("http.response.status_code", got.status))
	require.Equal(t, clientTrace, span.SpanContext().TraceID().String())
	require.Equal(t, "b7ad6b7169203331", span.Parent().SpanID().String())
	require.Equal(t, fmt.Sprintf("00-%s-%s-01", clientTrace, span.SpanContext().SpanID()), got.header.Get("Traceparent"))
	require.Contains(t, log.String(), "traceparent="+got.header.Get("Traceparent"))

	// Of a trace that is not kept: not kept either, and no example.
	got = c.get("/v1/me", "Traceparent: 00-"+clientTrace+"-b7ad6b7169203331-00")
	require.True(t, strings.HasPrefix(got.header.Get("Traceparent"), "00-"+clientTrace) && strings.HasSuffix(got.header.Get("Traceparent"), "-00"))
	// A problem tells its code.
	c.as("").get("/v1/me").is(http.StatusUnauthorized)
	// Nobody wants to see who asks how the service is.
	c.get("/healthz").is(200)
	ended = spans.Ended()
	require.Len(t, ended, 2)
	require.Contains(t, ended[1].Attributes(), attribute.String("fleetledger.problem", "unauthenticated"))

	shown := string(c.as("token of the measurements").get("/metrics", "Accept: application/openmetrics-text; version=1.0.0").is(200).body)
	require.Contains(t, shown, `# {trace_id="`+clientTrace+`"}`)
	for line := range strings.Lines(shown) {
		require.False(t, strings.Contains(line, `route="/v1/me"`) && strings.Contains(line, "# {trace_id=\""+clientTrace), line)
	}
	require.True(t, strings.HasSuffix(shown, "# EOF\n"))
}
