package telemetry

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
)

// Logger gives lines that are logged within a span its ids, traceId and spanId.
func (t *Tracing) Logger(l *slog.Logger) *slog.Logger {
	if t == nil {
		return l
	}
	return slog.New(placed{l.Handler()})
}

// placed says of each line where in a trace it belongs.
type placed struct {
	slog.Handler
}

// Handle implements slog.Handler.
func (h placed) Handle(ctx context.Context, r slog.Record) error {
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		at := span.SpanContext()
		r = r.Clone()
		r.AddAttrs(slog.String("traceId", at.TraceID().String()), slog.String("spanId", at.SpanID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h placed) WithAttrs(attrs []slog.Attr) slog.Handler {
	return placed{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h placed) WithGroup(name string) slog.Handler { return placed{h.Handler.WithGroup(name)} }
