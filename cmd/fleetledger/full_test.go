package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/private"
	"github.com/fleetledger/fleetledger/api/client"
)

// smallDisk is a filesystem of its own, as large as a data folder and a little more.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir, err := mounted(t, "110m")
	if err != nil {
		t.Skipf("a filesystem cannot be mounted here: %v", err)
	}
	return dir
}

// mounted is a filesystem of its own, of a size, until the test ends.
func mounted(t *testing.T, size string) (dir string, err error) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		return "", err
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir, nil
}

// ballast takes all the room that a disk has.
type ballast struct {
	t    *testing.T
	path string
}

func (b ballast) fill() {
	b.t.Helper()
	file, err := os.OpenFile(b.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	require.NoError(b.t, err)
	defer func() { require.NoError(b.t, file.Close()) }()
	for size := 1 << 20; size > 0; {
		if _, err := file.Write(make([]byte, size)); err != nil {
			require.ErrorIs(b.t, err, syscall.ENOSPC)
			size /= 2
		}
	}
}

func (b ballast) remove() { require.NoError(b.t, os.Remove(b.path)) }

// readiness is what readyz says: the status, and what is wrong.
func (s *service) readiness() (int, string) {
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+"/readyz", http.NoBody)
	require.NoError(s.t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	require.NoError(s.t, err)
	var health struct {
		Checks []struct {
			Name, Detail string
			Ok           bool
		}
	}
	require.NoError(s.t, json.Unmarshal(body, &health))
	var wrong []string
	for _, check := range health.Checks {
		if !check.Ok {
			wrong = append(wrong, check.Name+": "+check.Detail)
		}
	}
	return answer.StatusCode, strings.Join(wrong, ", ")
}

// fleetOf writes devices into an account, each another one.
type fleetOf struct {
	s       *service
	account uuid.UUID
	mu      sync.Mutex
	next    int
	written int
}

func (f *fleetOf) write(ctx context.Context) error {
	f.mu.Lock()
	f.next++
	n := f.next
	f.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	a, err := f.s.operator.RegisterDevices(ctx, nil, client.RegistrationRequest{Items: []client.Registration{{
		SerialNumber: fmt.Sprintf("LD%014d", n), Imei: new(testIMEI(n)), Account: new(f.account.String()),
	}}})
	if err == nil && a.JSON200.Results[0].Outcome != client.OutcomeCreated {
		return fmt.Errorf("not registered: %s", a.Body)
	}
	if err == nil {
		f.mu.Lock()
		f.written++
		f.mu.Unlock()
	}
	return err
}

func starving(t *testing.T) (*fleetOf, ballast) {
	disk := smallDisk(t)
	s := serve(t, filepath.Join(disk, "data"))
	_, token := s.reseller("Summit Wireless")
	return &fleetOf{s: s, account: s.customer(s.client(token), "Prairie Fire", "complete")}, ballast{t, filepath.Join(disk, "ballast")}
}

// refusedFor writes for a time and expects that each write is refused at once.
func (f *fleetOf) refusedFor(d time.Duration, code string) {
	t := f.s.t
	var writers sync.WaitGroup
	var mu sync.Mutex
	slowest, answers := time.Duration(0), map[string]int{}
	for end := time.Now().Add(d); time.Now().Before(end); {
		for range 4 {
			writers.Go(func() {
				began := time.Now()
				err := f.write(t.Context())
				problem, ok := errors.AsType[*client.Problem](err)
				mu.Lock()
				defer mu.Unlock()
				slowest = max(slowest, time.Since(began))
				if ok {
					answers[fmt.Sprint(problem.Status, " ", problem.Codes(), " ", problem.Header.Get("Retry-After"))]++
				} else {
					answers[fmt.Sprint(err)]++
				}
			})
		}
		writers.Wait()
	}
	t.Logf("while the disk is full: %v, the slowest after %s", answers, slowest)
	require.Contains(t, fmt.Sprint(answers), code)
	require.Less(t, slowest, 5*time.Second)
}

// goesOn expects that writes go through again in the same process.
func (f *fleetOf) goesOn(b ballast) {
	t := f.s.t
	b.remove()
	began := time.Now()
	require.Eventually(t, func() bool { return f.write(t.Context()) == nil }, 30*time.Second, 10*time.Millisecond)
	t.Logf("writes again %s after there was room", time.Since(began))
	require.Eventually(t, func() bool { status, _ := f.s.readiness(); return status == http.StatusOK }, 30*time.Second, 10*time.Millisecond)
	require.Eventually(t, func() bool {
		list, err := f.s.operator.ListDevices(t.Context(), &client.ListDevicesParams{Limit: new(1)})
		return err == nil && list.JSON200.Total >= f.written
	}, 30*time.Second, 10*time.Millisecond)
	f.s.stop()
	lines := strings.Count(f.s.log.String(), "\n")
	t.Logf("%d lines of log", lines)
	require.Less(t, lines, 60)
	require.Contains(t, f.s.log.String(), "disk is full")
}

// The disk fills up under writes: they are refused at once and clearly, reads go
// on, and so does everything by itself when there is room.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	f, b := starving(t)
	b.fill()
	var err error
	for err == nil { // there is still room in files that are there
		err = f.write(t.Context())
	}
	t.Logf("%d devices, then %v", f.written, err)
	f.refusedFor(5*time.Second, "503 [disk_full] 10")
	status, wrong := f.s.readiness()
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Equal(t, "eventStore: disk full", wrong)
	another := f.s.client(f.s.token) // which does not wait for what was written last
	when(another.ListDevices(t.Context(), &client.ListDevicesParams{Limit: new(1)})).Then(t)
	f.goesOn(b)
}

// The server's own log cannot grow, which ends the server, again at each start. It
// is started when there is room, however long that takes.
func TestFullDiskEndsTheServer(t *testing.T) {
	t.Parallel()
	long(t)
	f, b := starving(t)
	url, err := private.ConnString(f.s.dir)
	require.NoError(t, err)
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	b.fill()
	for err == nil {
		_, err = conn.Exec(t.Context(), `SELECT pg_logical_emit_message(false, 'test', repeat('x', 1 << 20))`)
	}
	require.True(t, conn.IsClosed(), "the server ended: %v", err)
	require.Eventually(t, func() bool {
		_, wrong := f.s.readiness()
		return strings.Contains(wrong, "database: disk full") && strings.Contains(wrong, "eventStore: disk full")
	}, 30*time.Second, 10*time.Millisecond)
	f.refusedFor((restartTries+3)*restartPause, "503")
	f.goesOn(b)
}
