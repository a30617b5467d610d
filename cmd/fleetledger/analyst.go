package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/adapters/postgres/analysts"
	"github.com/fleetledger/fleetledger/projections/fleet"
)

type analystCmd struct {
	Create analystCreateCmd `cmd:"" help:"Make a role for an analyst and print how to connect with it, nothing else."`
	Drop   analystDropCmd   `cmd:"" help:"End an analyst's sessions and remove the role."`
	List   analystListCmd   `cmd:"" help:"Print the names of the analysts, a line each."`
}

type analystCreateCmd struct {
	Name string `arg:"" help:"Name of the role."`
}

// Help is what --help says besides.
func (analystCreateCmd) Help() string {
	return "The private PostgreSQL is reached at FLEETLEDGER_ANALYST_ADDR with the password; without that address through its\n" +
		"socket, by the owner of the data folder and root only. Where the service's database user may not manage roles, somebody who may has to run:\n\n" +
		strings.ReplaceAll(analysts.HowTo, "; ", ";\n")
}

// Run makes the role. Its password can be shown this once.
func (a analystCreateCmd) Run(ctx context.Context, cfg *Config, c console) error {
	return withAnalysts(ctx, cfg, func(pool *pgxpool.Pool) error {
		password, err := analysts.Create(ctx, pool, fleet.AnalyticsSchema, a.Name)
		if errors.Is(err, analysts.ErrNotAllowed) {
			return fmt.Errorf("%w; somebody who may runs: %s", err, analysts.HowTo)
		}
		if err != nil {
			return err
		}
		target, err := analystURL(ctx, cfg, pool, url.UserPassword(a.Name, password))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(c.out, target)
		return err
	})
}

type analystDropCmd struct {
	Name string `arg:"" help:"Name of the role."`
}

// Run removes the role.
func (a analystDropCmd) Run(ctx context.Context, cfg *Config) error {
	return withAnalysts(ctx, cfg, func(pool *pgxpool.Pool) error { return analysts.Drop(ctx, pool, a.Name) })
}

type analystListCmd struct{}

// Run prints the names.
func (analystListCmd) Run(ctx context.Context, cfg *Config, c console) error {
	return withAnalysts(ctx, cfg, func(pool *pgxpool.Pool) error {
		names, err := analysts.List(ctx, pool)
		for _, name := range names {
			fmt.Fprintln(c.out, name)
		}
		return err
	})
}

func withAnalysts(ctx context.Context, cfg *Config, use func(*pgxpool.Pool) error) error {
	s, err := attachService(ctx, cfg, quiet())
	if err != nil {
		return err
	}
	defer func() { _ = s.close(context.WithoutCancel(ctx)) }()
	return use(s.pool)
}

// clientParameters of a database URL are kept for analysts. The others are for
// the service: its pool, its certificate, its time limits.
var clientParameters = []string{"host", "port", "dbname", "sslmode", "sslrootcert", "target_session_attrs"}

// analystURL is the address of the database of pool for somebody else.
func analystURL(ctx context.Context, cfg *Config, pool *pgxpool.Pool, who *url.Userinfo) (string, error) {
	target, err := url.Parse(pool.Config().ConnString())
	if err != nil {
		return "", errors.New("the database URL cannot be read")
	}
	target.User = who
	if cfg.DatabaseURL == "" {
		var host, port string
		if err := pool.QueryRow(ctx, `SELECT current_setting('listen_addresses'), current_setting('port')`).Scan(&host, &port); err != nil {
			return "", fmt.Errorf("ask where the private PostgreSQL listens: %w", err)
		}
		if host != "" {
			target.Host, target.RawQuery = net.JoinHostPort(host, port), ""
		}
	}
	asked := target.Query()
	var kept []string
	for _, name := range clientParameters {
		if asked.Has(name) { // PostgreSQL's clients do not read a plus sign as a space
			kept = append(kept, name+"="+strings.ReplaceAll(url.QueryEscape(asked.Get(name)), "+", "%20"))
		}
	}
	target.RawQuery = strings.Join(kept, "&")
	return target.String(), nil
}

// keepAnalystsEvery is how long what analysts have changed of their own settings lasts.
const keepAnalystsEvery = time.Minute

// keepAnalysts puts back what analysts change of their own settings, until the context
// ends.
func (e *engine) keepAnalysts(ctx context.Context, logger *slog.Logger) {
	tick := time.NewTicker(keepAnalystsEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		kept, err := analysts.Keep(ctx, e.pool, fleet.AnalyticsSchema)
		if len(kept.Changed) > 0 || kept.Ended > 0 {
			logger.WarnContext(ctx, "analysts had changed their own settings, or let statements run for long: that is undone", "analysts", kept.Changed, "ended", kept.Ended)
		}
		if err != nil && !errors.Is(err, analysts.ErrNotAllowed) {
			logger.DebugContext(ctx, "settings of analysts", "error", err)
		}
	}
}
