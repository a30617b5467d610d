package telemetry

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"
)

// discreet sends of each span what is on the list, whatever the libraries put into it:
// paths have the tokens of mailed links and of calendars in them, statements and errors of
// the database may have values in them, and addresses of clients are personal data. Names
// of spans are made of routes, statements' verbs and tables alone.
type discreet struct {
	sdktrace.SpanExporter
}

// own begins the names of the service's own attributes: numbers, names of followers, types
// of events, codes of problems.
const own = "fleetledger."

var told = map[attribute.Key]bool{
	semconv.HTTPRequestMethodKey: true, semconv.HTTPRouteKey: true, semconv.HTTPResponseStatusCodeKey: true,
	semconv.HTTPRequestBodySizeKey: true, semconv.HTTPResponseBodySizeKey: true,
	semconv.URLSchemeKey: true, semconv.NetworkProtocolVersionKey: true,
	semconv.DBSystemNameKey: true, semconv.DBCollectionNameKey: true, semconv.DBOperationBatchSizeKey: true,
	semconv.MessagingBatchMessageCountKey: true,
	semconv.ErrorTypeKey:                  true, semconv.ExceptionTypeKey: true,
	"pgx.rows_affected": true, "pgx.sql_state": true,
}

func tells(all []attribute.KeyValue) []attribute.KeyValue {
	var left []attribute.KeyValue
	for _, a := range all {
		if told[a.Key] || strings.HasPrefix(string(a.Key), own) {
			left = append(left, a)
		}
	}
	return left
}

// ExportSpans implements sdktrace.SpanExporter.
func (d discreet) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	left := make([]sdktrace.ReadOnlySpan, len(spans))
	for i, s := range spans {
		left[i] = discreetSpan{s}
	}
	return d.SpanExporter.ExportSpans(ctx, left)
}

type discreetSpan struct {
	sdktrace.ReadOnlySpan
}

func (s discreetSpan) Attributes() []attribute.KeyValue { return tells(s.ReadOnlySpan.Attributes()) }

// Events are those of the span; an error's is its type.
func (s discreetSpan) Events() []sdktrace.Event {
	events := make([]sdktrace.Event, 0, len(s.ReadOnlySpan.Events()))
	for _, e := range s.ReadOnlySpan.Events() {
		e.Attributes = tells(e.Attributes)
		events = append(events, e)
	}
	return events
}

func (s discreetSpan) Links() []sdktrace.Link {
	links := make([]sdktrace.Link, 0, len(s.ReadOnlySpan.Links()))
	for _, l := range s.ReadOnlySpan.Links() {
		l.Attributes = tells(l.Attributes)
		links = append(links, l)
	}
	return links
}

// Status is without its words, which are an error's.
func (s discreetSpan) Status() sdktrace.Status {
	return sdktrace.Status{Code: s.ReadOnlySpan.Status().Code}
}
