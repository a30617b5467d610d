package main

import (
	"context"
	"fmt"
)

type migrateCmd struct {
	Finish bool `help:"No instance of a version before runs any more, and none is gone back to: they are kept off, and what was done for them is left. Start the instances again afterwards, one after the other."`
}

// Run migrates the configured database and says so. serve does the same at its
// start; this command makes it a step of its own.
func (m migrateCmd) Run(ctx context.Context, cfg *Config, c console) error {
	if m.Finish {
		if err := withEngine(ctx, cfg, func(e *engine) error { return finishUpgrade(ctx, e) }); err != nil {
			return err
		}
		_, err := fmt.Fprintln(c.out, "programs of versions before are kept off; start the instances again, one after the other")
		return err
	}
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
