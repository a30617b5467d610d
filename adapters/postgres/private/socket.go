package private

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	// Role is the database user, owner of everything in the cluster.
	Role = "fleetledger"
	// Database is the database the product's tables live in.
	Database = "fleetledger"

	// defaultPort is part of the socket's name; the server is on no TCP port
	// unless Options.Listen says so.
	defaultPort     = 5432
	runDir          = "run"
	socketPrefix    = ".s.PGSQL." // of sockets and of their lock files
	longestPort     = 65535
	shortDirPattern = "fleetledger-pg-"
	// maxSocketPath is what macOS allows; Linux allows 107.
	maxSocketPath = 103
)

// ErrNotRunning says that no server answers in a data folder.
var ErrNotRunning = errors.New("no PostgreSQL is running in the data folder")

// ConnString gives the URL of the server that runs in the data folder, for
// commands that work beside `serve`. It fails with ErrNotRunning when nothing
// answers there.
func ConnString(dataDir string) (string, error) {
	running, err := readPIDFile(filepath.Join(dataDir, clusterDir))
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("%w %s", ErrNotRunning, dataDir)
	}
	if err != nil {
		return "", err
	}
	conn, err := net.DialTimeout("unix", filepath.Join(running.socketDir, socketName(running.port)), 5*time.Second)
	if err != nil {
		return "", fmt.Errorf("%w %s: %w", ErrNotRunning, dataDir, err)
	}
	_ = conn.Close()
	return connString(running.socketDir, running.port, Database), nil
}

func socketName(port int) string { return fmt.Sprintf("%s%d", socketPrefix, port) }

func connString(socketDir string, port int, database string) string {
	target := url.URL{
		Scheme: "postgres",
		User:   url.User(Role),
		Path:   "/" + database,
		// PostgreSQL's clients do not read a plus sign as a space.
		RawQuery: fmt.Sprintf("host=%s&port=%d", strings.ReplaceAll(url.QueryEscape(socketDir), "+", "%20"), port),
	}
	return target.String()
}

type pidFileContent struct {
	pid       int
	port      int
	socketDir string
}

func readPIDFile(pgDir string) (pidFileContent, error) {
	text, err := os.ReadFile(filepath.Join(pgDir, pidFile))
	if err != nil {
		return pidFileContent{}, fmt.Errorf("read pid file of the server: %w", err)
	}
	lines := strings.Split(string(text), "\n")
	if len(lines) < 5 {
		return pidFileContent{}, fmt.Errorf("pid file in %s is incomplete", pgDir)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil {
		return pidFileContent{}, fmt.Errorf("pid file in %s: %w", pgDir, err)
	}
	port, err := strconv.Atoi(strings.TrimSpace(lines[3]))
	if err != nil {
		return pidFileContent{}, fmt.Errorf("pid file in %s: %w", pgDir, err)
	}
	return pidFileContent{pid: pid, port: port, socketDir: lines[4]}, nil
}

// socketDir makes the folder of the socket, owned by whoever runs the server.
func socketDir(dataDir string, id identity) (string, error) {
	dir := filepath.Join(dataDir, runDir)
	if usableForSocket(dir) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return "", fmt.Errorf("create socket folder: %w", err)
		}
	} else {
		var err error
		if dir, err = shortSocketDir(); err != nil {
			return "", err
		}
	}
	return dir, id.own(dir)
}

func shortSocketDir() (string, error) {
	parent := os.TempDir()
	// The random part of the name has at most ten digits.
	if !usableForSocket(filepath.Join(parent, shortDirPattern+"0123456789")) {
		parent = "/tmp"
	}
	dir, err := os.MkdirTemp(parent, shortDirPattern)
	if err != nil {
		return "", fmt.Errorf("create short socket folder: %w", err)
	}
	return dir, nil
}

// usableForSocket reports whether a socket can be made in dir, and named in a
// connection string, where a comma separates several hosts.
func usableForSocket(dir string) bool {
	return len(filepath.Join(dir, socketName(longestPort))) <= maxSocketPath && !strings.Contains(dir, ",")
}

func isShortSocketDir(dir string) bool {
	return strings.HasPrefix(filepath.Base(dir), shortDirPattern)
}
