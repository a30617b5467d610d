package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/fleetledger/fleetledger/api/client"
)

const (
	outageClients = 24
	// outageFiles is a usual limit of open files, and what a leak runs into.
	outageFiles = 1024
	// outageSlack is what the connections to PostgreSQL that a load opens, and those
	// kept open for it, make of a difference.
	outageSlack = 60
)

// TestOutagesLeaveNothingOpen kills PostgreSQL under load, FLEETLEDGER_OUTAGES times
// (20, say; without it not at all), and counts what the service has open before,
// directly after, and a minute after.
func TestOutagesLeaveNothingOpen(t *testing.T) {
	t.Parallel()
	times, err := strconv.Atoi(cmp.Or(os.Getenv("FLEETLEDGER_OUTAGES"), "0"))
	require.NoError(t, err)
	if times == 0 {
		t.Skip("FLEETLEDGER_OUTAGES is not set: PostgreSQL is not killed")
	}
	s := serve(t, t.TempDir())
	limit := unix.Rlimit{Cur: outageFiles, Max: outageFiles}
	require.NoError(t, unix.Prlimit(s.cmd.Process.Pid, unix.RLIMIT_NOFILE, &limit, nil))
	_, token := s.reseller("Summit Wireless")
	o := &outages{service: s, token: token, customer: s.customer(s.client(token), "Prairie Fire", "complete").String()}

	o.underLoad(func() { o.goesOn(100) })
	before := s.gauges()
	t.Logf("before:         %v", before)
	var writes, reads []time.Duration
	o.underLoad(func() {
		for range times {
			o.goesOn(20)
			s.killPostgreSQL()
			began := time.Now()
			position := o.write()
			writes = append(writes, time.Since(began))
			o.read(position)
			reads = append(reads, time.Since(began))
		}
		t.Logf("under load:     %v", s.gauges())
	})
	t.Logf("directly after: %v", s.gauges())
	minute := time.NewTimer(time.Minute)
	<-minute.C
	after := s.gauges()
	t.Logf("a minute after: %v", after)
	t.Logf("%d answers; the first write after %v, the first read of it after %v", o.answers.Load(), spread(writes), spread(reads))
	require.LessOrEqual(t, after.goroutines, before.goroutines+outageSlack)
	require.LessOrEqual(t, after.files, before.files+outageSlack)
	require.LessOrEqual(t, after.sockets, before.sockets+outageSlack)
}

// outages is a service that loses its PostgreSQL, and its clients.
type outages struct {
	*service
	token, customer string
	n, answers      atomic.Int64
}

// underLoad has clients write and read while something is done.
func (o *outages) underLoad(do func()) {
	ctx, cancel := context.WithCancel(o.t.Context())
	transport := http.DefaultTransport.(*http.Transport).Clone()
	c := o.client(o.token, client.WithHTTPClient(&http.Client{Transport: transport}))
	var working sync.WaitGroup
	for range outageClients {
		working.Go(func() {
			for ctx.Err() == nil {
				if _, err := o.register(ctx, c); err != nil {
					continue
				}
				o.answers.Add(1)
				_, _ = c.ListDevices(ctx, &client.ListDevicesParams{Limit: new(1)})
			}
		})
	}
	do()
	cancel()
	working.Wait()
	transport.CloseIdleConnections()
}

func (o *outages) register(ctx context.Context, c *client.Client) (*client.RegisterDevicesResponse, error) {
	n := int(o.n.Add(1))
	return c.RegisterDevices(ctx, nil, client.RegistrationRequest{Items: []client.Registration{
		{SerialNumber: fmt.Sprintf("LD%014d", n), Imei: new(testIMEI(n)), Account: &o.customer},
	}})
}

// goesOn waits for so many more answers to the clients.
func (o *outages) goesOn(answers int64) {
	o.t.Helper()
	until := o.answers.Load() + answers
	require.Eventually(o.t, func() bool { return o.answers.Load() >= until }, time.Minute, 10*time.Millisecond)
}

// write writes as soon as that goes, and gives the position.
func (o *outages) write() (position string) {
	o.t.Helper()
	c := o.client(o.token)
	require.Eventually(o.t, func() bool {
		a, err := o.register(o.t.Context(), c)
		if err == nil {
			position = a.Header.Get("X-Position")
		}
		return err == nil
	}, time.Minute, time.Millisecond)
	return position
}

// read reads what was written.
func (o *outages) read(position string) {
	o.t.Helper()
	c := o.client(o.token)
	c.After(position)
	account := uuid.MustParse(o.customer)
	require.Eventually(o.t, func() bool {
		_, err := c.ListDevices(o.t.Context(), &client.ListDevicesParams{Limit: new(1), Account: &[]uuid.UUID{account}})
		return err == nil
	}, time.Minute, time.Millisecond)
}

// killPostgreSQL kills the service's own.
func (s *service) killPostgreSQL() {
	s.t.Helper()
	found, err := filepath.Glob(filepath.Join(s.dir, "*", "postmaster.pid"))
	require.NoError(s.t, err)
	require.Len(s.t, found, 1)
	text, err := os.ReadFile(found[0])
	require.NoError(s.t, err)
	pid, err := strconv.Atoi(strings.Fields(string(text))[0])
	require.NoError(s.t, err)
	require.NoError(s.t, syscall.Kill(pid, syscall.SIGKILL))
}

// serviceGauges are what a leak would raise.
type serviceGauges struct{ goroutines, files, sockets, megabytes int }

func (g serviceGauges) String() string {
	return fmt.Sprintf("%d goroutines, %d files, of them %d sockets, %d MB", g.goroutines, g.files, g.sockets, g.megabytes)
}

func (s *service) gauges() (g serviceGauges) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+"/metrics", http.NoBody)
	require.NoError(s.t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	body, err := io.ReadAll(answer.Body)
	require.NoError(s.t, err)
	require.NoError(s.t, answer.Body.Close())
	value := func(name string) int {
		found := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindSubmatch(body)
		require.NotNil(s.t, found, name)
		n, err := strconv.ParseFloat(string(found[1]), 64)
		require.NoError(s.t, err)
		return int(n)
	}
	folder := fmt.Sprintf("/proc/%d/fd", s.cmd.Process.Pid)
	files, err := os.ReadDir(folder)
	require.NoError(s.t, err)
	for _, f := range files {
		if target, err := os.Readlink(filepath.Join(folder, f.Name())); err == nil && strings.HasPrefix(target, "socket:") {
			g.sockets++
		}
	}
	g.goroutines, g.files, g.megabytes = value("go_goroutines"), len(files), value("process_resident_memory_bytes")>>20
	return g
}

// spread is the median and the longest.
func spread(took []time.Duration) string {
	took = slices.Sorted(slices.Values(took))
	return fmt.Sprintf("%s/%s (median/max)", took[len(took)/2].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond))
}
