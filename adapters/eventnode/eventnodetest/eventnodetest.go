// Package eventnodetest gives tests event nodes of their own, each on a fresh
// PostgreSQL database and a unix socket, and clients for them.
package eventnodetest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fleetledger/fleetledger/adapters/eventnode"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
)

// Option changes how a node is started.
type Option func(*eventnode.Options)

// TCP makes the node serve a free loopback port too.
func TCP() Option { return func(o *eventnode.Options) { o.Addr = "127.0.0.1:0" } }

// Metrics makes the node register its metrics.
func Metrics(registry *prometheus.Registry) Option {
	return func(o *eventnode.Options) { o.Registerer = registry }
}

// Start runs a node that ends with the test.
func Start(t testing.TB, options ...Option) *eventnode.Node {
	t.Helper()
	return NewRestartable(t, options...).Start()
}

// Restartable is a node that can be taken down and brought back on the same log
// and the same socket.
type Restartable struct {
	t    testing.TB
	opts eventnode.Options
	node *eventnode.Node
}

// NewRestartable prepares a node and does not start it yet.
func NewRestartable(t testing.TB, options ...Option) *Restartable {
	t.Helper()
	return On(t, pgtest.Pool(t), options...)
}

// On prepares a node on a database of the test's own choice.
func On(t testing.TB, pool *pgxpool.Pool, options ...Option) *Restartable {
	t.Helper()
	r := &Restartable{t: t, opts: eventnode.Options{Pool: pool, SocketPath: SocketPath(t)}}
	for _, option := range options {
		option(&r.opts)
	}
	t.Cleanup(r.Stop)
	return r
}

// Start runs the node, again if need be.
func (r *Restartable) Start() *eventnode.Node {
	r.t.Helper()
	node, err := eventnode.Start(r.t.Context(), r.opts)
	if err != nil {
		r.t.Fatalf("start event node: %v", err)
	}
	if r.opts.Addr != "" {
		r.opts.Addr = node.Addr() // the same port after a restart
	}
	r.node = node
	return node
}

// Node is the running node, nil while it is down.
func (r *Restartable) Node() *eventnode.Node { return r.node }

// Pool is the database that the node keeps its log in.
func (r *Restartable) Pool() *pgxpool.Pool { return r.opts.Pool }

// SocketPath is where the node serves, also while it is down.
func (r *Restartable) SocketPath() string { return r.opts.SocketPath }

// Stop takes the node down. Connections that do not end within a second are cut,
// as a crash would cut them.
func (r *Restartable) Stop() {
	r.t.Helper()
	if r.node == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	// A node that was fenced or set back has ended before; whether it should is the test's to say.
	if err := r.node.Stop(ctx); err != nil && !errors.Is(err, eventnode.ErrFenced) && !errors.Is(err, eventnode.ErrSetBack) {
		r.t.Errorf("stop event node: %v", err)
	}
	r.node = nil
}

// SocketPath is a fresh path short enough for a unix socket.
func SocketPath(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "node")
	if err != nil {
		t.Fatalf("folder for the socket: %v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "node.sock")
}

// SocketConfiguration is the Go client's configuration for a node's socket.
func SocketConfiguration(socketPath string) esdb.Configuration {
	return esdb.Configuration{
		Address:             "unix:" + socketPath,
		DisableTLS:          true,
		MaxDiscoverAttempts: 10,
		DiscoveryInterval:   100,
		GossipTimeout:       5,
		KeepAliveInterval:   10 * time.Second,
		KeepAliveTimeout:    10 * time.Second,
		Logger:              esdb.NoopLogging(),
	}
}

// Client is a Go client connected to the node's socket. It ends with the test.
func Client(t testing.TB, node *eventnode.Node) *esdb.Client {
	t.Helper()
	config := SocketConfiguration(node.SocketPath())
	client, err := esdb.NewClient(&config)
	if err != nil {
		t.Fatalf("event store client: %v", err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}
