package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"text/tabwriter"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type benchCmd struct {
	Seconds int    `help:"How long each rate is measured." default:"3"`
	Devices int    `help:"Devices registered over HTTP, 1,000 in a request." default:"10000"`
	JSON    bool   `name:"json" help:"Print the rows as JSON: {machine, rows: [{id, what, value, unit, limit, limitWhat, ratio}]}."`
	Keep    string `help:"Run in this empty folder and keep it; default: a temporary one."`
	Profile string `help:"Write a CPU profile of each step to this folder."`
}

// figure is a row of the table: what was measured, and the limit taken in the same run
// that it stands against; a zero limit is none.
type figure struct {
	ID        string  `json:"id"`
	What      string  `json:"what"`
	Value     float64 `json:"value"`
	Unit      string  `json:"unit"`
	Limit     float64 `json:"limit,omitzero"`
	LimitWhat string  `json:"limitWhat,omitempty"`
	Ratio     float64 `json:"ratio,omitzero"` // value to limit
}

// machine is the card of what was measured on.
type machine struct {
	OS         string `json:"os"`
	Arch       string `json:"arch"`
	Processors int    `json:"processors"`
	Go         string `json:"go"`
	PostgreSQL string `json:"postgresql"`
}

// Run measures in a data folder of its own, so nothing of a service is touched, and
// prints a table. Absolute numbers are this machine's; the ratios travel.
func (b benchCmd) Run(ctx context.Context, c *Config, con console) (err error) {
	if b.Seconds < 1 || b.Devices < 1 {
		return errors.New("--seconds and --devices must be positive")
	}
	dir := b.Keep
	if dir == "" {
		if dir, err = os.MkdirTemp("", "fleetledger-bench-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	own := *c
	own.DataDir, own.NodeAddr = dir, ""
	bench := &benchRun{benchCmd: b, console: con, config: &own}
	if err := bench.measure(ctx); err != nil {
		return err
	}
	if b.JSON {
		encoder := json.NewEncoder(con.out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(map[string]any{"machine": bench.machine, "rows": bench.table})
	}
	w := tabwriter.NewWriter(con.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "ROW\tWHAT\tMEASURED\tLIMIT IN THE SAME RUN\tRATIO")
	for _, f := range bench.table {
		limit, ratio := "", ""
		if f.Limit > 0 {
			limit, ratio = fmt.Sprintf("%.4g %s: %s", f.Limit, f.Unit, f.LimitWhat), fmt.Sprintf("%.2f", f.Ratio)
		}
		fmt.Fprintf(w, "%s\t%s\t%.4g %s\t%s\t%s\n", f.ID, f.What, f.Value, f.Unit, limit, ratio)
	}
	return w.Flush()
}

// benchRun is one run of the measurements.
type benchRun struct {
	benchCmd
	console console
	config  *Config
	machine machine
	table   []figure
	floor   map[int]float64 // appends a second of a careful hand-written store, by callers
	appends map[int]float64
	http    *benchClient
	*engine
}

func (b *benchRun) measure(ctx context.Context) error {
	var took [2]time.Duration
	for i := range took {
		begun := time.Now()
		if err := b.start(ctx); err != nil {
			return err
		}
		if took[i] = time.Since(begun); i == 0 {
			if err := b.close(ctx); err != nil {
				return err
			}
		}
	}
	b.add(figure{ID: "start", What: "start on an existing folder", Value: took[1].Seconds(), Unit: "s", Limit: took[0].Seconds(), LimitWhat: "the first start"})
	b.machine = machine{OS: runtime.GOOS, Arch: runtime.GOARCH, Processors: runtime.GOMAXPROCS(0), Go: runtime.Version()}
	if err := b.pool.QueryRow(ctx, "SHOW server_version").Scan(&b.machine.PostgreSQL); err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- b.runner.Run(running) }()
	err := b.rates(ctx)
	stop()
	return errors.Join(err, <-ended, b.close(context.WithoutCancel(ctx)))
}

// start opens everything a serve opens.
func (b *benchRun) start(ctx context.Context) error {
	s, err := openStores(ctx, b.config, quiet(), prometheus.NewRegistry())
	if err != nil {
		return err
	}
	if b.engine, err = newEngine(ctx, b.config, s, quiet(), prometheus.NewRegistry()); err != nil {
		return err
	}
	return b.runner.Prepare(ctx)
}

func (b *benchRun) rates(ctx context.Context) error {
	for _, step := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"appending", b.appending}, {"serving", b.serving}, {"registration", b.registration}, {"renaming", b.renaming},
		{"visibility", b.visibility}, {"reading", b.reading}, {"projecting", b.projecting},
	} {
		if err := b.profiled(ctx, step.name, step.run); err != nil {
			return err
		}
	}
	return nil
}

// profiled runs a step, and has its CPU profile written where that is wished for.
func (b *benchRun) profiled(ctx context.Context, name string, step func(context.Context) error) error {
	if b.Profile == "" {
		return step(ctx)
	}
	file, err := os.Create(filepath.Join(b.Profile, name+".pprof"))
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return errors.Join(err, file.Close())
	}
	err = step(ctx)
	pprof.StopCPUProfile()
	return errors.Join(err, file.Close())
}

// add keeps a row and shows at once that work goes on.
func (b *benchRun) add(f figure) {
	if f.Limit > 0 {
		f.Ratio = f.Value / f.Limit
	}
	b.table = append(b.table, f)
	fmt.Fprintf(b.console.err, "measured: %s %.4g %s\n", f.ID, f.Value, f.Unit)
}
