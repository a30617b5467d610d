package main

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/eventnode"
	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/api/client"
)

// cluster is what several instances share: a database, an event store, a folder.
type cluster struct {
	t    *testing.T
	dir  string
	args []string // of each instance
	url  string   // of the database
}

// newCluster prepares a set-up of more than one instance, without any yet. The node
// stands for an EventStoreDB elsewhere.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	url := pgtest.Server(t, pgtest.Empty()).Pool(t).Config().ConnString()
	pool, err := postgres.Open(t.Context(), url, postgres.Options{})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	node, err := eventnode.Start(t.Context(), eventnode.Options{Pool: pool, Addr: "127.0.0.1:0", Logger: quiet()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, node.Stop(context.Background())) })
	return &cluster{t: t, dir: t.TempDir(), url: url, args: []string{"--database-url", url, "--eventstore-url", "esdb://" + node.Addr() + "?tls=false"}}
}

// instance starts one more instance.
func (c *cluster) instance() *service {
	c.t.Helper()
	return serve(c.t, c.dir, c.args...)
}

// A request dies with its instance; the repeat at another one gets through as soon
// as the lock of its key has run out, and is told when that is.
func TestRepeatAfterOneOfTwoInstancesIsKilled(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	first, second := c.instance(), c.instance()
	made := when(first.operator.CreateAccount(t.Context(), nil, client.NewAccount{
		Name: "Summit Wireless", Type: client.Reseller, Administrator: administratorOf("Summit Wireless"),
	})).Then(t).JSON201.Uid
	rename := func(s *service) (*client.EditAccountResponse, error) {
		return s.operator.EditAccount(t.Context(), made, &client.EditAccountParams{IdempotencyKey: new("rename")}, client.AccountEdit{Name: new("Summit")})
	}

	conn := connected(t, c.url)
	tx, err := conn.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `LOCK TABLE eventnode.events IN EXCLUSIVE MODE`) // it cannot end
	require.NoError(t, err)
	go func() { _, _ = rename(first) }()
	require.Eventually(t, func() bool {
		var running bool
		return tx.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM ops.idempotency_keys WHERE state = 'running')`).Scan(&running) == nil && running
	}, 10*time.Second, 5*time.Millisecond)
	first.kill()
	died := time.Now()
	require.NoError(t, tx.Rollback(t.Context()))

	var done *client.EditAccountResponse
	require.Eventually(t, func() bool {
		answered, err := rename(second)
		problem, refused := errors.AsType[*client.Problem](err)
		if !refused {
			require.NoError(t, err)
			done = answered
			return true
		}
		require.Equal(t, []string{"idempotency_key_in_use"}, problem.Codes())
		after, err := strconv.Atoi(problem.Header.Get("Retry-After"))
		require.NoError(t, err)
		require.LessOrEqual(t, time.Duration(after)*time.Second, keyLock)
		return false
	}, 2*keyLock, 20*time.Millisecond)
	t.Logf("got through after %s", time.Since(died))
	require.Less(t, time.Since(died), keyLock+2*time.Second)
	require.NotNil(t, done.JSON200)
	require.Equal(t, "Summit", when(second.operator.GetAccount(t.Context(), made, nil)).Then(t).JSON200.Name)
}
