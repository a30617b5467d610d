package private_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/private"
)

var quiet = slog.New(slog.DiscardHandler)

func start(t *testing.T, dir string) *private.Server {
	t.Helper()
	server, err := private.Start(t.Context(), private.Options{DataDir: dir, Logger: quiet})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop(context.WithoutCancel(t.Context()))) })
	return server
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func show(t *testing.T, conn *pgx.Conn, setting string) (value string) {
	t.Helper()
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT current_setting($1)`, setting).Scan(&value))
	return value
}

func TestServerIsDurableAndPrivate(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), `a "folder" with+marks & more`)
	server := start(t, dir)
	conn := connect(t, server.URL())
	for setting, want := range map[string]string{
		"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "data_checksums": "on",
		"server_encoding": "UTF8", "TimeZone": "UTC", "listen_addresses": "",
	} {
		require.Equal(t, want, show(t, conn, setting), setting)
	}
	info, err := os.Stat(filepath.Join(dir, "run"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	for _, name := range []string{"pg", "run", "pg.log", "lock"} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.EqualValues(t, os.Geteuid(), info.Sys().(*syscall.Stat_t).Uid, "owner of %s", name)
	}
}

// Whoever runs SQL as the service does not find the service's secrets there.
func TestServerHasNoSecrets(t *testing.T) { //nolint:paralleltest // sets the environment
	t.Setenv("FLEETLEDGER_PERSON_KEY", "a secret")
	conn := connect(t, start(t, t.TempDir()).URL())
	_, err := conn.Exec(t.Context(), `CREATE TEMP TABLE variables (line text); COPY variables FROM PROGRAM 'env'`)
	require.NoError(t, err)
	var env string
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT string_agg(line, ' ') FROM variables`).Scan(&env))
	require.Contains(t, env, "PATH=")
	require.NotContains(t, env, "a secret")
}

func TestServerKeepsDataAcrossStops(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := private.ConnString(dir)
	require.ErrorIs(t, err, private.ErrNotRunning)

	server := start(t, dir)
	_, err = connect(t, server.URL()).Exec(t.Context(), `CREATE TABLE kept AS SELECT 7 AS n`)
	require.NoError(t, err)
	require.NoError(t, server.Stop(t.Context()))
	<-server.Done()
	require.NoError(t, server.Err())
	_, err = private.ConnString(dir)
	require.ErrorIs(t, err, private.ErrNotRunning)

	server = start(t, dir)
	url, err := private.ConnString(dir)
	require.NoError(t, err)
	require.Equal(t, server.URL(), url)
	requireKept(t, url)
}

func requireKept(t *testing.T, url string) {
	t.Helper()
	var n int
	require.NoError(t, connect(t, url).QueryRow(t.Context(), `SELECT n FROM kept`).Scan(&n))
	require.Equal(t, 7, n)
}

func TestSecondServerIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := start(t, dir)
	_, err := private.Start(t.Context(), private.Options{DataDir: dir, Logger: quiet})
	require.ErrorIs(t, err, private.ErrLocked)
	require.ErrorContains(t, err, "in use by process "+strconv.Itoa(os.Getpid()))
	connect(t, server.URL())
}

func TestDataFolderThatCannotHoldASocket(t *testing.T) {
	t.Parallel()
	for name, below := range map[string]string{"long": strings.Repeat("long/", 30), "comma": "a,b"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), below)
			server := start(t, dir)
			url, err := private.ConnString(dir)
			require.NoError(t, err)
			require.Equal(t, server.URL(), url)
			sockets := strings.Trim(show(t, connect(t, url), "unix_socket_directories"), `"`)
			info, err := os.Stat(sockets)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
			require.NoError(t, server.Stop(t.Context()))
			require.NoDirExists(t, sockets)
		})
	}
}

// killServer kills the main process, as the kernel does when memory is short.
func killServer(t *testing.T, server *private.Server) {
	t.Helper()
	require.NoError(t, syscall.Kill(server.PID(), syscall.SIGKILL))
	<-server.Done()
	require.ErrorContains(t, server.Err(), "killed")
	// Stop tidies up what is ours, except for the files of the server, which
	// a crash of the whole machine would leave as well.
	require.NoError(t, server.Stop(t.Context()))
}

func TestCrashedServerStartsAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := start(t, dir)
	_, err := connect(t, server.URL()).Exec(t.Context(), `CREATE TABLE kept AS SELECT 7 AS n`)
	require.NoError(t, err)
	// A session that computes outlives the main process until it looks up.
	ended := busySession(t, server, `SELECT count(*) FROM generate_series(1, 1e10)`)
	killServer(t, server)
	defer func() { require.Error(t, <-ended) }()
	requireKept(t, start(t, dir).URL())
}

func TestStalePIDFileOfAStrangerDoesNotBlock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, start(t, dir).Stop(t.Context()))
	// The pid of a dead server may belong to anybody by now, such as our parent:
	// PostgreSQL takes its own for no server.
	stale := strings.Join([]string{strconv.Itoa(os.Getppid()), filepath.Join(dir, "pg"), "1", "5432", filepath.Join(dir, "run"), "", "1 1", "ready", ""}, "\n")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "pg", "postmaster.pid"), []byte(stale), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "run", ".s.PGSQL.5432.lock"), []byte(stale), 0o600))
	_, err := private.ConnString(dir)
	require.ErrorIs(t, err, private.ErrNotRunning)
	start(t, dir)
}

func TestUnfinishedClusterIsMadeAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	half := filepath.Join(dir, "pg.new")
	require.NoError(t, os.Mkdir(half, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(half, "PG_VERSION"), []byte("1\n"), 0o600))
	start(t, dir)
	require.NoDirExists(t, half)
}

func TestStopEndsBusySessions(t *testing.T) {
	t.Parallel()
	server := start(t, t.TempDir())
	ended := busySession(t, server, `SELECT pg_sleep(3600)`)
	require.NoError(t, server.Stop(t.Context()))
	require.Error(t, <-ended)
}

// busySession returns when a session is executing the statement, which is not
// expected to end by itself.
func busySession(t *testing.T, server *private.Server, statement string) <-chan error {
	t.Helper()
	conn := connect(t, server.URL())
	ended := make(chan error, 1)
	go func() {
		_, err := conn.Exec(context.WithoutCancel(t.Context()), statement)
		ended <- err
	}()
	watch := connect(t, server.URL())
	for busy := 0; busy == 0; {
		require.NoError(t, watch.QueryRow(t.Context(),
			`SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = $1`, statement).Scan(&busy))
	}
	return ended
}

func TestStopWithoutPatienceLosesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := start(t, dir)
	_, err := connect(t, server.URL()).Exec(t.Context(), `CREATE TABLE kept AS SELECT 7 AS n`)
	require.NoError(t, err)
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, server.Stop(impatient))
	requireKept(t, start(t, dir).URL())
}

func TestFailedStartSaysWhyAndLetsGo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := private.Start(t.Context(), private.Options{
		DataDir: dir, Logger: quiet, Settings: map[string]string{"shared_buffers": "plenty"},
	})
	require.ErrorContains(t, err, "shared_buffers")
	start(t, dir)
}
