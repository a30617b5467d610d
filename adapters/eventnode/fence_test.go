package eventnode_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/adapters/eventnode"
	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
)

func TestSecondNodeIsRefused(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	client := eventnodetest.Client(t, eventnodetest.On(t, pool).Start())
	_, err := eventnode.Start(t.Context(), eventnode.Options{
		Pool: pool, SocketPath: eventnodetest.SocketPath(t), LockWait: time.Millisecond,
	})
	if !errors.Is(err, eventnode.ErrInUse) {
		t.Fatalf("second node: %v, want ErrInUse", err)
	}
	mustAppend(t, client, "s", esdb.NoStream{}, event("e"))
}

// killSessions ends the connections of the node that holds the lock.
func killSessions(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	tag, err := pool.Exec(t.Context(), `SELECT pg_terminate_backend(pid, 10000) FROM pg_locks
		WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
	if err != nil || tag.RowsAffected() != 1 {
		t.Fatalf("kill the node's session: %v, %d sessions", err, tag.RowsAffected())
	}
}

// A node whose connection is cut takes the lock again and goes on.
func TestLostConnectionHeals(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	client := eventnodetest.Client(t, eventnodetest.On(t, pool).Start())
	mustAppend(t, client, "s", esdb.NoStream{}, event("e"))
	killSessions(t, pool)
	mustAppend(t, client, "s", esdb.Revision(0), event("e")) // on the first try: nothing was in doubt for long
	if got := readStream(t, client, "s", esdb.ReadStreamOptions{}); len(got) != 2 {
		t.Fatalf("%d events", len(got))
	}
}

// When another node claims the log while this one is cut off, this one writes
// nothing more and says why it stops.
func TestFencedNodeStops(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	r := eventnodetest.On(t, pool)
	node := r.Start()
	client := eventnodetest.Client(t, node)
	mustAppend(t, client, "s", esdb.NoStream{}, event("old"))

	// A rival on a connection pooler gets no lock worth its name: it claims all the same.
	if _, err := pool.Exec(t.Context(), `UPDATE eventnode.node SET epoch = epoch + 1, owner = gen_random_uuid()`); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := client.AppendToStream(ctx, "s", esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}}, event("new")); err == nil {
		t.Fatal("a fenced node accepted an event")
	}
	<-node.Done()
	if !errors.Is(node.Err(), eventnode.ErrFenced) {
		t.Fatalf("stopped with %v, want ErrFenced", node.Err())
	}
	var n int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM eventnode.events`).Scan(&n); err != nil || n != 1 {
		t.Fatalf("%d events, %v", n, err)
	}
}

// An idle node notices too that it was fenced.
func TestIdleFencedNodeStops(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	node := eventnodetest.On(t, pool).Start()
	if _, err := pool.Exec(t.Context(), `UPDATE eventnode.node SET epoch = epoch + 1, owner = gen_random_uuid()`); err != nil {
		t.Fatal(err)
	}
	<-node.Done()
	if !errors.Is(node.Err(), eventnode.ErrFenced) {
		t.Fatalf("stopped with %v, want ErrFenced", node.Err())
	}
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	long := "/tmp/" + string(make([]byte, 200))
	for name, o := range map[string]eventnode.Options{
		"no pool":          {SocketPath: "x"},
		"nowhere":          {Pool: pool},
		"a public address": {Pool: pool, Addr: "0.0.0.0:0"},
		"any address":      {Pool: pool, Addr: ":0"},
		"another host":     {Pool: pool, Addr: "example.com:0"},
		"no port":          {Pool: pool, Addr: "127.0.0.1"},
		"a long path":      {Pool: pool, SocketPath: long},
		"a file":           {Pool: pool, SocketPath: "fence_test.go"},
	} {
		if node, err := eventnode.Start(t.Context(), o); err == nil {
			t.Errorf("%s: started", name)
			_ = node.Stop(t.Context())
		}
	}
	// And a refused start leaves the database to the next one.
	eventnodetest.On(t, pool).Start()
}
