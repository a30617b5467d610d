package main

import (
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/fleetledger/fleetledger/projections"
)

type projectionsCmd struct {
	Status  projectionsStatusCmd  `cmd:"" help:"How far each read model and reaction is."`
	Rebuild projectionsRebuildCmd `cmd:"" help:"Fill a read model anew beside the live one, then swap."`
}

type projectionsStatusCmd struct {
	JSON bool `help:"As JSON." name:"json"`
}

// Run prints a line per follower of the log.
func (p projectionsStatusCmd) Run(ctx context.Context, cfg *Config, c console) error {
	return withEngine(ctx, cfg, func(e *engine) error {
		all, err := e.runner.Status(ctx)
		if err != nil {
			return err
		}
		if p.JSON {
			return json.NewEncoder(c.out).Encode(all)
		}
		w := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "NAME\tVERSION\tSTATE\tPOSITION\tEVENTS\tBEHIND\tLAG\tERROR")
		for _, s := range all {
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%d\t%d\t%s\t%s\n",
				s.Name, s.Version, s.State, s.Position, s.Events, s.Behind, s.Lag.Round(time.Millisecond), s.Error)
		}
		return w.Flush()
	})
}

type projectionsRebuildCmd struct {
	Name string `arg:"" optional:"" help:"Which one; default: all, one after the other."`
}

// Run rebuilds and says how it is getting on, a line a second at the most.
func (p projectionsRebuildCmd) Run(ctx context.Context, cfg *Config, c console) error {
	return withEngine(ctx, cfg, func(e *engine) error {
		names := []string{p.Name}
		if p.Name == "" {
			names = e.runner.Names()
		}
		for _, name := range names {
			var step string
			var told time.Time
			err := e.runner.Rebuild(ctx, name, func(at projections.Progress) {
				if at.Step == step && time.Since(told) < time.Second {
					return
				}
				step, told = at.Step, time.Now()
				fmt.Fprintf(c.out, "%s: %s, %d events, position %s, %s\n",
					at.Projection, at.Step, at.Events, at.Position, at.Elapsed.Round(time.Millisecond))
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
