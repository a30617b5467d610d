// Package telemetry owns OpenTelemetry: what the environment's OTEL variables ask for,
// the traces that are sent, what may stand in them, and their end. It is the only package
// that knows the SDK; others get a tracer, or none, and know the API alone.
//
// Without a variable that asks for an exporter there is no Tracing: it is nil, its methods
// give nil, and whoever is given that does what it does without traces.
package telemetry

import (
	"context"
	"log/slog"

	"github.com/go-logr/logr"
	"github.com/google/uuid"
	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/contrib/propagators/autoprop"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"
	"go.opentelemetry.io/otel/trace"
)

// Tracing makes traces and sends them. A nil one makes none.
type Tracing struct {
	provider   *sdktrace.TracerProvider
	propagator propagation.TextMapPropagator
}

// Start begins what the environment asks for, nil when it asks for nothing. A wrong value
// is one warning, and there are no traces: what was asked for is not guessed. It may be
// called once in a program, since the SDK has one place for its own complaints.
func Start(ctx context.Context, version string, getenv func(string) string, logger *slog.Logger) *Tracing {
	if !asked(getenv) {
		return nil
	}
	if err := check(ctx, getenv); err != nil {
		logger.WarnContext(ctx, "there are no traces, a variable is wrong", "error", err)
		return nil
	}
	otel.SetLogger(logr.FromSlogHandler(logger.Handler()))
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		logger.WarnContext(ctx, "traces are not sent", "error", err)
	}))
	exporter, err := autoexport.NewSpanExporter(ctx)
	if err != nil {
		logger.WarnContext(ctx, "there are no traces, they cannot be sent", "error", err)
		return nil
	}
	return New(exporter, autoprop.NewTextMapPropagator(), sdktrace.WithResource(describe(ctx, version)))
}

// New makes traces that go to an exporter, of each span what may be told.
func New(exporter sdktrace.SpanExporter, propagator propagation.TextMapPropagator, options ...sdktrace.TracerProviderOption) *Tracing {
	return &Tracing{
		provider:   sdktrace.NewTracerProvider(append(options, sdktrace.WithBatcher(discreet{exporter}))...),
		propagator: propagator,
	}
}

// describe says who sends. What the environment says of it comes last, and so goes first.
func describe(ctx context.Context, version string) *resource.Resource {
	r, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithAttributes(
		semconv.ServiceName("fleetledger"), semconv.ServiceVersion(version), semconv.ServiceInstanceID(uuid.NewString()),
	), resource.WithFromEnv())
	if err != nil {
		otel.Handle(err)
	}
	return r
}

// Tracer is for one part of the program.
func (t *Tracing) Tracer(part string) trace.Tracer {
	if t == nil {
		return nil
	}
	return t.provider.Tracer("github.com/fleetledger/fleetledger/" + part)
}

// Provider is for libraries that make tracers themselves.
func (t *Tracing) Provider() trace.TracerProvider {
	if t == nil {
		return nil
	}
	return t.provider
}

// Propagator reads which trace a request belongs to.
func (t *Tracing) Propagator() propagation.TextMapPropagator {
	if t == nil {
		return nil
	}
	return t.propagator
}

// Stop sends what is left, for as long as ctx lets it.
func (t *Tracing) Stop(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}
