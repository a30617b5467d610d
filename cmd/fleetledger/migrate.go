package main

import (
	"context"
	"fmt"
)

type migrateCmd struct{}

// Run migrates the configured database and says so. serve does the same at its
// start; this command makes it a step of its own.
func (migrateCmd) Run(ctx context.Context, cfg *Config, c console) error {
	s, err := attachStores(ctx, cfg, quiet())
	if err != nil {
		return err
	}
	if err := s.close(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.out, "the database is up to date")
	return err
}
