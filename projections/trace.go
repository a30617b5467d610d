package projections

import (
	"context"
	"encoding/json"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// maxLinks bounds the links of a span. The SDK keeps 128 unless it is told otherwise.
const maxLinks = 128

// traced applies a batch within a span that is linked to what appended its events. Where
// all of them come of one trace the span is part of that: it then reads from the request to
// the rows. A batch of several is a trace of its own.
func (f *follower) traced(ctx context.Context, b eventlog.Batch) error {
	links := origins(b)
	if one, ok := commonTrace(links); ok {
		ctx = trace.ContextWithRemoteSpanContext(ctx, one)
	}
	verb := "project "
	if f.projection == nil {
		verb = "react "
	}
	ctx, span := f.tracer.Start(ctx, verb+f.name, trace.WithSpanKind(trace.SpanKindConsumer), trace.WithLinks(links...), trace.WithAttributes(
		semconv.MessagingBatchMessageCount(len(b.Events)),
		attribute.String("fleetledger.follower", f.name), attribute.Int("fleetledger.version", f.version),
		attribute.Int64("fleetledger.position", int64(b.Upto.Commit)),
	))
	err := f.apply(ctx, b)
	if _, early := errors.AsType[notBefore](err); early {
		return err // it comes again and again until it is time: a span that does not end is not sent
	}
	if err != nil {
		span.SetStatus(codes.Error, "")
	}
	span.End()
	return err
}

// origins are the spans that appended a batch's events, each once, as far as they are kept.
func origins(b eventlog.Batch) []trace.Link {
	var links []trace.Link
	seen := map[string]bool{}
	for _, e := range b.Events {
		told := traceparentOf(e)
		if told == "" || seen[told] || len(links) == maxLinks {
			continue
		}
		seen[told] = true
		carrier := propagation.MapCarrier{"traceparent": told}
		if origin := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), carrier)); origin.IsSampled() {
			links = append(links, trace.Link{SpanContext: origin})
		}
	}
	return links
}

// traceparentOf looks into the metadata of an event as the log keeps it, too.
func traceparentOf(e eventlog.Recorded) string {
	sealed, ok := e.Event.(eventlog.Sealed)
	if !ok {
		return e.Metadata.Traceparent
	}
	var m struct {
		Traceparent string `json:"traceparent"`
	}
	_ = json.Unmarshal(sealed.Metadata, &m) // not ours: it tells none
	return m.Traceparent
}

// commonTrace is the last of the spans when all are of one trace.
func commonTrace(links []trace.Link) (trace.SpanContext, bool) {
	if len(links) == 0 {
		return trace.SpanContext{}, false
	}
	last := links[len(links)-1].SpanContext
	for _, l := range links {
		if l.SpanContext.TraceID() != last.TraceID() {
			return trace.SpanContext{}, false
		}
	}
	return last, true
}
