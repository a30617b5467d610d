package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
	"github.com/fleetledger/fleetledger/adapters/eventstoredb"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/app/eventlog"
)

// copyTarget is an event store elsewhere that a log is copied to.
type copyTarget struct {
	*eventnodetest.Restartable
	t   *testing.T
	url string
}

func newTarget(t *testing.T) copyTarget {
	t.Helper()
	node := eventnodetest.NewRestartable(t, eventnodetest.TCP())
	return copyTarget{node, t, node.Start().ConnectionString()}
}

// count is how many events it holds.
func (t copyTarget) count() (n int) {
	require.NoError(t.t, t.Pool().QueryRow(t.t.Context(), `SELECT count(*) FROM eventnode.events`).Scan(&n))
	return n
}

// hold lets no append get through, until let go.
func (t copyTarget) hold() (letGo func()) {
	t.t.Helper()
	tx, err := t.Pool().Begin(t.t.Context())
	require.NoError(t.t, err)
	_, err = tx.Exec(t.t.Context(), `SET LOCAL idle_in_transaction_session_timeout = 0; LOCK TABLE eventnode.events IN EXCLUSIVE MODE`)
	require.NoError(t.t, err)
	return func() { require.NoError(t.t, tx.Rollback(t.t.Context())) }
}

// kept are the events of a log as it is kept, but those that name it, without what a
// store decides by itself.
func kept(t *testing.T, log eventlog.SealedLog) []eventlog.Recorded {
	t.Helper()
	var all []eventlog.Recorded
	for e, err := range log.ReadAll(t.Context(), eventlog.Position{}, eventlog.Everything...) {
		require.NoError(t, err)
		if e.Stream != eventlog.IdentityStream {
			e.Position, e.RecordedAt = eventlog.Position{}, time.Time{}
			all = append(all, e)
		}
	}
	return all
}

func (t copyTarget) kept() []eventlog.Recorded {
	t.t.Helper()
	store, err := eventstoredb.Open(t.t.Context(), eventstoredb.Options{ConnectionString: t.url})
	require.NoError(t.t, err)
	defer func() { require.NoError(t.t, store.Close()) }()
	return kept(t.t, store.Sealed())
}

// keptIn is the log of a data folder.
func keptIn(t *testing.T, dir string) []eventlog.Recorded {
	t.Helper()
	s, err := attachService(t.Context(), &Config{DataDir: dir}, quiet())
	require.NoError(t, err)
	defer func() { require.NoError(t, s.close(t.Context())) }()
	return kept(t, s.log.Sealed())
}

// copies carries out the command.
func copies(t *testing.T, dir, url string) (string, error) {
	t.Helper()
	out, err := program(t.Context(), "log", "copy", "--to", url, "--data-dir", dir).CombinedOutput()
	return string(out), err
}

// largeFleet is a service with some thousand events.
func largeFleet(t *testing.T, devices int) (s *service, desk *client.Client, reseller uuid.UUID) {
	t.Helper()
	s = serve(t, t.TempDir())
	reseller, token := s.reseller("Summit Wireless")
	desk = s.client(token)
	customer := s.customer(desk, "Prairie Fire", "complete")
	var file strings.Builder
	fmt.Fprintln(&file, "TARGET_COMPANY,GATEWAY[SERIAL NUMBER],GATEWAY[ESN]")
	for n := range devices {
		fmt.Fprintf(&file, "%s,LD%014d,%08X\n", customer, n, n+1)
	}
	require.Equal(t, devices, *s.registerFile(desk, file.String()).Created)
	s.dayBegun()
	return s, desk, reseller
}

