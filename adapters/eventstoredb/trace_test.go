package eventstoredb

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

func spanOf(s trace.SpanContext) string {
	return fmt.Sprintf("00-%s-%s-%s", s.TraceID(), s.SpanID(), s.TraceFlags())
}

// An append is a span of the trace that its events come of, and events tell it.
func TestAppendsAreSpans(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans), sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.AlwaysSample())))
	tracer := provider.Tracer("test")
	s, _ := running(t, func(o *Options) { o.Tracer = tracer })
	append1 := func(ctx trace.Span, origin string) (sdktrace.ReadOnlySpan, string) {
		t.Helper()
		e := fact(1)
		e.Metadata.Traceparent = origin
		stream := "account-" + e.ID.String()
		_, _, err := s.Append(trace.ContextWithSpan(t.Context(), ctx), stream, eventlog.NoStream, e)
		require.NoError(t, err)
		ended := spans.Ended()
		require.Equal(t, origin, e.Metadata.Traceparent, "the caller's event is as it was")
		var last sdktrace.ReadOnlySpan
		if len(ended) > 0 {
			last = ended[len(ended)-1]
		}
		return last, all(t, s.ReadStream(t.Context(), stream, 0))[0].Metadata.Traceparent
	}
	_, request := tracer.Start(t.Context(), "request")
	_, reaction := tracer.Start(t.Context(), "react")

	// By a request: a child of its span.
	got, kept := append1(request, spanOf(request.SpanContext()))
	require.Equal(t, "append account", got.Name())
	require.Equal(t, request.SpanContext().SpanID(), got.Parent().SpanID())
	require.Equal(t, spanOf(got.SpanContext()), kept)
	require.Empty(t, got.Links())

	// By a reaction to an event of a request: of the request's trace, with a link.
	got, kept = append1(reaction, spanOf(request.SpanContext()))
	require.Equal(t, request.SpanContext().SpanID(), got.Parent().SpanID())
	require.Equal(t, reaction.SpanContext().TraceID(), got.Links()[0].SpanContext.TraceID())
	require.Equal(t, spanOf(got.SpanContext()), kept)

	// Of a trace that is not kept: no span, and the event tells what it told.
	n := len(spans.Ended())
	const unkept = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
	_, kept = append1(trace.SpanFromContext(t.Context()), unkept)
	require.Equal(t, unkept, kept)
	require.Len(t, spans.Ended(), n)

	// By itself: a trace of its own. Others who were faster are no failure.
	got, _ = append1(trace.SpanFromContext(t.Context()), "")
	require.False(t, got.Parent().IsValid())
	_, _, err := s.Append(t.Context(), "account-x", 7, fact(1))
	require.ErrorIs(t, err, eventlog.ErrConflict)
	ended := spans.Ended()
	require.Zero(t, ended[len(ended)-1].Status().Code)
}

// Without a tracer events tell what they told.
func TestUntracedAppends(t *testing.T) {
	t.Parallel()
	s, _ := running(t)
	e := fact(1)
	e.Metadata.Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	_, _, err := s.Append(t.Context(), "account-y", eventlog.NoStream, e)
	require.NoError(t, err)
	require.Equal(t, e.Metadata.Traceparent, all(t, s.ReadStream(t.Context(), "account-y", 0))[0].Metadata.Traceparent)
}
