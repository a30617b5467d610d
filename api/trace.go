package api

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"
	"go.opentelemetry.io/otel/trace"
)

// Tracing makes a span of each request. It is asked for both; nil: there are no spans.
type Tracing struct {
	Provider   trace.TracerProvider
	Propagator propagation.TextMapPropagator
}

// handler is next within a span, where requests are traced. Those that ask again and again
// how the service is, and files of pages, are not.
func (t *Tracing) handler(next http.HandlerFunc) http.Handler {
	if t == nil {
		return next
	}
	return otelhttp.NewHandler(next, "request",
		otelhttp.WithTracerProvider(t.Provider), otelhttp.WithPropagators(t.Propagator), otelhttp.WithMeterProvider(metricnoop.NewMeterProvider()),
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return methodLabel(r.Method) }),
		otelhttp.WithFilter(func(r *http.Request) bool {
			return !slices.Contains(ownPaths, r.URL.Path) && !strings.HasPrefix(r.URL.Path, "/assets/")
		}),
	)
}

// traceparentOf is the request's own span, where it has one: events and jobs that come of
// the request, and its answer, tell it. The pages' calls of the interface are part of it.
func traceparentOf(r *http.Request) string {
	if !trace.SpanContextFromContext(r.Context()).IsValid() {
		return traceparentFrom(r.Header.Get("Traceparent"))
	}
	carrier := propagation.HeaderCarrier{}
	propagation.TraceContext{}.Inject(r.Context(), carrier)
	made := carrier.Get("traceparent")
	r.Header.Set("Traceparent", made)
	return made
}

// describeSpan names a request's span by its route, as the description or the pages have
// it: paths have tokens in them.
func describeSpan(c echo.Context, made *call, err error) {
	span := trace.SpanFromContext(c.Request().Context())
	if !span.IsRecording() {
		return
	}
	_, route, _ := strings.Cut(c.Request().Pattern, " ") // of a page
	if made.operation != nil {
		route = made.operation.template
	}
	if route != "" {
		span.SetName(methodLabel(c.Request().Method) + " " + route)
		span.SetAttributes(semconv.HTTPRoute(route))
	}
	if err != nil {
		span.SetAttributes(attribute.String("fleetledger.problem", failureOf(err).problems[0].Code))
	}
}

// timed observes how long a request took, with its trace as an example where it is kept.
func timed(ctx context.Context, histogram prometheus.Observer, seconds float64) {
	span := trace.SpanContextFromContext(ctx)
	observer, ok := histogram.(prometheus.ExemplarObserver)
	if !ok || !span.IsSampled() {
		histogram.Observe(seconds)
		return
	}
	observer.ObserveWithExemplar(seconds, prometheus.Labels{"trace_id": span.TraceID().String()})
}
