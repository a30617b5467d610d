package telemetry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
)

// recording gives traces, and what was sent of them.
func recording(t *testing.T) (*Tracing, func() tracetest.SpanStubs) {
	t.Helper()
	exporter := tracetest.NewInMemoryExporter()
	tracing := New(exporter, propagation.TraceContext{})
	t.Cleanup(func() { require.NoError(t, tracing.Stop(context.WithoutCancel(t.Context()))) })
	return tracing, func() tracetest.SpanStubs {
		require.NoError(t, tracing.provider.ForceFlush(t.Context()))
		return exporter.GetSpans()
	}
}

const secret = "sesame@desk.example"

// Whatever a library puts into a span, only what is on the list is sent.
func TestWhatIsNotOnTheListIsNotSent(t *testing.T) {
	t.Parallel()
	tracing, sent := recording(t)
	_, other := tracing.Tracer("test").Start(t.Context(), "other")
	_, span := tracing.Tracer("test").Start(t.Context(), "GET /activate/{token}", trace.WithAttributes(
		attribute.String("url.path", "/activate/"+secret), attribute.String("url.full", secret), attribute.String("user_agent.original", secret),
		attribute.String("client.address", secret), attribute.String("db.query.text", secret), attribute.String("http.route", "/activate/{token}"),
		attribute.Int("fleetledger.events", 3),
	))
	span.AddLink(trace.Link{SpanContext: other.SpanContext(), Attributes: []attribute.KeyValue{attribute.String("why", secret)}})
	span.AddEvent("happened", trace.WithAttributes(attribute.String("what", secret)))
	span.RecordError(errors.New(secret), trace.WithStackTrace(true))
	span.SetStatus(codes.Error, secret)
	span.End()

	got := sent()
	require.Len(t, got, 1)
	require.NotContains(t, fmt.Sprintf("%+v", got), secret)
	require.Equal(t, []attribute.KeyValue{attribute.String("http.route", "/activate/{token}"), attribute.Int("fleetledger.events", 3)}, got[0].Attributes)
	require.Equal(t, codes.Error, got[0].Status.Code)
	require.Len(t, got[0].Links, 1)
	require.Len(t, got[0].Events, 2)
	require.Equal(t, []attribute.KeyValue{attribute.String("exception.type", "*errors.errorString")}, got[0].Events[1].Attributes)
}

// Statements are spans of whoever asks, with verb and table, and nothing of the values.
func TestStatements(t *testing.T) {
	t.Parallel()
	tracing, sent := recording(t)
	pool, err := postgres.Open(t.Context(), pgtest.URL(t), postgres.Options{Tracer: tracing.QueryTracer()})
	require.NoError(t, err)
	defer pool.Close()
	_, err = pool.Exec(t.Context(), `SELECT 'nobody asks'`)
	require.NoError(t, err)
	require.Empty(t, sent())

	ctx, span := tracing.Tracer("test").Start(t.Context(), "request")
	_, err = pool.Exec(ctx, `SELECT `+`'`+secret+`', name FROM pg_catalog.pg_timezone_names WHERE name = $1`, secret)
	require.NoError(t, err)
	_, err = pool.Exec(ctx, `SELECT $1::text::int`, secret)
	require.ErrorContains(t, err, secret, "the error itself tells the value")
	span.End()

	got := sent()
	require.NotContains(t, fmt.Sprintf("%+v", got), secret)
	names := map[string]tracetest.SpanStub{}
	for _, s := range got {
		names[s.Name] = s
	}
	require.Contains(t, names, "query SELECT pg_catalog.pg_timezone_names")
	require.Equal(t, span.SpanContext().SpanID(), names["query SELECT pg_catalog.pg_timezone_names"].Parent.SpanID())
	failed := names["query SELECT"]
	require.Equal(t, codes.Error, failed.Status.Code)
	require.Contains(t, failed.Attributes, attribute.String("pgx.sql_state", "22P02"))
}

func TestTable(t *testing.T) {
	t.Parallel()
	for statement, want := range map[string]string{
		"SELECT 1":                                     "",
		"select a from devices where x":                "devices",
		"INSERT INTO ops.tokens(id) VALUES ($1)":       "ops.tokens",
		"UPDATE projector_checkpoint SET x":            "projector_checkpoint",
		"SELECT x FROM (SELECT y FROM inner_one) z":    "inner_one",
		"CREATE ROLE ann LOGIN PASSWORD 'from sesam'":  "",
		"WITH moved AS (UPDATE checkpoints SET a = 1)": "checkpoints",
		"DELETE FROM":                 "",
		`SELECT x FROM "Mixed", next`: "",
	} {
		require.Equal(t, want, table(statement), statement)
	}
}

// Lines logged within a span say which.
func TestLogger(t *testing.T) {
	t.Parallel()
	tracing, _ := recording(t)
	var log bytes.Buffer
	logger := tracing.Logger(slog.New(slog.NewTextHandler(&log, nil))).With("a", 1).WithGroup("g")
	logger.InfoContext(t.Context(), "outside")
	require.NotContains(t, log.String(), "traceId")
	ctx, span := tracing.Tracer("test").Start(t.Context(), "request")
	defer span.End()
	logger.InfoContext(ctx, "inside")
	require.Contains(t, log.String(), "traceId="+span.SpanContext().TraceID().String()+" g.spanId="+span.SpanContext().SpanID().String())
}
