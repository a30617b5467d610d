package main

import (
	"log/slog"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// Of the memory of the machine, or of the control group that the process is in, this
// much is for the process: the private PostgreSQL has memory of its own.
const (
	memoryBesidePostgres = 0.5
	memoryAlone          = 0.8
)

// limitMemory has the garbage collector work harder before the memory runs out, unless
// GOMEMLIMIT says how much there is.
func limitMemory(c *Config, logger *slog.Logger) {
	share := memoryAlone
	if c.DatabaseURL == "" {
		share = memoryBesidePostgres
	}
	limit, err := memlimit.SetGoMemLimitWithOpts(memlimit.WithRatio(share), memlimit.WithLogger(quiet()),
		memlimit.WithProvider(memlimit.ApplyFallback(memlimit.FromCgroup, memlimit.FromSystem)))
	switch {
	case err != nil:
		logger.Warn("how much memory there is cannot be found out; GOMEMLIMIT can say it", "error", err)
	case limit > 0:
		logger.Debug("memory limit", "bytes", limit)
	}
}
