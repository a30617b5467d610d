package pgtest

import (
	"context"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/adapters/postgres/private"
)

// Instance is a server of one test, which may stop, kill and start it again.
// Its URL stays the same throughout.
type Instance struct {
	dir    string
	url    string
	launch func(context.Context) (*private.Server, error)
	server *private.Server
}

// Server starts a server of the test's own with one migrated database. It is
// removed when the test ends.
func Server(t testing.TB, options ...Option) *Instance {
	t.Helper()
	want := collect(options)
	instance := &Instance{}
	ctx := context.WithoutCancel(t.Context())
	opts, err := prepare(ctx, want)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	instance.dir = opts.DataDir
	instance.launch = func(ctx context.Context) (*private.Server, error) { return private.Start(ctx, opts) }
	t.Cleanup(func() {
		instance.Stop(t)
		if err := opts.Lock.Release(); err != nil {
			t.Errorf("pgtest: %v", err)
		}
		// What a killed server's last processes still hold, the next sweep takes.
		_ = os.RemoveAll(instance.dir)
	})
	instance.Start(t)
	instance.url = instance.server.URLFor(templateDatabase)
	if want.empty {
		instance.url = instance.server.URL()
	}
	return instance
}

// URL names the database of the test, whether the server runs or not.
func (i *Instance) URL() string { return i.url }

// Pool connects to the database of the test. The pool outlives a stop of the
// server and connects again after its start.
func (i *Instance) Pool(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return openPool(t, i.url)
}

// Start runs the server again after Stop or Kill.
func (i *Instance) Start(t testing.TB) {
	t.Helper()
	server, err := i.launch(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	i.server = server
}

// Stop shuts the server down in good order; sessions are ended.
func (i *Instance) Stop(t testing.TB) {
	t.Helper()
	if i.server == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
	defer cancel()
	if err := i.server.Stop(ctx); err != nil {
		t.Errorf("pgtest: %v", err)
	}
	i.server = nil
}

// Kill ends the server as a crash would. What was acknowledged is there again
// after Start if the server is Durable or the machine survived.
func (i *Instance) Kill(t testing.TB) {
	t.Helper()
	if err := syscall.Kill(i.server.PID(), syscall.SIGKILL); err != nil {
		t.Fatalf("pgtest: kill server: %v", err)
	}
	<-i.server.Done()
	i.Stop(t)
}
