package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Options tune Open. The zero value suits a serving instance.
type Options struct {
	// ApplicationName shows in pg_stat_activity. Default "fleetledger".
	ApplicationName string
	// MaxConns bounds the pool. Default: pool_max_conns of the URL, else 20,
	// which leaves room for several instances on one server of 100.
	MaxConns int32
	// StatementTimeout ends a statement in the server. It is below the 30 s
	// a request may take, because a query that the client cancels costs its
	// connection while one that the server ends does not. Default: the URL's,
	// else 28 s; negative switches it off.
	StatementTimeout time.Duration
	// ReadyTimeout is how long to wait for a server that is not there yet.
	// Default 15 s; negative tries once.
	ReadyTimeout time.Duration
	// Tracer makes spans of statements. Default: none.
	Tracer pgx.QueryTracer
}

const (
	defaultApplicationName  = "fleetledger"
	defaultMaxConns         = 20
	defaultStatementTimeout = 28 * time.Second
	defaultReadyTimeout     = 15 * time.Second
	retryInterval           = 200 * time.Millisecond
	connectTimeout          = 5 * time.Second
)

// ErrInvalidURL says that a database URL cannot be understood. The URL itself
// is in no error, since it may hold a password.
var ErrInvalidURL = errors.New("database URL is not valid, expected postgres://USER:PASSWORD@HOST:PORT/DATABASE")

// Open connects to the server and returns when it answers. While the server is
// unavailable it tries again until ReadyTimeout; any other refusal, such as a
// wrong password, is returned at once.
func Open(ctx context.Context, url string, opts Options) (*pgxpool.Pool, error) {
	config, err := poolConfig(url, opts)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open database pool: %w", err)
	}
	if err := awaitReady(ctx, pool, opts.ReadyTimeout); err != nil {
		pool.Close()
		return nil, err
	}
	return pool, nil
}

func poolConfig(url string, opts Options) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		// The cause quotes parts of the URL.
		return nil, ErrInvalidURL
	}
	params := config.ConnConfig.RuntimeParams
	switch {
	case opts.ApplicationName != "":
		params["application_name"] = opts.ApplicationName
	case params["application_name"] == "":
		params["application_name"] = defaultApplicationName
	}
	switch {
	case opts.StatementTimeout != 0:
		params["statement_timeout"] = milliseconds(opts.StatementTimeout)
	case params["statement_timeout"] == "":
		params["statement_timeout"] = milliseconds(defaultStatementTimeout)
	}
	// A transaction left open, by a bug or by an instance that is frozen, must not
	// hold up others for long.
	if params["idle_in_transaction_session_timeout"] == "" {
		params["idle_in_transaction_session_timeout"] = milliseconds(10 * time.Second)
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	switch {
	case opts.MaxConns > 0:
		config.MaxConns = opts.MaxConns
	case !strings.Contains(url, "pool_max_conns"):
		config.MaxConns = defaultMaxConns
	}
	config.ConnConfig.Tracer = opts.Tracer
	config.MaxConnIdleTime = 5 * time.Minute
	config.HealthCheckPeriod = 15 * time.Second
	return config, nil
}

func milliseconds(d time.Duration) string {
	return strconv.FormatInt(max(d, 0).Milliseconds(), 10)
}

func awaitReady(ctx context.Context, pool *pgxpool.Pool, timeout time.Duration) error {
	if timeout == 0 {
		timeout = defaultReadyTimeout
	}
	deadline := time.NewTimer(max(timeout, 0))
	defer deadline.Stop()
	tick := time.NewTicker(retryInterval)
	defer tick.Stop()
	for {
		err := pool.Ping(ctx)
		if err == nil {
			return nil
		}
		if !IsUnavailable(err) || timeout < 0 {
			return fmt.Errorf("connect to database: %w", err)
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			return fmt.Errorf("connect to database: not ready after %s: %w", timeout, err)
		case <-ctx.Done():
			return fmt.Errorf("connect to database: %w (%w)", context.Cause(ctx), err)
		}
	}
}
