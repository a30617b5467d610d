package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type benchCmd struct {
	Seconds int    `help:"How long each rate is measured." default:"3"`
	Devices int    `help:"Devices registered, in one request." default:"1000"`
	Keep    string `help:"Run in this empty folder and keep it; default: a temporary one."`
}

// figure is a row of the table: what was measured, and the limit taken in the
// same run that it stands against.
type figure struct {
	name  string
	value string
	limit string
	ratio float64 // value to limit; 0: there is none
}

// Run measures in a data folder of its own, so nothing of a service is touched,
// and prints a table. Absolute numbers are this machine's; the ratios travel.
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
	w := tabwriter.NewWriter(con.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "WHAT\tMEASURED\tLIMIT IN THE SAME RUN\tRATIO")
	for _, f := range bench.table {
		ratio := ""
		if f.ratio > 0 {
			ratio = fmt.Sprintf("%.2f", f.ratio)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", f.name, f.value, f.limit, ratio)
	}
	return w.Flush()
}

// benchRun is one run of the measurements.
type benchRun struct {
	benchCmd
	console console
	config  *Config
	table   []figure
	*engine
}

func (b *benchRun) measure(ctx context.Context) error {
	for _, start := range []string{"first start", "start on an existing folder"} {
		begun := time.Now()
		if err := b.start(ctx); err != nil {
			return err
		}
		b.add(figure{name: start, value: time.Since(begun).Round(time.Millisecond).String()})
		if start == "first start" {
			if err := b.close(ctx); err != nil {
				return err
			}
		}
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
	for _, step := range []func(context.Context) error{b.appends, b.registration, b.visibility, b.projecting} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// add keeps a row and shows at once that work goes on.
func (b *benchRun) add(f figure) {
	b.table = append(b.table, f)
	fmt.Fprintf(b.console.err, "measured: %s %s\n", f.name, f.value)
}
