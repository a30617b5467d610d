package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/api/client"
)

// proofSite is the set-up that a history is made on: one instance with its private
// PostgreSQL and its embedded node, or two on a PostgreSQL and an event store that
// stand for such elsewhere. The clocks are those of a sandbox, so that they can be moved.
type proofSite struct {
	t         *testing.T
	dir       string
	args      []string
	instances []*service
	wires     []*wire
	jumped    int // how often the clock has jumped

	server *pgtest.Instance           // nil: the private one
	node   *eventnodetest.Restartable // nil: the embedded one
	disk   *ballast                   // can be filled up; nil: it cannot

	token, desk string    // the operator's, and that of a reseller
	customer    uuid.UUID // of that reseller
}

// oneInstance is a site that needs nothing besides, on a disk of its own where such
// a thing can be had.
func oneInstance(t *testing.T) *proofSite {
	s := &proofSite{t: t, dir: filepath.Join(t.TempDir(), "data"), args: []string{"--sandbox"}}
	if disk, err := mounted(t, "250m"); err == nil {
		s.dir, s.disk = filepath.Join(disk, "data"), &ballast{t, filepath.Join(disk, "ballast")}
	}
	return s.begins(1)
}

// twoInstances is a site as behind a load balancer.
func twoInstances(t *testing.T) *proofSite {
	server := pgtest.Server(t, pgtest.Empty(), pgtest.Durable())
	url := server.Pool(t).Config().ConnString()
	pool, err := pgxpool.New(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { go pool.Close() })
	node := eventnodetest.On(t, pool, eventnodetest.TCP())
	address := "esdb://" + node.Start().Addr() + "?tls=false"
	return (&proofSite{
		t: t, dir: t.TempDir(), server: server, node: node, args: []string{"--sandbox", "--database-url", url, "--eventstore-url", address},
	}).begins(2)
}

// begins starts the instances, and opens the accounts that histories share.
func (s *proofSite) begins(instances int) *proofSite {
	for i := range instances {
		s.instances = append(s.instances, serve(s.t, s.dir, s.args...))
		s.wires = append(s.wires, &wire{conns: map[*wired]bool{}})
		s.wires[i].leads(s.t, s.instances[i])
	}
	first := s.instances[0]
	s.token = first.token
	reseller := when(first.operator.CreateAccount(s.t.Context(), nil, client.NewAccount{
		Name: "Summit Wireless", Type: client.Reseller, Administrator: administratorOf("Summit Wireless"),
	})).Then(s.t).JSON201.Uid
	create := []string{"token", "create", "--account", reseller.String(), "--administrator", "--data-dir", s.dir}
	out, err := program(s.t.Context(), append(create, s.storeArgs()...)...).Output()
	require.NoError(s.t, err)
	s.desk = strings.TrimSpace(string(out))
	s.customer = first.customer(first.client(s.desk), "Prairie Fire", "complete")
	return s
}

// storeArgs lead other commands to the stores.
func (s *proofSite) storeArgs() []string { return s.args[1:] }

// kills ends an instance as a power cut would.
func (s *proofSite) kills(i int) {
	s.instances[i].kill()
	s.wires[i].cut()
}

// starts starts an instance anew.
func (s *proofSite) starts(i int) {
	s.instances[i] = serve(s.t, s.dir, s.args...)
	s.wires[i].leads(s.t, s.instances[i])
}

// killsPostgreSQL ends PostgreSQL as a crash would; it is started again by its
// instance, or by what it gives.
func (s *proofSite) killsPostgreSQL() (again func()) {
	if s.server == nil {
		s.instances[0].killPostgreSQL()
		return func() {}
	}
	s.server.Kill(s.t)
	return func() { s.server.Start(s.t) }
}

// freezesPostgreSQL stops all processes of PostgreSQL, until they are to go on.
func (s *proofSite) freezesPostgreSQL() (again func()) {
	processes := descendants(s.t, s.postmaster())
	for _, pid := range processes {
		_ = syscall.Kill(pid, syscall.SIGSTOP) // one may have ended meanwhile
	}
	again = func() {
		for _, pid := range processes {
			_ = syscall.Kill(pid, syscall.SIGCONT)
		}
	}
	s.t.Cleanup(again)
	return again
}

func (s *proofSite) postmaster() int {
	s.t.Helper()
	file := filepath.Join(s.dir, "*", "postmaster.pid")
	if s.server != nil {
		var folder string
		require.NoError(s.t, s.server.Pool(s.t).QueryRow(s.t.Context(), `SHOW data_directory`).Scan(&folder))
		file = filepath.Join(folder, "postmaster.pid")
	}
	found, err := filepath.Glob(file)
	require.NoError(s.t, err)
	require.Len(s.t, found, 1)
	text, err := os.ReadFile(found[0])
	require.NoError(s.t, err)
	pid, err := strconv.Atoi(strings.Fields(string(text))[0])
	require.NoError(s.t, err)
	return pid
}

// descendants are a process and its children.
func descendants(t *testing.T, parent int) []int {
	t.Helper()
	all := []int{parent}
	found, err := filepath.Glob("/proc/[0-9]*/stat")
	require.NoError(t, err)
	for _, name := range found {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		var pid, ppid int
		var state string
		_, after, _ := strings.Cut(string(text), ") ") // behind the name, which may have blanks
		_, err = fmt.Sscan(filepath.Base(filepath.Dir(name))+" "+after, &pid, &state, &ppid)
		require.NoError(t, err, "%s", text)
		if ppid == parent {
			all = append(all, pid)
		}
	}
	return all
}

// stopsNode takes the event store down, until it is to go on.
func (s *proofSite) stopsNode() (again func()) {
	s.node.Stop()
	return func() { s.node.Start() }
}
