package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fleetledger/fleetledger/adapters/eventnode"
	"github.com/fleetledger/fleetledger/adapters/eventstoredb"
	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/analysts"
	"github.com/fleetledger/fleetledger/adapters/postgres/backup"
	"github.com/fleetledger/fleetledger/adapters/postgres/externalsecrets"
	"github.com/fleetledger/fleetledger/adapters/postgres/installation"
	"github.com/fleetledger/fleetledger/adapters/postgres/keyring"
	"github.com/fleetledger/fleetledger/adapters/postgres/personkeys"
	"github.com/fleetledger/fleetledger/adapters/postgres/private"
	"github.com/fleetledger/fleetledger/adapters/sealing"
)

// stores are the two places where everything is kept: PostgreSQL and the event
// log. What is not configured elsewhere runs inside this process.
type stores struct {
	pool    *pgxpool.Pool
	keys    *sealing.Keys          // the installation's, that secrets are sealed with
	ring    *keyring.Ring          // random keys by name
	persons *personkeys.Store      // keys of the personal data in the log
	secrets *externalsecrets.Store // of external accounts
	log     *eventstoredb.Store
	node    *eventnode.Node // nil: an EventStoreDB elsewhere, or the node of a running serve
	failed  chan error      // a store of ours ended by itself
	starved func() bool     // the private PostgreSQL does not run for want of room; nil: there is none
	closers []func(context.Context) error
}

// openStores gives a command its stores. serve owns the data folder; other
// commands work beside a running serve on the same folder, and start what they
// need for themselves when none runs.
func openStores(ctx context.Context, c *Config, logger *slog.Logger, metrics prometheus.Registerer) (_ *stores, err error) {
	s := &stores{failed: make(chan error, 2)}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close(context.WithoutCancel(ctx)))
		}
	}()
	if err := checkRestored(c); err != nil {
		return nil, err
	}
	if c.DatabaseURL == "" || c.EventstoreURL == "" {
		lock, err := private.AcquireLock(c.DataDir)
		if err != nil {
			return nil, err
		}
		s.onClose(func(context.Context) error { return lock.Release() })
		if err := s.startOwn(ctx, c, lock, logger); err != nil {
			return nil, err
		}
	} else if err := s.openPool(ctx, c, c.DatabaseURL); err != nil {
		return nil, err
	}
	return s, s.openLog(ctx, c, metrics, logger)
}

// attachStores is openStores for the commands beside serve.
func attachStores(ctx context.Context, c *Config, logger *slog.Logger) (_ *stores, err error) {
	s, err := openStores(ctx, c, logger, prometheus.NewRegistry())
	if !errors.Is(err, private.ErrLocked) {
		return s, err
	}
	s = &stores{failed: make(chan error, 2)}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close(context.WithoutCancel(ctx)))
		}
	}()
	url := c.DatabaseURL
	if url == "" {
		if url, err = private.ConnString(c.DataDir); err != nil {
			return nil, fmt.Errorf("a service holds %s and is not ready: %w", c.DataDir, err)
		}
	}
	if err := s.openPool(ctx, c, url); err != nil {
		return nil, err
	}
	return s, s.openLog(ctx, c, prometheus.NewRegistry(), logger)
}

// startOwn runs the private PostgreSQL and the embedded node, each unless the
// configuration names another.
func (s *stores) startOwn(ctx context.Context, c *Config, lock *private.Lock, logger *slog.Logger) error {
	url := c.DatabaseURL
	if url == "" {
		if c.AnalystAddr != "" {
			var err error
			if c.AnalystAddr, err = private.FreeListen(ctx, c.AnalystAddr); err != nil {
				return fmt.Errorf("FLEETLEDGER_ANALYST_ADDR: %w", err)
			}
		}
		options := private.Options{
			DataDir: c.DataDir, BinDir: c.PgBin, Lock: lock, Logger: logger, Listen: c.AnalystAddr, ListenRole: analysts.Group,
		}
		server, err := superviseServer(ctx, options, s.failed)
		if err != nil {
			return err
		}
		s.onClose(server.stop)
		s.onClose(func(context.Context) error {
			if s.node != nil && errors.Is(s.node.Err(), eventnode.ErrSetBack) {
				restoreEnds(ctx, server.url, logger)
			}
			return nil
		})
		url, s.starved = server.url, server.starved.Load
	}
	if err := s.openPool(ctx, c, url); err != nil {
		return err
	}
	if c.EventstoreURL != "" {
		return nil
	}
	socket, err := nodeSocket(c.DataDir)
	if err != nil {
		return err
	}
	// Connections of its own, so that the node and the rest cannot starve each other.
	pool, err := postgres.Open(ctx, url, postgres.Options{ApplicationName: "fleetledger-node"})
	if err != nil {
		return err
	}
	s.onClose(func(context.Context) error { pool.Close(); return nil })
	node, err := eventnode.Start(ctx, eventnode.Options{Pool: pool, SocketPath: socket, Addr: c.NodeAddr, Logger: logger, DiskFull: s.starved})
	if err != nil {
		return fmt.Errorf("start the embedded event node: %w", err)
	}
	s.node = node
	s.onClose(func(ctx context.Context) error {
		select {
		case <-node.Done():
			return nil // it ended by itself, and told why
		default:
			return node.Stop(ctx)
		}
	})
	go func() {
		<-node.Done()
		if err := node.Err(); err != nil {
			s.failed <- errors.Join(err, noteSetBack(c.DataDir, err))
		}
	}()
	return nil
}

