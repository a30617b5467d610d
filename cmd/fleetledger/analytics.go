package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/adapters/parquetfiles"
	"github.com/fleetledger/fleetledger/projections/fleet"
)

type analyticsCmd struct {
	Export analyticsExportCmd `cmd:"" help:"Write what analysts read as files, for DuckDB, pandas and the like."`
}

type analyticsExportCmd struct {
	Parquet string `help:"The folder: it is made, or empty. A file of Apache Parquet for each view, and last manifest.json, with the position of the log that all are of." placeholder:"DIR" required:""`
}

// Validate is called by the command line's parser.
func (a analyticsExportCmd) Validate() error {
	if a.Parquet == "" {
		return errors.New("--parquet: name a folder")
	}
	return nil
}

// Run writes the files.
func (a analyticsExportCmd) Run(ctx context.Context, cfg *Config, c console) error {
	return withEngine(ctx, cfg, func(e *engine) error {
		position := func(ctx context.Context, tx pgx.Tx) (string, error) {
			at, err := e.runner.PositionIn(ctx, tx, fleet.Name)
			return e.identity.Epoch.Position(at), err
		}
		views, err := e.runner.ViewsOf(fleet.Name)
		if err != nil {
			return err
		}
		m, err := parquetfiles.Export(ctx, e.pool, fleet.AnalyticsSchema, views, a.Parquet, position, func(f parquetfiles.File) {
			fmt.Fprintf(c.err, "%s: %d rows\n", f.View, f.Rows)
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%s: %d files at position %s\n", a.Parquet, len(m.Files), m.Position)
		return nil
	})
}
