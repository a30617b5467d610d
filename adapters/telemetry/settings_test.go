package telemetry

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func environment(lines ...string) func(string) string {
	values := map[string]string{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, "=")
		values[name] = value
	}
	return func(name string) string { return values[name] }
}

// There are no traces unless somebody asks for them.
func TestAsked(t *testing.T) {
	t.Parallel()
	for lines, want := range map[string]bool{
		"": false,
		"OTEL_SERVICE_NAME=fleet OTEL_TRACES_SAMPLER=always_on":                     false,
		"OTEL_TRACES_EXPORTER=none OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4318":       false,
		"OTEL_TRACES_EXPORTER=otlp OTEL_SDK_DISABLED=TRUE":                          false,
		"OTEL_TRACES_EXPORTER=otlp":                                                 true,
		"OTEL_TRACES_EXPORTER=console OTEL_SDK_DISABLED=false":                      true,
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4318":                                 true,
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://c:4318/v1/traces OTEL_UNKNOWN=x": true,
	} {
		require.Equal(t, want, asked(environment(strings.Fields(lines)...)), lines)
	}
}

// A wrong value is told with its variable, all at once, and what may be secret is not
// repeated.
func TestCheck(t *testing.T) {
	t.Parallel()
	require.NoError(t, check(t.Context(), environment()))
	require.NoError(t, check(t.Context(), environment(
		"OTEL_TRACES_EXPORTER=otlp", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "OTEL_EXPORTER_OTLP_ENDPOINT=https://c:4317", "OTEL_TRACES_SAMPLER=parentbased_traceidratio",
		"OTEL_TRACES_SAMPLER_ARG=0.25", "OTEL_PROPAGATORS=tracecontext,baggage,b3")))
	for line, want := range map[string]string{
		"OTEL_TRACES_EXPORTER=zipkin":                                                  `OTEL_TRACES_EXPORTER: "zipkin" is not one of otlp, console, none`,
		"OTEL_EXPORTER_OTLP_PROTOCOL=http/json":                                        `OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" is not one of http/protobuf, grpc`,
		"OTEL_EXPORTER_OTLP_ENDPOINT=collector:4318":                                   `OTEL_EXPORTER_OTLP_ENDPOINT: is not a URL such as http://collector:4318`,
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=ftp://u:sesame@c":                          `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: is not a URL such as http://collector:4318`,
		"OTEL_TRACES_SAMPLER=sometimes":                                                `OTEL_TRACES_SAMPLER: "sometimes" is not one of `,
		"OTEL_TRACES_SAMPLER=traceidratio\nOTEL_TRACES_SAMPLER_ARG=2":                  `OTEL_TRACES_SAMPLER_ARG: "2" is not a number from 0 to 1`,
		"OTEL_TRACES_SAMPLER=traceidratio\nOTEL_TRACES_SAMPLER_ARG=half":               `OTEL_TRACES_SAMPLER_ARG: "half" is not a number from 0 to 1`,
		"OTEL_BSP_MAX_QUEUE_SIZE=lots":                                                 `OTEL_BSP_MAX_QUEUE_SIZE: "lots" is not a number above 0`,
		"OTEL_SDK_DISABLED=yes":                                                        `OTEL_SDK_DISABLED: "yes" is not one of true, false`,
		"OTEL_PROPAGATORS=pigeon":                                                      `OTEL_PROPAGATORS: unknown propagator`,
		"OTEL_TRACES_EXPORTER=zipkin\nOTEL_EXPORTER_OTLP_TRACES_PROTOCOL=smoke signal": `OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "smoke signal"`,
	} {
		err := check(t.Context(), environment(strings.Split(line, "\n")...))
		require.ErrorContains(t, err, want, line)
		require.NotContains(t, err.Error(), "sesame")
	}
}

// With a wrong value there is one line and no tracing; the methods of none give none.
func TestNone(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	for _, line := range []string{"", "OTEL_TRACES_EXPORTER=zipkin"} {
		none := Start(t.Context(), "test", environment(line), logger)
		require.Nil(t, none)
		require.True(t, none.Tracer("x") == nil && none.Provider() == nil && none.Propagator() == nil && none.QueryTracer() == nil)
		require.Same(t, logger, none.Logger(logger))
		require.NoError(t, none.Stop(t.Context()))
	}
	require.Equal(t, 1, strings.Count(log.String(), "\n"), log.String())
	require.Contains(t, log.String(), "there are no traces")
}
