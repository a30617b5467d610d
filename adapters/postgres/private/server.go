package private

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Options say how to run the server. Only DataDir is required.
type Options struct {
	// DataDir is the data folder; it is created when missing.
	DataDir string
	// BinDir is the one folder to take server binaries from. Empty searches
	// PATH, pg_config and /usr/lib/postgresql, and fetches them at last.
	BinDir string
	// Lock is the folder's lock when the caller holds it already; it stays the
	// caller's to release. Nil makes Start take it and Stop release it.
	Lock *Lock
	// Template is a stopped cluster (the pg folder of another data folder) to
	// copy on first use instead of running initdb. It must have been made by
	// the same major version.
	Template string
	// Listen is a loopback address, 127.0.0.1:5433 say, at which the server is to
	// be reached besides its socket: with a password, by members of ListenRole,
	// for the product's database, and by nobody else.
	Listen, ListenRole string
	// Settings override the server's settings, by their PostgreSQL names.
	Settings map[string]string
	// Logger defaults to slog.Default().
	Logger *slog.Logger
	// StartTimeout bounds the wait for the first connection; crash recovery
	// counts too. Default one minute.
	StartTimeout time.Duration
}

// settings are those of a small single-machine installation that may lose
// nothing it acknowledged.
var settings = map[string]string{
	"listen_addresses":        "",
	"unix_socket_permissions": "0700",
	"cluster_name":            "fleetledger",
	"max_connections":         "100",
	"shared_buffers":          "128MB",
	"fsync":                   "on",
	"synchronous_commit":      "on",
	"full_page_writes":        "on",
	// Our queries are short; compiling them costs more than it saves.
	"jit":               "off",
	"timezone":          "UTC",
	"log_timezone":      "UTC",
	"log_destination":   "stderr",
	"logging_collector": "off",
	"log_line_prefix":   "%m [%p] ",
	"lc_messages":       "C",
}

// stopPatience is how long Stop waits for each harsher step after its context
// has ended.
const stopPatience = 5 * time.Second

// Server is a running PostgreSQL that belongs to this process.
type Server struct {
	dataDir   string
	socketDir string
	port      int
	lock      *Lock
	ownsLock  bool
	log       *logFile
	cmd       *exec.Cmd
	done      chan struct{}
	exit      error
	cleanup   sync.Once
}

// Start runs the data folder's server and returns when it answers. It fails
// with ErrLocked while another process owns the folder.
func Start(ctx context.Context, opts Options) (*Server, error) {
	opts, err := opts.complete()
	if err != nil {
		return nil, err
	}
	lock, ownsLock := opts.Lock, false
	if lock == nil {
		if lock, err = AcquireLock(opts.DataDir); err != nil {
			return nil, err
		}
		ownsLock = true
	}
	server, err := startPatiently(ctx, opts)
	if err = asFull(err); err != nil {
		if ownsLock {
			err = errors.Join(err, lock.Release())
		}
		return nil, fmt.Errorf("start private PostgreSQL: %w", err)
	}
	server.lock, server.ownsLock = lock, ownsLock
	return server, nil
}

func (o Options) complete() (Options, error) {
	if o.DataDir == "" {
		return o, errors.New("start private PostgreSQL: no data folder given")
	}
	if o.Listen != "" {
		if err := CheckListen(o.Listen); err != nil {
			return o, fmt.Errorf("start private PostgreSQL: address %q: %w", o.Listen, err)
		}
	}
	dir, err := filepath.Abs(o.DataDir)
	if err != nil {
		return o, fmt.Errorf("start private PostgreSQL: %w", err)
	}
	o.DataDir = dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return o, fmt.Errorf("create data folder: %w", err)
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.StartTimeout == 0 {
		o.StartTimeout = time.Minute
	}
	return o, nil
}

// formerPatience is how long a server of before that cannot be seen from here is
// given to end: it holds the folder or its shared memory still.
const formerPatience = 10 * time.Second

// startPatiently tries again where a former server is in the way.
func startPatiently(ctx context.Context, opts Options) (*Server, error) {
	for began := time.Now(); ; {
		server, err := start(ctx, opts)
		if err == nil || !formerInTheWay(err.Error()) || time.Since(began) > formerPatience {
			return server, err
		}
		opts.Logger.WarnContext(ctx, "a former server is still ending, trying again")
		select {
		case <-time.After(formerPatience / 20):
		case <-ctx.Done():
			return nil, err
		}
	}
}

// formerInTheWay knows the server's words for it.
func formerInTheWay(words string) bool {
	for _, known := range []string{"pre-existing shared memory block", "Is another postmaster", "Is another postgres", "lock file \"postmaster.pid\""} {
		if strings.Contains(words, known) {
			return true
		}
	}
	return false
}