// TestACopyIsKilled in the middle, again and again, while the source is written to. Then
// two run at once. In the end the target has each event once.
func TestACopyIsKilled(t *testing.T) {
	t.Parallel()
	long(t)
	to := newTarget(t)
	s, _, reseller := largeFleet(t, 200)
	written, stop := make(chan int, 1), make(chan struct{})
	go func() {
		n := 0
		defer func() { written <- n }()
		for ; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			_, err := s.operator.EditAccount(t.Context(), reseller, nil, client.AccountEdit{Name: new(fmt.Sprintf("Summit %d", n))})
			if t.Context().Err() != nil {
				return // the test has failed
			}
			if err != nil {
				t.Errorf("edit %d: %v", n, err)
				return
			}
		}
	}()
	for i, at := range []int{1, 50, 200, 400} {
		cmd := program(t.Context(), "log", "copy", "--to", to.url, "--data-dir", s.dir)
		stderr, err := cmd.StderrPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewReader(stderr)
		_, err = lines.ReadString('\n') // it has begun, and minds signals
		require.NoError(t, err)
		require.Eventually(t, func() bool { return to.count() >= at }, time.Minute, time.Millisecond)
		letGo := to.hold()
		signal := syscall.SIGKILL
		if i%2 == 1 {
			signal = syscall.SIGTERM
		}
		require.NoError(t, cmd.Process.Signal(signal))
		said, err := io.ReadAll(lines)
		require.NoError(t, err)
		require.Error(t, cmd.Wait(), "it was done before: %s", said)
		if signal == syscall.SIGTERM {
			require.Equal(t, 1, cmd.ProcessState.ExitCode())
			require.Contains(t, string(said), "the same command goes on with it")
		}
		letGo()
	}
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			out, err := copies(t, s.dir, to.url)
			if err != nil {
				t.Errorf("one of two: %v\n%s", err, out)
			}
		})
	}
	both.Wait()
	close(stop)
	n := <-written
	require.Positive(t, n)
	out, err := copies(t, s.dir, to.url)
	require.NoError(t, err, out)
	require.Contains(t, out, "the copy is whole")
	require.Equal(t, keptIn(t, s.dir), to.kept())
	s.stop()
}

// TestTheTargetIsAway for a while: the copy waits. From the start, it says so.
func TestTheTargetIsAway(t *testing.T) {
	t.Parallel()
	long(t)
	to := newTarget(t)
	s, _, _ := largeFleet(t, 100)
	cmd := program(t.Context(), "log", "copy", "--to", to.url, "--data-dir", s.dir)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool { return to.count() >= 50 }, time.Minute, time.Millisecond)
	letGo := to.hold() // an append is under way
	var stopping sync.WaitGroup
	address := to.Node().Addr()
	stopping.Go(to.Stop)
	require.Eventually(t, func() bool {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	}, 30*time.Second, 5*time.Millisecond)
	letGo()
	stopping.Wait()
	to.Start()
	require.NoError(t, cmd.Wait(), out.String())
	require.Contains(t, out.String(), "the copy is whole")
	require.Equal(t, keptIn(t, s.dir), to.kept())
	to.Stop()
	said, err := copies(t, s.dir, to.url)
	require.Error(t, err)
	require.Regexp(t, `(?m)^fleetledger: the target: .*the event store does not answer`, said)
	s.stop()
}

// TestWrongTargetsOfACopy are refused with the first difference, and stay as they are.
func TestWrongTargetsOfACopy(t *testing.T) {
	t.Parallel()
	long(t)
	s := serve(t, t.TempDir(), "--node-addr", "127.0.0.1:0")
	s.opens("Northwind")
	refused := func(url, says string) {
		t.Helper()
		out, err := copies(t, s.dir, url)
		exit := new(exec.ExitError)
		require.ErrorAs(t, err, &exit, out)
		require.Equal(t, 1, exit.ExitCode())
		require.Contains(t, out, says)
		require.Equal(t, 1, strings.Count(out, "\n"), out)
	}
	foreign := newTarget(t)
	store := eventnodetest.Client(t, foreign.Node())
	_, err := store.AppendToStream(t.Context(), "orders-7", esdb.AppendToStreamOptions{}, esdb.EventData{
		EventID: uuid.New(), EventType: "OrderPlaced", ContentType: esdb.ContentTypeJson, Data: []byte(`{}`),
	})
	require.NoError(t, err)
	refused(foreign.url, "as event 1 of the log it has OrderPlaced (revision 0 of orders-7")
	require.Equal(t, 1, foreign.count())

	other := serve(t, t.TempDir(), "--node-addr", "127.0.0.1:0")
	other.opens("Elsewhere")
	other.dayBegun()
	held := keptIn(t, other.dir)
	refused(other.printed("event node on "), "the target is not a copy of this log: as event 1 of the log")
	require.Equal(t, held, keptIn(t, other.dir))
	other.stop()
	refused(s.printed("event node on "), "the target is this log itself")
	status, _, errs := line(t, "log", "copy", "--to", "http://user:secret@example.org", "--data-dir", s.dir)
	require.Equal(t, 2, status)
	require.Contains(t, errs, "--to: is not a URL that starts with esdb://")
	require.NotContains(t, errs, "secret")
	s.stop()
}
