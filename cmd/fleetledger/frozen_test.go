package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/eventnode"
	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/projections/fleet"
)

// rounds of a test that freezes instances; more of them measure.
const frozenRounds = 2

// instances are two services on one database and one log.
type instances struct {
	t    *testing.T
	pool *pgxpool.Pool
	args []string // of each
	all  [2]*service
	desk uuid.UUID // account of a reseller's customer
	done atomic.Int64
}

// sharing gives a folder the secrets of another one.
func sharing(t *testing.T, dir string) string {
	t.Helper()
	other := t.TempDir()
	for _, name := range []string{"operator-token", "person-key"} {
		secret, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(other, name), secret, 0o600))
	}
	return other
}

func serveTwo(t *testing.T) *instances {
	t.Helper()
	url := pgtest.URL(t)
	pool, err := pgxpool.New(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { go pool.Close() })
	node := eventnodetest.On(t, pool, eventnodetest.TCP())
	i := &instances{t: t, pool: pool, args: []string{"--database-url", url, "--eventstore-url", node.Start().ConnectionString()}}
	dir := t.TempDir()
	i.all[0] = serve(t, dir, i.args...)
	reseller := when(i.all[0].operator.CreateAccount(t.Context(), nil, client.NewAccount{
		Name: "Summit Wireless", Type: client.Reseller, Administrator: administratorOf("Summit Wireless"),
	})).Then(t).JSON201.Uid
	out, err := program(t.Context(), append([]string{"token", "create", "--account", reseller.String(), "--administrator", "--data-dir", dir}, i.args...)...).Output()
	require.NoError(t, err)
	i.desk = i.all[0].customer(i.all[0].client(strings.TrimSpace(string(out))), "Prairie Fire", "complete")
	i.all[1] = serve(t, sharing(t, dir), i.args...)
	return i
}

// frozen stops a service as a debugger or a full host does: its connections stand.
func (s *service) frozen() {
	s.t.Helper()
	require.NoError(s.t, s.cmd.Process.Signal(syscall.SIGSTOP))
	s.t.Cleanup(func() { _ = s.cmd.Process.Signal(syscall.SIGCONT) })
}

func (s *service) thawed() {
	s.t.Helper()
	require.NoError(s.t, s.cmd.Process.Signal(syscall.SIGCONT))
}

// register writes a new device, and gives its position; none where it fails.
func (i *instances) register(ctx context.Context, s *service) string {
	n := int(i.done.Add(1))
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	a, err := s.client(s.token).RegisterDevices(ctx, nil, client.RegistrationRequest{Items: []client.Registration{
		{SerialNumber: fmt.Sprintf("LD%014d", n), Imei: new(testIMEI(n)), Account: new(i.desk.String())},
	}})
	if err != nil {
		return ""
	}
	return a.Header.Get("X-Position")
}

// sees reads with minPosition until the read model has it.
func (i *instances) sees(s *service, position string) {
	ctx, cancel := context.WithTimeout(i.t.Context(), 20*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		_, err := s.operator.ListDevices(ctx, &client.ListDevicesParams{Limit: new(1), MinPosition: &position})
		if err == nil {
			return
		}
		if problem, ok := errors.AsType[*client.Problem](err); ok {
			require.Equal(i.t, http.StatusServiceUnavailable, problem.Status, "%v", problem)
		}
	}
	i.t.Fatal("the read model does not follow any more")
}

// exact says that each event was applied once, and that both show the same.
func (i *instances) exact() {
	t := i.t
	var applied, logged int
	var last string
	for e, err := range i.log().ReadAll(t.Context(), eventlog.Position{}, fleet.Projection().Prefixes...) {
		require.NoError(t, err)
		logged, last = logged+1, e.Position.String()
	}
	for _, s := range i.all {
		i.sees(s, last)
	}
	require.NoError(t, i.pool.QueryRow(t.Context(), `SELECT events FROM ops.projector_checkpoint WHERE name = 'fleet'`).Scan(&applied))
	require.Equal(t, logged, applied, "each event was applied once")
	var devices int
	require.NoError(t, i.pool.QueryRow(t.Context(), `SELECT count(DISTINCT stream) FROM eventnode.events WHERE stream LIKE 'device-%'`).Scan(&devices))
	for _, s := range i.all {
		list := when(s.operator.ListDevices(t.Context(), &client.ListDevicesParams{Limit: new(1), MinPosition: &last})).Then(t).JSON200
		require.Equal(t, devices, list.Total)
	}
}

func (i *instances) log() eventlog.Log {
	stores, err := attachStores(i.t.Context(), &Config{
		DataDir: i.all[0].dir, DatabaseURL: i.args[1], EventstoreURL: i.args[3],
	}, quiet())
	require.NoError(i.t, err)
	i.t.Cleanup(func() { _ = stores.close(context.WithoutCancel(i.t.Context())) })
	return stores.log
}

// The instance that fills the read models is frozen, under writes. The other one
// takes over within five seconds, and nothing is applied twice when the frozen one
// wakes up.
func TestFrozenInstanceIsReplaced(t *testing.T) {
	t.Parallel()
	long(t)
	i := serveTwo(t)
	var took []time.Duration
	for round := range frozenRounds {
		holder, other := i.all[round%2], i.all[(round+1)%2]
		i.sees(other, i.register(t.Context(), other))
		ctx, stop := context.WithCancel(t.Context())
		var writing sync.WaitGroup
		for _, s := range i.all {
			writing.Go(func() {
				for ctx.Err() == nil {
					i.register(ctx, s)
				}
			})
		}
		holder.frozen()
		began := time.Now()
		position := i.register(t.Context(), other)
		require.NotEmpty(t, position, "writes do not need the frozen one")
		i.sees(other, position)
		took = append(took, time.Since(began))
		other.ready()
		holder.thawed()
		stop()
		writing.Wait()
	}
	slices.Sort(took)
	t.Logf("strong reads after a freeze: median %s, max %s, %d devices", took[len(took)/2], took[len(took)-1], i.done.Load())
	require.Less(t, took[len(took)-1], 5*time.Second)
	i.exact()
}

// The instance with the embedded node is frozen. Another one that is started on
// the same database takes the log over, and the frozen one ends when it wakes up.
func TestFrozenNodeIsReplaced(t *testing.T) {
	t.Parallel()
	long(t)
	url := pgtest.URL(t)
	first := serve(t, t.TempDir(), "--database-url", url)
	uid := when(first.operator.CreateAccount(t.Context(), nil, client.NewAccount{
		Name: "Summit Wireless", Type: client.Reseller, Administrator: administratorOf("Summit Wireless"),
	})).Then(t).JSON201.Uid
	dir := sharing(t, first.dir)
	out, err := program(t.Context(), "serve", "--addr", "127.0.0.1:0", "--data-dir", dir, "--database-url", url).CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), eventnode.ErrInUse.Error(), "the first one is alive")

	first.frozen()
	began := time.Now()
	second := serve(t, dir, "--database-url", url)
	t.Logf("started %s after the freeze", time.Since(began))
	require.Less(t, time.Since(began), 10*time.Second)
	when(second.operator.GetAccount(t.Context(), uid, nil)).Then(t)
	first.thawed()
	err = first.cmd.Wait()
	_, ended := errors.AsType[*exec.ExitError](err)
	require.True(t, ended, "%v", err)
	require.Contains(t, first.log.String(), eventnode.ErrFenced.Error())
	second.ready()
	when(second.operator.EditAccount(t.Context(), uid, nil, client.EditAccountJSONRequestBody{Name: new("Summit")})).Then(t)
}
