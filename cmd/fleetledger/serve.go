package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/adapters/postgres/analysts"
	"github.com/fleetledger/fleetledger/api"
)

type serveCmd struct {
	Addr          string `help:"Address to serve HTTP on; port 0 takes a free one." env:"FLEETLEDGER_ADDR" default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	OperatorToken string `help:"Bearer token of the operator; empty makes one in the data folder." env:"FLEETLEDGER_OPERATOR_TOKEN" placeholder:"TOKEN"`
	Demo          bool   `help:"Fill an empty service with a reseller, its customers and their devices first."`
}

// Validate is called by the command line's parser.
func (s *serveCmd) Validate() error {
	if _, _, err := net.SplitHostPort(s.Addr); err != nil {
		return fmt.Errorf("FLEETLEDGER_ADDR: %q is not HOST:PORT", s.Addr)
	}
	if s.OperatorToken != "" && len(s.OperatorToken) < 16 {
		return errors.New("FLEETLEDGER_OPERATOR_TOKEN: must have 16 characters or more")
	}
	return nil
}

// Run serves until ctx ends, then drains and stops within ten seconds.
func (s *serveCmd) Run(ctx context.Context, c *Config, con console) (err error) {
	logger := c.logger(con.err)
	// The address first: when it is taken nothing else needs to start.
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.Addr)
	if err != nil {
		return fmt.Errorf("FLEETLEDGER_ADDR: %w", err)
	}
	defer func() { _ = listener.Close() }()
	if c.PublicURL == "" {
		c.PublicURL = "http://" + reachable(listener.Addr())
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	opened, err := openStores(ctx, c, logger, registry)
	if err != nil {
		return err
	}
	defer func() {
		// Whatever else is left of the ten seconds belongs to the stores.
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
		defer cancel()
		err = errors.Join(err, opened.close(patience))
	}()
	e, err := newEngine(ctx, c, opened, logger, registry)
	if err != nil {
		return err
	}
	token, tokenPath, err := operatorToken(s.OperatorToken, c.DataDir)
	if err != nil {
		return err
	}
	server, err := newServer(ctx, e, c, token, registry, logger)
	if err != nil {
		return err
	}
	if e.sandbox.Moved() && !c.Sandbox {
		logger.Warn("the clock of this database was moved ahead in a sandbox and stays so", "now", e.clock.Now())
	}
	if err := analysts.EnsureGroup(ctx, e.pool); err != nil {
		logger.Warn("analysts have no access to the database; a user who may manage roles has to run the SQL", "error", err, "sql", analysts.HowTo)
	}
	if err := e.runner.Prepare(ctx); err != nil {
		return err
	}
	r := running{server, listener, logger, c, con, token, tokenPath, nil}
	if s.Demo {
		if r.demo, err = prepareDemo(ctx, e, r); err != nil {
			return err
		}
	}
	return s.serve(ctx, e, r)
}

// reachable is an address that a client on this machine can use.
func reachable(a net.Addr) string {
	if tcp, ok := a.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("127.0.0.1:%d", tcp.Port)
	}
	return a.String()
}

// running is what the HTTP edge of a serve is made of.
type running struct {
	server    *api.Server
	listener  net.Listener
	logger    *slog.Logger
	config    *Config
	con       console
	token     string   // the operator's
	tokenPath string   // empty: configured
	demo      *demoRun // nil: none
}

// serve runs everything side by side; the first to fail ends the rest. What
// follows the log goes on until the last request was answered: it may be
// waiting for its own write to become visible.
func (s *serveCmd) serve(ctx context.Context, e *engine, r running) error {
	group, alive := errgroup.WithContext(ctx)
	background, stopBackground := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBackground()
	group.Go(func() error { return e.runner.Run(background) })
	group.Go(func() error { e.runJobs(background, r.logger); return nil })
	if r.config.Sandbox {
		group.Go(func() error { return e.sandbox.Follow(background) })
	}
	group.Go(func() error {
		select {
		case err := <-e.failed:
			return err
		case <-alive.Done():
			return nil
		}
	})
	group.Go(func() error {
		defer stopBackground()
		if r.demo != nil {
			if err := r.demo.fill(alive); err != nil {
				return fmt.Errorf("fill with demo data: %w", err)
			}
		}
		r.announce(e)
		return r.server.Serve(alive, r.listener)
	})
	return group.Wait()
}

// runJobs works on the queue until ctx ends. Starting it needs the database: an
// outage at that moment is waited out like any other.
func (e *engine) runJobs(ctx context.Context, logger *slog.Logger) {
	for {
		err := e.jobs.Run(ctx, e.work(), e.operations)
		if ctx.Err() != nil {
			if err != nil {
				logger.Warn("the job queue did not stop in time", "error", err)
			}
			return
		}
		logger.Warn("the job queue does not run, trying again", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// announce prints a line per address; the last one says that requests are answered.
func (r running) announce(e *engine) {
	if e.node != nil && e.node.Addr() != "" {
		fmt.Fprintf(r.con.out, "event node on %s\n", e.node.ConnectionString())
	}
	if r.tokenPath != "" {
		fmt.Fprintf(r.con.out, "operator token in %s\n", r.tokenPath)
	}
	if r.config.AnalystAddr != "" {
		fmt.Fprintf(r.con.out, "PostgreSQL for analysts on %s\n", r.config.AnalystAddr)
	}
	address := "http://" + r.listener.Addr().String()
	fmt.Fprintf(r.con.out, "documentation at %s/docs\n", address)
	fmt.Fprintf(r.con.out, "listening on %s\n", address)
}
