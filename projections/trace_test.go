package projections_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/projections"
)

const (
	firstTrace  = "0af7651916cd43dd8448eb211c80319c"
	secondTrace = "1af7651916cd43dd8448eb211c80319c"
)

// addTraced adds an event for each origin, such as "TRACE-SPAN-01".
func (s *script) addTraced(origins ...string) eventlog.Position {
	last := s.add(many(len(origins))...)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, origin := range origins {
		s.events[len(s.events)-len(origins)+i].Metadata.Traceparent = "00-" + origin
	}
	return last
}

// A batch is a span that is linked to what appended its events; it is of their trace where
// that is one.
func TestBatchesAreSpans(t *testing.T) {
	t.Parallel()
	pool, log, spans := pgtest.Pool(t), newScript(10), tracetest.NewSpanRecorder()
	options := log.options(pool)
	options.Tracer = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("test")
	handled := make(chan eventlog.Position, 10)
	r := start(t, options, []projections.Projection{counters()}, projections.Reaction{
		Name: "watcher", Prefixes: []string{"counter-"},
		Handle: func(_ context.Context, b eventlog.Batch) error { handled <- b.Upto; return nil },
	})
	of := func(name string, position eventlog.Position) sdktrace.ReadOnlySpan {
		t.Helper()
		ctx := within(t)
		for {
			for _, s := range spans.Ended() {
				if s.Name() == name && attributeOf(s, "fleetledger.position") == fmt.Sprint(position.Commit) {
					return s
				}
			}
			require.NoError(t, ctx.Err())
			wait(ctx, 10*time.Millisecond)
		}
	}
	one := log.addTraced(firstTrace+"-b7ad6b7169203331-01", firstTrace+"-b7ad6b7169203332-01", firstTrace+"-b7ad6b7169203332-01", secondTrace+"-b7ad6b7169203333-00")
	r.waitFor(t, "counters", one)
	require.Equal(t, one, <-handled)
	for _, name := range []string{"project counters", "react watcher"} {
		got := of(name, one)
		require.Equal(t, firstTrace, got.SpanContext().TraceID().String())
		require.Equal(t, "b7ad6b7169203332", got.Parent().SpanID().String())
		require.Len(t, got.Links(), 2, "each once, and none that is not kept")
		require.Equal(t, "4", attributeOf(got, "messaging.batch.message_count"))
	}

	many := log.addTraced(firstTrace+"-b7ad6b7169203334-01", secondTrace+"-b7ad6b7169203335-01")
	r.waitFor(t, "counters", many)
	got := of("project counters", many)
	require.False(t, got.Parent().IsValid())
	require.Equal(t, firstTrace, got.Links()[0].SpanContext.TraceID().String())
	require.Equal(t, secondTrace, got.Links()[1].SpanContext.TraceID().String())
}

func attributeOf(s sdktrace.ReadOnlySpan, key string) string {
	for _, a := range s.Attributes() {
		if string(a.Key) == key {
			return a.Value.String()
		}
	}
	return ""
}
