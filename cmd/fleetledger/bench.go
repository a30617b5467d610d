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
	"golang.org/x/sync/errgroup"
)

type benchCmd struct {
	Seconds    int    `help:"How long each rate is measured." default:"3"`
	Devices    int    `help:"Devices of the log that is read and followed, recorded without a command. The figures that are told of a million want --devices 1000000, which takes an hour." default:"100000"`
	Customers  int    `help:"Customers that have them, made by commands; 0: one for a hundred devices." default:"0"`
	Registered int    `help:"Devices registered over HTTP, 1,000 in a request." default:"5000"`
	JSON       bool   `name:"json" help:"Print the rows as JSON: {machine, rows: [{id, what, value, unit, limit, limitWhat, ratio}]}."`
	Keep       string `help:"Run in this empty folder and keep it; default: a temporary one."`
	Profile    string `help:"Write a CPU profile of each step to this folder."`
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
	if b.Seconds < 1 || b.Devices < 1 || b.Registered < 1 || b.Customers < 0 {
		return errors.New("--seconds, --devices and --registered must be positive")
	}
	if b.Customers == 0 {
		b.Customers = max(1, b.Devices/100)
	}
	dir := b.Keep
	if dir == "" {
		if dir, err = os.MkdirTemp("", "fleetledger-bench-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	if b.Profile != "" {
		if err := os.MkdirAll(b.Profile, 0o750); err != nil {
			return err
		}
	}
	own := *c
	own.DataDir, own.NodeAddr, own.MailsPerAccount = dir, "", max(own.MailsPerAccount, 2*b.Customers)
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
	seeded  seeded
	small   smaller
	*engine
}

// smaller is what was measured with a tenth of the devices.
type smaller struct {
	devices, events int
	bytes, disk     int64
	page            float64 // ms
	memory          float64 // bytes
}

// measure goes through all rows. Appends come first: the limits beside them have nothing
// that follows them either.
func (b *benchRun) measure(ctx context.Context) error {
	empty, err := b.start(ctx)
	if err != nil {
		return err
	}
	b.machine = machine{OS: runtime.GOOS, Arch: runtime.GOARCH, Processors: runtime.GOMAXPROCS(0), Go: runtime.Version()}
	err = b.pool.QueryRow(ctx, "SHOW server_version").Scan(&b.machine.PostgreSQL)
	if err == nil {
		err = b.steps(ctx, step{"appending", b.appending}, step{"customers", b.customers}, step{"seeding", b.seedSmaller})
	}
	if err == nil {
		err = b.following(ctx, step{"smaller", b.measureSmaller})
	}
	if err == nil {
		err = b.steps(ctx, step{"seeding", b.seedRest})
	}
	if err == nil {
		err = b.following(ctx,
			step{"live", b.live}, step{"page", b.page}, step{"reading", b.reading}, step{"asof", b.asOf}, step{"disk", b.disk},
			step{"registration", b.registration}, step{"renaming", b.renaming}, step{"visibility", b.visibility}, step{"rebuilds", b.rebuilds})
	}
	if err := errors.Join(err, b.close(context.WithoutCancel(ctx))); err != nil {
		return err
	}
	again, err := b.start(ctx)
	if err != nil {
		return err
	}
	b.add(figure{
		ID: "start", What: fmt.Sprintf("start with %d devices", b.Devices+b.Registered), Value: again.Seconds(), Unit: "s",
		Limit: empty.Seconds(), LimitWhat: "start in an empty folder",
	})
	return b.close(context.WithoutCancel(ctx))
}

// start opens everything a serve opens, and tells how long that took.
func (b *benchRun) start(ctx context.Context) (time.Duration, error) {
	begun := time.Now()
	s, err := openStores(ctx, b.config, quiet(), prometheus.NewRegistry())
	if err != nil {
		return 0, err
	}
	if b.engine, err = newEngine(ctx, b.config, s, quiet(), prometheus.NewRegistry()); err != nil {
		return 0, err
	}
	return time.Since(begun), b.runner.Prepare(ctx)
}

// following runs steps while the read models follow the log and the edge serves.
func (b *benchRun) following(ctx context.Context, all ...step) error {
	running, stop := context.WithCancel(ctx)
	defer stop()
	if err := b.serving(running); err != nil {
		return err
	}
	var following errgroup.Group
	following.Go(func() error { return b.runner.Run(running) })
	err := b.steps(ctx, all...)
	stop()
	return errors.Join(err, following.Wait())
}

// step is a part of the measurements.
type step struct {
	name string
	run  func(context.Context) error
}

func (b *benchRun) steps(ctx context.Context, all ...step) error {
	for _, s := range all {
		begun := time.Now()
		if err := b.profiled(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		fmt.Fprintf(b.console.err, "%s: %.1f s\n", s.name, time.Since(begun).Seconds())
	}
	return nil
}

// profiled runs a step, and has its CPU profile written where that is wished for.
func (b *benchRun) profiled(ctx context.Context, s step) error {
	if b.Profile == "" {
		return s.run(ctx)
	}
	file, err := os.Create(filepath.Join(b.Profile, s.name+".pprof"))
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return errors.Join(err, file.Close())
	}
	err = s.run(ctx)
	pprof.StopCPUProfile()
	return errors.Join(err, file.Close())
}

// add keeps a row and shows at once that work goes on.
func (b *benchRun) add(f figure) {
	if f.Limit > 0 {
		f.Ratio = f.Value / f.Limit
	}
	b.table = append(b.table, f)
	fmt.Fprintf(b.console.err, "measured: %s %.4g %s, ratio %.2f\n", f.ID, f.Value, f.Unit, f.Ratio)
}
