package eventnode_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/fleetledger/fleetledger/adapters/eventnode"
	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
)

// A database that is set back under a running node stops it, at the next write or, when
// it is idle, at the next heartbeat. It writes nothing from memory.
func TestNodeStopsWhenItsDatabaseIsSetBack(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"to an older copy":      `DELETE FROM eventnode.events WHERE position > 2`,
		"to nothing":            `TRUNCATE eventnode.events`,
		"to another event":      `UPDATE eventnode.events SET id = gen_random_uuid() WHERE position = 3`,
		"to one of another log": `DELETE FROM eventnode.events; UPDATE eventnode.node SET epoch = 0, owner = gen_random_uuid()`,
		"to one without node":   `DELETE FROM eventnode.node`,
	} {
		for _, idle := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				pool := pgtest.Pool(t)
				node := eventnodetest.On(t, pool).Start()
				client := eventnodetest.Client(t, node)
				for range 3 {
					mustAppend(t, client, "s", esdb.Any{}, event("e"))
				}
				if _, err := pool.Exec(t.Context(), sql); err != nil {
					t.Fatal(err)
				}
				var left int
				if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM eventnode.events`).Scan(&left); err != nil {
					t.Fatal(err)
				}
				if !idle {
					ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
					defer cancel()
					if _, err := client.AppendToStream(ctx, "s", esdb.AppendToStreamOptions{ExpectedRevision: esdb.Revision(2)}, event("new")); err == nil {
						t.Error("an event was accepted")
					}
				}
				<-node.Done()
				if !errors.Is(node.Err(), eventnode.ErrSetBack) {
					t.Errorf("stopped with %v, want ErrSetBack", node.Err())
				}
				var n int
				if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM eventnode.events`).Scan(&n); err != nil || n != left {
					t.Errorf("%d events, %d before, %v", n, left, err)
				}
			})
		}
	}
}

// The connection is cut while the database is restored: the node does not take the log
// again that it finds then.
func TestNodeDoesNotReopenALogThatWasSetBack(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	node := eventnodetest.On(t, pool).Start()
	client := eventnodetest.Client(t, node)
	for range 3 {
		mustAppend(t, client, "s", esdb.Any{}, event("e"))
	}
	if _, err := pool.Exec(t.Context(), `DELETE FROM eventnode.events WHERE position > 2`); err != nil {
		t.Fatal(err)
	}
	killSessions(t, pool)
	<-node.Done()
	if !errors.Is(node.Err(), eventnode.ErrSetBack) {
		t.Errorf("stopped with %v, want ErrSetBack", node.Err())
	}
}

// A dump of the moment is no older one: the node goes on.
func TestNodeGoesOnWithTheSameLog(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	client := eventnodetest.Client(t, eventnodetest.On(t, pool).Start())
	mustAppend(t, client, "s", esdb.NoStream{}, event("e"))
	for _, sql := range []string{
		`CREATE TABLE copy AS TABLE eventnode.events`, `TRUNCATE eventnode.events; INSERT INTO eventnode.events TABLE copy`,
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	mustAppend(t, client, "s", esdb.Revision(0), event("e"))
}
