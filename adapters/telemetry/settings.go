package telemetry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/contrib/propagators/autoprop"
	"go.opentelemetry.io/otel/sdk/resource"
)

// The variables that are looked at here; the SDK reads them again, and the others.
const (
	disabled       = "OTEL_SDK_DISABLED"
	tracesExporter = "OTEL_TRACES_EXPORTER"
	endpoint       = "OTEL_EXPORTER_OTLP_ENDPOINT"
	tracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	protocol       = "OTEL_EXPORTER_OTLP_PROTOCOL"
	tracesProtocol = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"
	sampler        = "OTEL_TRACES_SAMPLER"
	samplerArg     = "OTEL_TRACES_SAMPLER_ARG"
	propagators    = "OTEL_PROPAGATORS"
	attributes     = "OTEL_RESOURCE_ATTRIBUTES"
)

// numbers are variables that the SDK passes over in silence when they are none.
var numbers = []string{
	"OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
	"OTEL_BSP_SCHEDULE_DELAY", "OTEL_BSP_EXPORT_TIMEOUT", "OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
}

// asked reports whether the environment asks for traces: by an exporter, or by where they
// should go. The standard's default is an exporter; here it is none.
func asked(getenv func(string) string) bool {
	if strings.EqualFold(getenv(disabled), "true") {
		return false
	}
	exporter := getenv(tracesExporter)
	if exporter == "" {
		return getenv(endpoint) != "" || getenv(tracesEndpoint) != ""
	}
	return exporter != "none"
}

// check finds everything that is wrong, each with its variable. An endpoint is never
// repeated: it may hold a password.
func check(ctx context.Context, getenv func(string) string) error {
	var wrong []string
	refuse := func(variable, format string, args ...any) {
		wrong = append(wrong, variable+": "+fmt.Sprintf(format, args...))
	}
	oneOf := func(variable string, known ...string) {
		if value := getenv(variable); value != "" && !slices.Contains(known, strings.ToLower(value)) {
			refuse(variable, "%q is not one of %s", value, strings.Join(known, ", "))
		}
	}
	oneOf(disabled, "true", "false")
	oneOf(tracesExporter, "otlp", "console", "none")
	oneOf(protocol, "http/protobuf", "grpc")
	oneOf(tracesProtocol, "http/protobuf", "grpc")
	for _, variable := range []string{endpoint, tracesEndpoint} {
		if value := getenv(variable); value != "" && !isAddress(value) {
			refuse(variable, "is not a URL such as http://collector:4318")
		}
	}
	oneOf(sampler, "always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio")
	if share, err := strconv.ParseFloat(cmp.Or(getenv(samplerArg), "1"), 64); strings.HasSuffix(getenv(sampler), "traceidratio") && !(err == nil && share >= 0 && share <= 1) {
		refuse(samplerArg, "%q is not a number from 0 to 1", getenv(samplerArg))
	}
	for _, variable := range numbers {
		if n, err := strconv.Atoi(cmp.Or(getenv(variable), "1")); err != nil || n < 1 {
			refuse(variable, "%q is not a number above 0", getenv(variable))
		}
	}
	if names := getenv(propagators); names != "" {
		if _, err := autoprop.TextMapPropagator(strings.Split(names, ",")...); err != nil {
			refuse(propagators, "%v", err)
		}
	}
	if _, err := resource.New(ctx, resource.WithFromEnv()); err != nil {
		refuse(attributes, "%v", err)
	}
	if len(wrong) == 0 {
		return nil
	}
	return errors.New(strings.Join(wrong, "; "))
}

func isAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
