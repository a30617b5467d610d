package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/adapters/postgres/analysts"
	"github.com/fleetledger/fleetledger/adapters/postgres/installation"
	"github.com/fleetledger/fleetledger/api"
)

type serveCmd struct {
	Addr          string `help:"Address to serve HTTP on; port 0 takes a free one." env:"FLEETLEDGER_ADDR" default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	OperatorToken string `help:"Bearer token of the operator; empty makes one in the data folder." env:"FLEETLEDGER_OPERATOR_TOKEN" placeholder:"TOKEN"`
	Demo          bool   `help:"Fill an empty service with a reseller, its customers and their devices first."`
	edgeConfig    `embed:""`
}

// Validate is called by the command line's parser.
func (s *serveCmd) Validate() error {
	if _, _, err := net.SplitHostPort(s.Addr); err != nil {
		return fmt.Errorf("FLEETLEDGER_ADDR: %q is not HOST:PORT", s.Addr)
	}
	if s.OperatorToken != "" && len(s.OperatorToken) < 16 {
		return errors.New("FLEETLEDGER_OPERATOR_TOKEN: must have 16 characters or more")
	}
	return s.validate()
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
	serving, err := s.secured(s.limited(listener), logger)
	if err != nil {
		return err
	}
	measuring, err := s.measuring(ctx)
	if err != nil {
		return err
	}
	limitMemory(c, logger)
	if err := c.prepareBackups(); err != nil {
		return err
	}
	if c.PublicURL == "" {
		c.PublicURL = s.scheme() + "://" + s.reachable(listener.Addr())
	}
	logger, stopTracing := startTracing(ctx, c, logger)
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	opened, err := openStores(ctx, c, logger, registry)
	if err != nil {
		stopTracing()
		return err
	}
	defer func() {
		// Whatever else is left of the ten seconds belongs to the stores.
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
		defer cancel()
		var traces sync.WaitGroup
		traces.Go(stopTracing)
		err = errors.Join(err, opened.close(patience))
		traces.Wait()
	}()
	e, err := newEngine(ctx, c, opened, logger, registry)
	if err != nil {
		return err
	}
	token, tokenPath, err := operatorToken(s.OperatorToken, c.DataDir)
	if err != nil {
		return err
	}
	server, err := newServer(ctx, e, c, s.edgeConfig, token, registry, logger)
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
	address := s.scheme() + "://" + s.reachable(listener.Addr())
	r := running{server, serving, address, logger, c, con, token, tokenPath, nil, measuring}
	if s.Demo {
		if r.demo, err = prepareDemo(ctx, e, r); err != nil {
			return err
		}
	}
	return s.serve(ctx, e, r)
}

// reachable is an address that a client on this machine can use: by name where that
// does, for passkeys belong to a name. With TLS it is the certificate that knows names.
func (s *serveCmd) reachable(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	switch {
	case !ok:
		return a.String()
	case s.TLSCert == "" && (tcp.IP.IsUnspecified() || tcp.IP.Equal(net.IPv4(127, 0, 0, 1)) || tcp.IP.Equal(net.IPv6loopback)):
		return fmt.Sprintf("localhost:%d", tcp.Port)
	case tcp.IP.IsUnspecified():
		return fmt.Sprintf("127.0.0.1:%d", tcp.Port)
	}
	return a.String()
}

// running is what the HTTP edge of a serve is made of.
type running struct {
	server    *api.Server
	listener  net.Listener
	address   string // the listener's, with its scheme
	logger    *slog.Logger
	config    *Config
	con       console
	token     string       // the operator's
	tokenPath string       // empty: configured
	demo      *demoRun     // nil: none
	measuring net.Listener // of the measurements; nil: they have no address of their own
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
	group.Go(func() error { e.backups.run(background); return nil })
	group.Go(func() error { return e.app.Webhooks.Follow(background) })
	group.Go(func() error { return installation.Follow(background, e.pool, e.keys, r.logger) })
	group.Go(func() error { e.security.Run(background); return nil })
	group.Go(func() error { e.keepAnalysts(background, r.logger); return nil })
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
	if r.measuring != nil {
		group.Go(func() error { return r.server.ServeMetrics(alive, r.measuring) })
	}
	group.Go(func() error {
		defer stopBackground()
		if r.demo != nil {
			if err := r.demo.fill(alive); err != nil {
				return fmt.Errorf("fill with demo data: %w", err)
			}
		}
		r.awaitFilled(alive, e)
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

// fillPatience is how long the start waits for a version's new read model. What has not
// filled by then goes on filling while requests for it are answered 503, as is /readyz.
const fillPatience = 30 * time.Second

// awaitFilled waits for the read models that are new with this version, so that a small
// installation answers at once when it says that it does.
func (r running) awaitFilled(ctx context.Context, e *engine) {
	ctx, cancel := context.WithTimeout(ctx, fillPatience)
	defer cancel()
	began := time.Now()
	e.runner.Filled(ctx)
	switch took := time.Since(began); {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		r.logger.Warn("a new read model is still being filled; lists answer 503 until it is, `fleetledger projections status` tells how far it is")
	case took > time.Second:
		r.logger.Info("a new read model was filled", "took", took.Round(time.Millisecond))
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
	if r.measuring != nil {
		fmt.Fprintf(r.con.out, "measurements at http://%s/metrics\n", r.measuring.Addr())
	}
	fmt.Fprintf(r.con.out, "documentation at %s/docs\n", r.address)
	fmt.Fprintf(r.con.out, "listening on %s\n", r.address)
}
