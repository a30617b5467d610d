// Package pgtest gives tests real PostgreSQL databases of their own.
//
// The first call in a test process starts one server from a cluster that was
// initialised and migrated once per machine; each call then copies a fresh
// database out of it, so tests may run in parallel and in any order. The
// server is tied to the process and ends with it; its folder is removed by the
// next test process that starts a server.
//
// Servers run without fsync. Tests about durability ask for it with [Durable].
package pgtest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/private"
)

// templateDatabase is migrated once and copied for every test.
const templateDatabase = "pgtest_template"

// Pool opens a fresh, migrated database. It is dropped when the test ends.
func Pool(t testing.TB, options ...Option) *pgxpool.Pool {
	t.Helper()
	return openPool(t, URL(t, options...))
}

// URL creates a fresh, migrated database and gives its connection string. It
// is dropped when the test ends, whoever is still connected.
func URL(t testing.TB, options ...Option) string {
	t.Helper()
	server, err := shared()
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	return server.freshDatabase(t, collect(options))
}

// Option changes what a test gets.
type Option func(*config)

type config struct{ empty, durable bool }

// Empty leaves the migrations out.
func Empty() Option { return func(c *config) { c.empty = true } }

// Durable makes a server of Server write through to disk as in production. It
// has no effect on the shared server.
func Durable() Option { return func(c *config) { c.durable = true } }

func collect(options []Option) config {
	var c config
	for _, option := range options {
		option(&c)
	}
	return c
}

// cluster is a running server whose databases belong to tests.
type cluster struct {
	*private.Server
	// admin connects to the database postgres, never to the template.
	admin *pgxpool.Pool
	count atomic.Int64
}

// shared is the server of this test process.
var shared = sync.OnceValues(func() (*cluster, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	opts, err := prepare(ctx, config{})
	if err != nil {
		return nil, err
	}
	server, err := private.Start(ctx, opts)
	if err != nil {
		return nil, err
	}
	admin, err := postgres.Open(ctx, server.URLFor("postgres"), postgres.Options{MaxConns: 2, ApplicationName: "pgtest"})
	if err != nil {
		return nil, err
	}
	return &cluster{Server: server, admin: admin}, nil
})

// prepare says how to run a server on a copy of the template in a folder that
// belongs to this process.
func prepare(ctx context.Context, want config) (private.Options, error) {
	base, err := baseDir()
	if err != nil {
		return private.Options{}, err
	}
	bin, err := findInstallation(ctx, base)
	if err != nil {
		return private.Options{}, err
	}
	template, err := cachedTemplate(ctx, base, bin)
	if err != nil {
		return private.Options{}, err
	}
	dir, lock, err := runDir(ctx, base)
	if err != nil {
		return private.Options{}, err
	}
	return private.Options{
		DataDir: dir, BinDir: bin.dir, Lock: lock, Template: template, Settings: settings(want.durable), Logger: quiet,
	}, nil
}

// settings are for tests: many small databases, no durability unless asked.
func settings(durable bool) map[string]string {
	s := map[string]string{"max_connections": "300", "shared_buffers": "64MB"}
	if !durable {
		s["fsync"], s["synchronous_commit"], s["full_page_writes"] = "off", "off", "off"
	}
	return s
}

func (c *cluster) freshDatabase(t testing.TB, want config) string {
	t.Helper()
	name := fmt.Sprintf("test_%d", c.count.Add(1))
	template := templateDatabase
	if want.empty {
		template = "template0"
	}
	quoted := pgx.Identifier{name}.Sanitize()
	if _, err := c.admin.Exec(t.Context(), `CREATE DATABASE `+quoted+` TEMPLATE `+template); err != nil {
		t.Fatalf("pgtest: create database: %v", err)
	}
	t.Cleanup(func() {
		if _, err := c.admin.Exec(context.WithoutCancel(t.Context()), `DROP DATABASE `+quoted+` WITH (FORCE)`); err != nil {
			t.Errorf("pgtest: drop database: %v", err)
		}
	})
	return c.URLFor(name)
}

func openPool(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := postgres.Open(t.Context(), url, postgres.Options{ApplicationName: t.Name()})
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	// Not waited for: a failed test may never give a connection back. The
	// database's drop ends the sessions.
	t.Cleanup(func() { go pool.Close() })
	return pool
}