// start runs with the folder's lock held.
func start(ctx context.Context, opts Options) (*Server, error) {
	pgDir := filepath.Join(opts.DataDir, clusterDir)
	if err := clearOrphans(ctx, pgDir, opts.Logger); err != nil {
		return nil, err
	}
	if err := setUnfinishedAside(pgDir, opts.Logger); err != nil {
		return nil, err
	}
	major, err := clusterMajor(pgDir)
	if err != nil {
		return nil, err
	}
	bin, err := newFinder(opts.BinDir, opts.DataDir, opts.Logger).find(ctx, major)
	if err != nil {
		return nil, err
	}
	id, err := chooseIdentity(ctx, bin, opts.DataDir)
	if err != nil {
		return nil, err
	}
	if err := ensureCluster(ctx, opts, bin, id); err != nil {
		return nil, err
	}
	tcp, err := listen(opts, pgDir, id)
	if err != nil {
		return nil, err
	}
	server := &Server{dataDir: opts.DataDir, port: tcp.port, done: make(chan struct{})}
	if server.socketDir, err = socketDir(opts.DataDir, id); err != nil {
		return nil, err
	}
	if server.log, err = openLog(filepath.Join(opts.DataDir, "pg.log")); err != nil {
		server.removeSocketDir()
		return nil, err
	}
	if err := server.launch(command(opts, bin, id, tcp, pgDir, server.socketDir)); err != nil {
		server.removeSocketDir()
		return nil, errors.Join(err, server.log.Close())
	}
	if err := server.awaitReady(ctx, opts.StartTimeout); err != nil {
		words := server.log.lastWords()
		err = fmt.Errorf("%w; the server's last words: %s", err, words)
		if server.log.toldOfFullDisk() {
			err = errors.Join(ErrDiskFull, err)
		}
		return nil, errors.Join(err, server.kill(), server.log.Close())
	}
	return server, nil
}

func command(opts Options, bin binaries, id identity, tcp listening, pgDir, socketDir string) *exec.Cmd {
	effective := maps.Clone(settings)
	maps.Copy(effective, tcp.settings)
	effective["unix_socket_directories"] = `"` + strings.ReplaceAll(socketDir, `"`, `""`) + `"`
	maps.Copy(effective, opts.Settings)
	args := []string{"-D", pgDir, "-p", fmt.Sprint(tcp.port)}
	for _, name := range slices.Sorted(maps.Keys(effective)) {
		args = append(args, "-c", name+"="+effective[name])
	}
	cmd := exec.Command(bin.path("postgres"), args...)
	cmd.Env = serverEnv()
	// The server's own folder from the first instant: orphans are known by it.
	cmd.Dir = pgDir
	cmd.SysProcAttr = id.attr()
	// Its own group: an interrupt typed at our terminal is ours to act on, and
	// the server has to outlive our draining.
	cmd.SysProcAttr.Setpgid = true
	// Interrupt is PostgreSQL's fast shutdown: sessions end, data is flushed.
	dieWithParent(cmd.SysProcAttr, syscall.SIGINT)
	// A backend may hold the log's pipe a moment longer than the main process.
	cmd.WaitDelay = time.Second
	return cmd
}

// launch starts the process and waits for its end on a thread kept for that,
// because the kernel ties the child's life to the thread that started it.
func (s *Server) launch(cmd *exec.Cmd) error {
	cmd.Stdout, cmd.Stderr = s.log, s.log
	s.cmd = cmd
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		s.exit = cmd.Wait()
		close(s.done)
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("run %s: %w", cmd.Path, err)
	}
	return nil
}

// URL is the connection string of the product's database, over the socket.
func (s *Server) URL() string { return connString(s.socketDir, s.port, Database) }

// URLFor is the connection string of another database of the server.
func (s *Server) URLFor(database string) string { return connString(s.socketDir, s.port, database) }

// PID is the server's main process.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Done is closed when the server has ended, whether by Stop or by itself.
func (s *Server) Done() <-chan struct{} { return s.done }

// Err tells how the server ended, once Done is closed; nil is an orderly stop.
func (s *Server) Err() error {
	select {
	case <-s.done:
	default:
		return nil
	}
	if s.exit != nil && s.log.toldOfFullDisk() {
		return fmt.Errorf("private PostgreSQL ended: %w: %w", ErrDiskFull, s.exit)
	}
	if s.exit != nil {
		return fmt.Errorf("private PostgreSQL ended: %w: %s", s.exit, s.log.lastWords())
	}
	return nil
}

// Stop ends all sessions, flushes everything and ends the server, which takes
// well under a second for a small one. When ctx ends first the server is
// stopped without flushing, which loses nothing but makes the next start
// recover from the log. Stop may be called again, and after a crash.
func (s *Server) Stop(ctx context.Context) error {
	err := s.signal(syscall.SIGINT)
	select {
	case <-s.done:
	case <-ctx.Done():
		err = s.kill()
	}
	s.cleanup.Do(func() {
		s.removeSocketDir()
		err = errors.Join(err, s.log.Close())
		if s.ownsLock {
			err = errors.Join(err, s.lock.Release())
		}
	})
	if err != nil {
		return fmt.Errorf("stop private PostgreSQL: %w", err)
	}
	return nil
}

// kill ends the server at once and cleans up what only start can have made.
func (s *Server) kill() error {
	for _, step := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGKILL} {
		if err := s.signal(step); err != nil {
			return err
		}
		patience := time.NewTimer(stopPatience)
		defer patience.Stop()
		select {
		case <-s.done:
			s.removeSocketDir()
			return nil
		case <-patience.C:
		}
	}
	return fmt.Errorf("process %d does not end", s.PID())
}

func (s *Server) signal(signal syscall.Signal) error {
	select {
	case <-s.done:
		return nil
	default:
	}
	if err := s.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal process %d: %w", s.PID(), err)
	}
	return nil
}

// removeSocketDir removes a short socket folder; the one in the data folder
// stays. What is left over otherwise, the next start removes.
func (s *Server) removeSocketDir() {
	if isShortSocketDir(s.socketDir) {
		_ = os.RemoveAll(s.socketDir)
	}
}
