package eventstoredb

import (
	"context"
	"errors"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

const traceparent = "traceparent" // in the carriers of propagation

// traced appends within a span, which the events then tell as their origin: whoever
// follows the log links to it. An append that a reaction or a job makes for a request of
// before belongs to the trace of that request, with a link to what made it.
func (s *Store) traced(ctx context.Context, stream string, expected eventlog.Revision, events []eventlog.NewEvent) (eventlog.Revision, eventlog.Position, error) {
	category, _, _ := strings.Cut(stream, "-")
	options := []trace.SpanStartOption{
		trace.WithSpanKind(trace.SpanKindProducer),
		trace.WithAttributes(attribute.String("fleetledger.category", category), attribute.Int("fleetledger.events", len(events))),
	}
	if len(events) > 0 {
		options = append(options, trace.WithAttributes(attribute.String("fleetledger.event.type", events[0].Event.EventType())))
		maker := trace.SpanContextFromContext(ctx)
		origin := originOf(events[0].Metadata)
		if origin.IsValid() && origin.TraceID() != maker.TraceID() {
			ctx = trace.ContextWithRemoteSpanContext(ctx, origin)
			if maker.IsSampled() {
				options = append(options, trace.WithLinks(trace.Link{SpanContext: maker}))
			}
		}
	}
	ctx, span := s.options.Tracer.Start(ctx, "append "+category, options...)
	defer span.End()
	revision, position, err := s.appendEvents(ctx, stream, expected, originating(ctx, span, events))
	switch {
	case err == nil:
		span.SetAttributes(attribute.Int64("fleetledger.revision", int64(revision)), attribute.Int64("fleetledger.position", int64(position.Commit)))
	case errors.Is(err, eventlog.ErrConflict):
		span.SetAttributes(attribute.Bool("fleetledger.conflict", true)) // others were faster, which is no failure
	default:
		span.SetStatus(codes.Error, "")
	}
	return revision, position, err
}

// originOf is the span that an event comes from.
func originOf(m eventlog.Metadata) trace.SpanContext {
	carrier := propagation.MapCarrier{traceparent: m.Traceparent}
	return trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), carrier))
}

// originating is the events with the span as their origin, where it is kept.
func originating(ctx context.Context, span trace.Span, events []eventlog.NewEvent) []eventlog.NewEvent {
	if !span.IsRecording() {
		return events
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	changed := make([]eventlog.NewEvent, len(events))
	for i, e := range events {
		e.Metadata.Traceparent = carrier[traceparent]
		changed[i] = e
	}
	return changed
}
