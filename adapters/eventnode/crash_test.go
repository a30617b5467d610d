package eventnode_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/adapters/eventnode"
	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
)

const (
	crashDatabase = "EVENTNODE_CRASH_DATABASE"
	crashSocket   = "EVENTNODE_CRASH_SOCKET"
	crashBatch    = 3 // events per append
	crashWriters  = 4
)

// TestMain turns the test binary into the process that is killed.
func TestMain(m *testing.M) {
	if url := os.Getenv(crashDatabase); url != "" {
		if err := writeUntilKilled(url, os.Getenv(crashSocket)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// writeUntilKilled runs a node and appends to it, printing what was acknowledged.
func writeUntilKilled(url, socket string) error {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return err
	}
	node, err := eventnode.Start(ctx, eventnode.Options{Pool: pool, SocketPath: socket})
	if err != nil {
		return err
	}
	failed := make(chan error)
	for w := range crashWriters {
		config := eventnodetest.SocketConfiguration(node.SocketPath())
		client, err := esdb.NewClient(&config)
		if err != nil {
			return err
		}
		go func() {
			stream := fmt.Sprintf("s-%d", w)
			for {
				res, err := client.AppendToStream(ctx, stream, esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}}, events("e", crashBatch)...)
				if err != nil {
					failed <- err
					return
				}
				fmt.Fprintf(os.Stdout, "%s %d %d\n", stream, res.NextExpectedVersion, res.CommitPosition)
			}
		}()
	}
	return <-failed
}

// What was acknowledged before a kill -9 is there afterwards, without half batches
// and without gaps, and the next start needs no help.
func TestKillLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	socket := eventnodetest.SocketPath(t)
	acknowledged := map[string]uint64{} // stream to last revision
	for range 3 {
		for stream, revision := range killAfter(t, url, socket, 40) {
			acknowledged[stream] = max(acknowledged[stream], revision)
		}
	}
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	node, err := eventnode.Start(t.Context(), eventnode.Options{Pool: pool, SocketPath: socket})
	if err != nil {
		t.Fatalf("start after the crashes: %v", err)
	}
	t.Cleanup(func() { _ = node.Stop(context.Background()) })
	client := eventnodetest.Client(t, node)
	all, err := drain(client.ReadAll(t.Context(), esdb.ReadAllOptions{}, 1<<40))
	if err != nil {
		t.Fatal(err)
	}
	next := map[string]uint64{}
	for i, e := range all {
		ev := e.Event
		if ev.EventNumber != next[ev.StreamID] || ev.Position.Commit != uint64(i+1) || ev.EventType != fmt.Sprintf("e-%d", ev.EventNumber%crashBatch) {
			t.Fatalf("place %d: %s revision %d type %s position %d", i, ev.StreamID, ev.EventNumber, ev.EventType, ev.Position.Commit)
		}
		next[ev.StreamID]++
	}
	for stream, last := range acknowledged {
		if next[stream] < last+1 {
			t.Errorf("%s: revision %d was acknowledged, %d events are there", stream, last, next[stream])
		}
		if next[stream]%crashBatch != 0 {
			t.Errorf("%s: %d events, half a batch", stream, next[stream])
		}
	}
}

// killAfter runs the writing process, kills it after n acknowledgements and returns
// what it acknowledged.
func killAfter(t *testing.T, url, socket string, n int) map[string]uint64 {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), crashDatabase+"="+url, crashSocket+"="+socket)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := map[string]uint64{}
	lines := bufio.NewScanner(out)
	for count := 0; lines.Scan(); count++ {
		if count == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		var stream string
		var revision, position uint64
		if _, err := fmt.Sscanf(lines.Text(), "%s %d %d", &stream, &revision, &position); err != nil {
			continue // a line cut short by the kill
		}
		acknowledged[stream] = revision
	}
	if err := cmd.Wait(); err == nil || len(acknowledged) == 0 {
		t.Fatalf("the writing process ended by itself: %v\n%s", err, stderr.String())
	}
	return acknowledged
}
