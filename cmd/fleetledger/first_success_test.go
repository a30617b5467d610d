package main

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/api/client"
)

// faultRounds of each fault; more of them measure.
const faultRounds = 3

// postmaster is the main process of a service's PostgreSQL.
func (s *service) postmaster() int {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, "pg", "postmaster.pid"))
	require.NoError(s.t, err)
	pid, err := strconv.Atoi(strings.SplitN(string(text), "\n", 2)[0])
	require.NoError(s.t, err)
	return pid
}

// After a fault writes go through again, and can be read, within a short time.
func TestFirstSuccessAfterAFault(t *testing.T) {
	t.Parallel()
	long(t)
	dir := t.TempDir()
	s := serve(t, dir)
	_, token := s.reseller("Summit Wireless")
	f := &fleetOf{s: s, account: s.customer(s.client(token), "Prairie Fire", "complete")}
	for _, fault := range []struct {
		name   string
		strike func()
		within time.Duration
	}{
		{"kill of the service", func() { f.s.kill(); f.s = serve(t, dir) }, 10 * time.Second},
		{"kill of PostgreSQL", func() { require.NoError(t, syscall.Kill(f.s.postmaster(), syscall.SIGKILL)) }, 10 * time.Second},
	} {
		var writes, reads []time.Duration
		for range faultRounds {
			require.NoError(t, f.write(t.Context()))
			began := time.Now()
			fault.strike()
			require.Eventually(t, func() bool { return f.write(t.Context()) == nil }, fault.within, time.Millisecond)
			writes = append(writes, time.Since(began))
			position := f.s.operator.Position()
			require.Eventually(t, func() bool {
				_, err := f.s.operator.ListDevices(t.Context(), &client.ListDevicesParams{Limit: new(1), MinPosition: &position})
				return err == nil
			}, fault.within, time.Millisecond)
			reads = append(reads, time.Since(began))
		}
		slices.Sort(writes)
		slices.Sort(reads)
		t.Logf("%s: first write after %s, at most %s; first strong read after %s, at most %s", fault.name,
			writes[len(writes)/2], writes[len(writes)-1], reads[len(reads)/2], reads[len(reads)-1])
	}
}
