package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/fleetledger/fleetledger/adapters/telemetry"
	"github.com/fleetledger/fleetledger/api"
)

// tracesPatience is how long the last traces have to get away. It is there beside the
// patience with the stores, not after it.
const tracesPatience = 2 * time.Second

// startTracing begins what the standard's variables ask for. It gives the logger whose
// lines belong to traces, and what sends the last ones.
func startTracing(ctx context.Context, c *Config, logger *slog.Logger) (placed *slog.Logger, stop func()) {
	c.tracing = telemetry.Start(ctx, version, os.Getenv, logger)
	return c.tracing.Logger(logger), func() {
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), tracesPatience)
		defer cancel()
		if err := c.tracing.Stop(patience); err != nil {
			logger.WarnContext(ctx, "the last traces were not sent", "error", err)
		}
	}
}

// tracedRequests is what the edge needs to trace them, nil where nobody asks for it.
func (c *Config) tracedRequests() *api.Tracing {
	if c.tracing == nil {
		return nil
	}
	return &api.Tracing{Provider: c.tracing.Provider(), Propagator: c.tracing.Propagator()}
}
