package telemetry

import (
	"context"
	"strings"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
)

// QueryTracer makes a span of each statement within a span: what nobody asked for, such as
// looking for jobs, makes none. Statements are told by verb and table: those about roles
// have values in their text.
func (t *Tracing) QueryTracer() pgx.QueryTracer {
	if t == nil {
		return nil
	}
	return otelpgx.NewTracer(
		otelpgx.WithTracerProvider(t.provider),
		otelpgx.WithMeterProvider(metricnoop.NewMeterProvider()),
		otelpgx.WithQuerySpanNamePrefix(),
		otelpgx.WithDisableSQLStatementInAttributes(),
		otelpgx.WithDisableConnectionDetailsInAttributes(),
		otelpgx.WithSpanNameCtxFunc(func(ctx context.Context, statement string) string {
			return strings.TrimSpace(otelpgx.SQLOperationName(ctx, statement) + " " + table(statement))
		}),
	)
}

// table is the first that a statement names; empty where that is not plain to see.
func table(statement string) string {
	words := strings.Fields(statement)
	for i, word := range words[:max(len(words)-1, 0)] {
		switch strings.ToUpper(strings.TrimLeft(word, "(")) {
		case "FROM", "INTO", "UPDATE":
		default:
			continue
		}
		name, _, _ := strings.Cut(words[i+1], "(")
		name = strings.TrimRight(name, ",;)")
		if isName(name) {
			return name
		}
	}
	return ""
}

// isName reports whether a word is a plain name of a table, with its schema or without.
func isName(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return r != '_' && r != '.' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}) < 0
}
