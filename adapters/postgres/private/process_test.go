//go:build linux

package private_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/fleetledger/fleetledger/adapters/postgres/private"
)

// serveDir makes the test binary a process that owns a data folder: it starts
// the server, writes numbers, and prints each once it is acknowledged.
const serveDir = "PRIVATE_TEST_SERVE_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(serveDir); dir != "" {
		if err := serve(dir); err != nil {
			_, _ = fmt.Fprintln(os.Stdout, "failed:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func serve(dir string) error {
	ctx := context.Background()
	server, err := private.Start(ctx, private.Options{DataDir: dir, Logger: quiet})
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, server.URL())
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, `CREATE TABLE IF NOT EXISTS written (n int)`); err != nil {
		return err
	}
	// Ends when the parent closes our input, having seen enough.
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(ended)
	}()
	for n := 1; ; n++ {
		if _, err := conn.Exec(ctx, `INSERT INTO written VALUES ($1)`, n); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(os.Stdout, n); err != nil {
			return err
		}
		select {
		case <-ended:
			return server.Stop(ctx)
		default:
		}
	}
}

// owner is a running serve process.
type owner struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	output *bufio.Scanner
}

// startOwner runs serve in its own process group, as another user if cred is
// given.
func startOwner(t *testing.T, binary, dir string, cred *syscall.Credential) owner {
	t.Helper()
	cmd := exec.Command(binary)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), serveDir+"="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: cred}
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	return owner{cmd: cmd, stdin: stdin, output: bufio.NewScanner(stdout)}
}

// acknowledged reads until the process has written n numbers.
func (o owner) acknowledged(t *testing.T, n int) {
	t.Helper()
	for o.output.Scan() {
		got, err := strconv.Atoi(o.output.Text())
		require.NoError(t, err, o.output.Text())
		if got >= n {
			return
		}
	}
	t.Fatalf("the process ended before %d writes: %v", n, o.output.Err())
}

// drain reads to the end and gives the last acknowledged number.
func (o owner) drain(t *testing.T) (last int) {
	t.Helper()
	for o.output.Scan() {
		var err error
		last, err = strconv.Atoi(o.output.Text())
		require.NoError(t, err, o.output.Text())
	}
	return last
}

func self(t *testing.T) string {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	return binary
}

func TestKilledOwnerLosesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	last := 0
	for range 3 {
		process := startOwner(t, self(t), dir, nil)
		process.acknowledged(t, 50)
		_, err := private.Start(t.Context(), private.Options{DataDir: dir, Logger: quiet})
		require.ErrorIs(t, err, private.ErrLocked)
		require.ErrorContains(t, err, fmt.Sprintf("process %d", process.cmd.Process.Pid))
		require.NoError(t, syscall.Kill(-process.cmd.Process.Pid, syscall.SIGKILL))
		last += max(50, process.drain(t))
	}
	conn := connect(t, start(t, dir).URL())
	var rows int
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT count(*) FROM written`).Scan(&rows))
	require.GreaterOrEqual(t, rows, last, "acknowledged writes are there")
}

// Owner and server are killed together, and the next start does not wait until
// the kernel is done with either: both are zombies at least, for nobody waits for
// the owner before the end, and for the server only the test can.
func TestStartRightAfterBothWereKilled(t *testing.T) {
	t.Parallel()
	require.NoError(t, unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)) // orphans become ours
	dir := t.TempDir()
	last := 0
	for range 5 {
		process := startOwner(t, self(t), dir, nil)
		process.acknowledged(t, 20)
		killed := serverPID(t, dir)
		require.NoError(t, syscall.Kill(process.cmd.Process.Pid, syscall.SIGSTOP))
		_, err := private.Start(t.Context(), private.Options{DataDir: dir, Logger: quiet})
		require.ErrorIs(t, err, private.ErrLocked, "the owner does nothing, but it lives")
		require.ErrorContains(t, err, fmt.Sprintf("in use by process %d", process.cmd.Process.Pid))
		require.NoError(t, syscall.Kill(killed, syscall.SIGKILL))
		require.NoError(t, syscall.Kill(process.cmd.Process.Pid, syscall.SIGKILL))
		t.Cleanup(func() { _, _ = unix.Wait4(killed, nil, 0, nil) })
		server, err := private.Start(t.Context(), private.Options{DataDir: dir, Logger: quiet})
		require.NoError(t, err)
		last += max(20, process.drain(t))
		var rows int
		require.NoError(t, connect(t, server.URL()).QueryRow(t.Context(), `SELECT count(*) FROM written`).Scan(&rows))
		require.GreaterOrEqual(t, rows, last, "acknowledged writes are there")
		require.NoError(t, server.Stop(t.Context()))
	}
}

// serverPID is the main process of the server that runs on the folder.
func serverPID(t *testing.T, dir string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "pg", "postmaster.pid"))
	require.NoError(t, err)
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	require.NoError(t, err)
	return pid
}

func TestServerDiesWithItsOwner(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	process := startOwner(t, self(t), dir, nil)
	process.acknowledged(t, 1)
	url, err := private.ConnString(dir)
	require.NoError(t, err)
	conn := connect(t, url)
	require.NoError(t, syscall.Kill(process.cmd.Process.Pid, syscall.SIGKILL))
	_, err = conn.Exec(t.Context(), `SELECT pg_sleep(3600)`)
	require.Error(t, err, "nobody stopped the server but the kernel")
	start(t, dir) // waits until all its processes are gone, which still write
}

func TestOrphanIsReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, start(t, dir).Stop(t.Context()))
	// A server without an owner, as on a system that does not tie it to one.
	orphan := orphanServer(t, dir)
	server := start(t, dir)
	require.NotEqual(t, orphan, server.PID())
	connect(t, server.URL())
}

// orphanServer runs a server on the folder, started by nobody who holds its
// lock, and gives its pid.
func orphanServer(t *testing.T, dir string) int {
	t.Helper()
	bin, _, err := private.Find(t.Context(), private.Options{DataDir: dir, Logger: quiet})
	require.NoError(t, err)
	cmd := exec.Command(filepath.Join(bin, "postgres"), "-D", filepath.Join(dir, "pg"),
		"-c", "listen_addresses=", "-c", "unix_socket_directories="+filepath.Join(dir, "run"))
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 65534, HostID: 0, Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 65534, HostID: 0, Size: 1}},
		}
	}
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Wait() })
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		if strings.Contains(lines.Text(), "ready to accept connections") {
			go func() { _, _ = io.Copy(io.Discard, stderr) }()
			return cmd.Process.Pid
		}
	}
	t.Fatal("the orphan did not start")
	return 0
}

func TestOrdinaryUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("every other test is this one when we are not root")
	}
	entry, err := user.Lookup("nobody")
	require.NoError(t, err)
	uid, err := strconv.Atoi(entry.Uid)
	require.NoError(t, err)
	gid, err := strconv.Atoi(entry.Gid)
	require.NoError(t, err)

	// Not t.TempDir: other users may not pass through it.
	home, err := os.MkdirTemp("", "private-test-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(home)) })
	require.NoError(t, os.Chmod(home, 0o755))
	binary := filepath.Join(home, "owner")
	// Copied by another process: one of ours that forks meanwhile would keep
	// the file open for writing, and it could not be run.
	require.NoError(t, exec.Command("cp", self(t), binary).Run())
	require.NoError(t, os.Chmod(binary, 0o755))
	dir := filepath.Join(home, "data")
	require.NoError(t, os.Mkdir(dir, 0o700))
	require.NoError(t, os.Chown(dir, uid, gid))

	process := startOwner(t, binary, dir, &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)})
	process.acknowledged(t, 10)
	require.NoError(t, process.stdin.Close())
	last := max(10, process.drain(t)) // it may end before it writes an eleventh

	// Root takes the folder over for once; the files stay the user's.
	server := start(t, dir)
	var rows int
	require.NoError(t, connect(t, server.URL()).QueryRow(t.Context(), `SELECT count(*) FROM written`).Scan(&rows))
	require.GreaterOrEqual(t, rows, last)
	require.NoError(t, server.Stop(t.Context()))
	process = startOwner(t, binary, dir, &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)})
	process.acknowledged(t, 1)
}

func TestRootWithoutUserNamespace(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root needs a stand-in")
	}
	entry, err := user.Lookup("postgres")
	if err != nil {
		t.Skip("there is no user postgres here")
	}
	uid, err := strconv.Atoi(entry.Uid)
	require.NoError(t, err)
	gid, err := strconv.Atoi(entry.Gid)
	require.NoError(t, err)
	home, err := os.MkdirTemp("", "private-test-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(home)) })
	require.NoError(t, os.Chmod(home, 0o755))
	// A cluster folder that belongs to postgres is what the fallback makes.
	dir := filepath.Join(home, "data")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "pg"), 0o700))
	require.NoError(t, os.Chmod(dir, 0o700))
	require.NoError(t, os.Chown(filepath.Join(dir, "pg"), uid, gid))

	server := start(t, dir)
	connect(t, server.URL())
	info, err := os.Stat(filepath.Join(dir, "pg", "PG_VERSION"))
	require.NoError(t, err)
	require.EqualValues(t, uid, info.Sys().(*syscall.Stat_t).Uid)
}