func (s *stores) openPool(ctx context.Context, c *Config, url string) error {
	pool, err := postgres.Open(ctx, url, postgres.Options{Tracer: c.tracing.QueryTracer()})
	if err != nil {
		return err
	}
	s.pool = pool
	s.onClose(func(context.Context) error { pool.Close(); return nil })
	if !c.Restoring {
		if err := backup.CheckFinished(ctx, pool); err != nil {
			return fmt.Errorf("%s: %w", target(c), err)
		}
	}
	return postgres.Migrate(ctx, pool)
}

func (s *stores) openLog(ctx context.Context, c *Config, metrics prometheus.Registerer, logger *slog.Logger) error {
	key, err := personKey(c.PersonKey, c.DataDir, keyFileName)
	if err != nil {
		return err
	}
	if s.keys, err = s.installationKeys(ctx, key); err != nil {
		return fmt.Errorf("FLEETLEDGER_PERSON_KEY: %w", err)
	}
	if s.persons, err = personkeys.Open(ctx, s.pool, s.keys); err != nil {
		return fmt.Errorf("FLEETLEDGER_PERSON_KEY: %w", err)
	}
	s.secrets = externalsecrets.NewStore(s.pool, s.keys)
	s.ring = keyring.New(s.pool, s.keys)
	options := eventstoredb.Options{ConnectionString: c.EventstoreURL, Persons: s.persons, Logger: logger, Registerer: metrics, Tracer: c.tracing.Tracer("adapters/eventstoredb")}
	if c.EventstoreURL == "" {
		socket, err := nodeSocket(c.DataDir)
		if err != nil {
			return err
		}
		options.SocketPath = socket
	}
	log, err := eventstoredb.Open(ctx, options)
	if err != nil {
		return fmt.Errorf("open the event store: %w", err)
	}
	s.log = log
	s.onClose(func(context.Context) error { return log.Close() })
	return nil
}

// installationKeys are those that the database knows of, to whoever has one of them.
// They are looked up again when something does not open: on a connection of its own,
// since the pool may be waiting for what is opened.
func (s *stores) installationKeys(ctx context.Context, known []byte) (*sealing.Keys, error) {
	inForce, others, err := installation.Load(ctx, s.pool, known)
	if err != nil {
		return nil, err
	}
	keys := sealing.NewKeys(inForce, others...)
	keys.Learning(func() (bool, error) {
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		conn, err := dedicated(patience, s.pool)
		if err != nil {
			return false, err
		}
		defer func() { _ = conn.Close(patience) }()
		return installation.Learn(patience, conn, keys)
	})
	return keys, nil
}

func (s *stores) onClose(f func(context.Context) error) { s.closers = append(s.closers, f) }

// close ends everything in the reverse order of its start.
func (s *stores) close(ctx context.Context) error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i](ctx))
	}
	s.closers = nil
	return errors.Join(errs...)
}

// nodeSocket is where the embedded node of a data folder listens. A socket's
// path has little room, so a deep data folder gets a short link to it.
func nodeSocket(dataDir string) (string, error) {
	dir, err := filepath.Abs(filepath.Join(dataDir, "node"))
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the folder of the event node's socket: %w", err)
	}
	const name, longest = "node.sock", 100
	if len(dir)+1+len(name) <= longest {
		return filepath.Join(dir, name), nil
	}
	return shortSocket(dir, name)
}

// shortSocket remembers a short private folder for the socket in dir, so that
// every command on the same data folder finds it.
func shortSocket(dir, name string) (string, error) {
	note := filepath.Join(dir, "socket-folder")
	if text, err := os.ReadFile(note); err == nil { //nolint:gosec // a file of our own data folder
		known := filepath.Clean(strings.TrimSpace(string(text)))
		if info, err := os.Stat(known); err == nil && info.IsDir() { //nolint:gosec // written by shortSocket itself
			return filepath.Join(known, name), nil
		}
	}
	short, err := os.MkdirTemp("", "fleetledger-")
	if err != nil {
		return "", fmt.Errorf("make a short folder for the event node's socket: %w", err)
	}
	return filepath.Join(short, name), writePrivate(note, short+"\n")
}
