package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/projections"
)

type projectionsCmd struct {
	Status   projectionsStatusCmd   `cmd:"" help:"How far each read model and reaction is."`
	Rebuild  projectionsRebuildCmd  `cmd:"" help:"Fill a read model anew beside the live one, then swap. One that was interrupted goes on where it was."`
	Rollback projectionsRollbackCmd `cmd:"" help:"Go back to the rows that the last rebuild replaced, caught up; a second one undoes it."`
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
			return json.NewEncoder(c.out).Encode(statusItems(all))
		}
		w := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "NAME\tVERSION\tSTATE\tPOSITION\tEVENTS\tBEHIND\tLAG\tSIZE\tERROR")
		for _, s := range all {
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%d\t%d\t%s\t%s\t%s\n",
				s.Name, s.Version, s.State, s.Position, s.Events, s.Behind, s.Lag.Round(time.Millisecond), megabytes(s), errorOf(s))
		}
		return w.Flush()
	})
}

// megabytes is the size of a read model; reactions have none.
func megabytes(s projections.Status) string {
	if s.Reaction {
		return "-"
	}
	return fmt.Sprintf("%.1f MB", float64(s.Size)/1e6)
}

// errorOf is what is wrong, or was.
func errorOf(s projections.Status) string {
	if s.Error != "" || s.LastError == "" {
		return s.Error
	}
	return "was, at " + s.LastErrorAt.UTC().Format(time.RFC3339) + ": " + s.LastError
}

// statusItem is a follower of the log as JSON, with the names of /v1/projections.
type statusItem struct {
	Name        string     `json:"name"`
	Version     int        `json:"version"`
	State       string     `json:"state"`
	Position    string     `json:"position"`
	Events      int64      `json:"events"`
	LagEvents   int        `json:"lagEvents"`
	LagSeconds  float64    `json:"lagSeconds"`
	UpdatedAt   *time.Time `json:"updatedAt"`
	Error       string     `json:"error,omitempty"`
	LastError   string     `json:"lastError,omitempty"`
	LastErrorAt *time.Time `json:"lastErrorAt,omitempty"`
	SizeBytes   int64      `json:"sizeBytes"`
}

func statusItems(all []projections.Status) []statusItem {
	at := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		return new(t.UTC())
	}
	items := make([]statusItem, len(all))
	for i, s := range all {
		items[i] = statusItem{
			Name: s.Name, Version: s.Version, State: string(s.State), Position: s.Position.String(), Events: s.Events,
			LagEvents: s.Behind, LagSeconds: s.Lag.Seconds(), UpdatedAt: at(s.Updated), Error: s.Error,
			LastError: s.LastError, LastErrorAt: at(s.LastErrorAt), SizeBytes: s.Size,
		}
	}
	return items
}

type projectionsRebuildCmd struct {
	Name string `arg:"" optional:"" help:"Which one; default: all, one after the other."`
}

// Run rebuilds and says how it is getting on. Where the log was set back, by a restore
// that took no new epoch, or is a copy of the one before, it takes one: what clients hold
// on to since is refused.
func (p projectionsRebuildCmd) Run(ctx context.Context, cfg *Config, c console) error {
	return withEngine(ctx, cfg, func(e *engine) error {
		others, err := p.begin(ctx, e, c)
		if err != nil {
			return err
		}
		names := []string{p.Name}
		if p.Name == "" {
			names = append(e.runner.Names(), others...)
			slices.Sort(names)
			names = slices.Compact(names)
		}
		for _, name := range names {
			if err := rebuild(ctx, e.runner, name, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// begin names the followers that are of a lost future or of another log. All are looked
// at before anything is changed: whoever rebuilds one by name knows why.
func (p projectionsRebuildCmd) begin(ctx context.Context, e *engine, c console) ([]string, error) {
	foreign, err := e.runner.Foreign(ctx)
	if err != nil {
		return nil, err
	}
	if len(foreign) > 0 && p.Name == "" {
		if err := e.runner.CheckMoved(ctx); err != nil {
			return nil, err
		}
	}
	lost, err := e.runner.Lost(ctx)
	if err != nil || len(foreign)+len(lost) == 0 {
		return nil, err
	}
	epoch, err := eventlog.TakeNewEpoch(ctx, e.log, e.clock)
	if err != nil {
		return nil, err
	}
	what := "the log was set back"
	if len(foreign) > 0 {
		what = "the log is another one than before"
	}
	fmt.Fprintf(c.out, "%s; its new epoch is %s: start all running instances again\n", what, epoch)
	return append(foreign, lost...), nil
}

// rebuild says how it is getting on, a line a second at the most. A reaction has
// nothing to rebuild: one of a lost future is set back, one of another log goes on in
// the copy behind what it has handled.
func rebuild(ctx context.Context, runner *projections.Runner, name string, c console) error {
	if runner.Reaction(name) {
		at, err := runner.SetBack(ctx, name)
		if err == nil {
			fmt.Fprintf(c.out, "%s: goes on after position %s\n", name, at)
		}
		return err
	}
	return runner.Rebuild(ctx, name, tell(c))
}

type projectionsRollbackCmd struct {
	Name string `arg:"" help:"Which read model."`
}

// Run goes back and says how it is getting on.
func (p projectionsRollbackCmd) Run(ctx context.Context, cfg *Config, c console) error {
	return withEngine(ctx, cfg, func(e *engine) error {
		return e.runner.Rollback(ctx, p.Name, tell(c))
	})
}

// tell prints how a rebuild or a rollback is getting on, a line a second at the most.
func tell(c console) func(projections.Progress) {
	var step string
	var told time.Time
	return func(at projections.Progress) {
		if at.Step == step && time.Since(told) < time.Second {
			return
		}
		step, told = at.Step, time.Now()
		line := fmt.Sprintf("%s: %s, %d events, position %s, %s", at.Projection, at.Step, at.Events, at.Position, at.Elapsed.Round(time.Millisecond))
		if at.Rate > 0 {
			line += fmt.Sprintf(", %.0f events/s", at.Rate)
		}
		if at.Left > 0 {
			line += fmt.Sprintf(", about %s left", at.Left.Round(time.Second))
		}
		fmt.Fprintln(c.out, line)
	}
}
