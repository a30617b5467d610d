package pgtest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"

	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"golang.org/x/sys/unix"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/private"
)

var quiet = slog.New(slog.DiscardHandler)

const (
	memoryDir = "/dev/shm"
	// minMemory keeps small memory file systems, such as a container's 64 MB,
	// out of it.
	minMemory = 4 << 30
)

// baseDir holds the templates and the running servers of this user's tests:
//
//	lock                    taken while a template is made or a run begins
//	template-KEY/pg         a stopped, migrated cluster
//	run-*                   data folder of one test process, locked by it
//
// It is in memory where the system offers enough: copying a cluster takes
// 0.05 s there and 1 s on a disk. FLEETLEDGER_PGTEST_DIR names another place.
func baseDir() (string, error) {
	parent := os.TempDir()
	if dir := os.Getenv("FLEETLEDGER_PGTEST_DIR"); dir != "" {
		parent = dir
	} else if enoughMemory() {
		parent = memoryDir
	}
	dir := filepath.Join(parent, fmt.Sprintf("fleetledger-pgtest-%d", os.Geteuid()))
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", fmt.Errorf("create folder for test servers: %w", err)
	}
	return dir, nil
}

func enoughMemory() bool {
	var shm unix.Statfs_t
	if unix.Statfs(memoryDir, &shm) != nil || unix.Access(memoryDir, unix.W_OK) != nil {
		return false
	}
	return int64(shm.Bavail)*int64(shm.Bsize) > minMemory //nolint:unconvert // far from 2^63; other types on other systems
}

// cachedTemplate gives the cluster to copy, making it when no test process on
// this machine has made one for this PostgreSQL and these migrations.
func cachedTemplate(ctx context.Context, base string, bin installation) (string, error) {
	key, err := templateKey(bin)
	if err != nil {
		return "", err
	}
	final := filepath.Join(base, "template-"+key)
	cluster := filepath.Join(final, "pg")
	if _, err := os.Stat(cluster); err == nil {
		return cluster, nil
	}
	unlock, err := lockFile(filepath.Join(base, "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(cluster); err == nil {
		return cluster, nil
	}
	fresh := final + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return "", fmt.Errorf("remove unfinished template: %w", err)
	}
	if err := makeTemplate(ctx, fresh, bin); err != nil {
		return "", fmt.Errorf("make template: %w", err)
	}
	if err := os.Rename(fresh, final); err != nil {
		return "", fmt.Errorf("keep template: %w", err)
	}
	return cluster, nil
}

// installation is the PostgreSQL that tests run.
type installation struct{ dir, version string }

func findInstallation(ctx context.Context, base string) (installation, error) {
	dir, version, err := private.Find(ctx, private.Options{
		DataDir: base, BinDir: os.Getenv("FLEETLEDGER_PG_BIN"), Logger: quiet,
	})
	return installation{dir: dir, version: version}, err
}

func templateKey(bin installation) (string, error) {
	sum := sha256.New()
	sum.Write([]byte(bin.version))
	if err := writeMigrations(sum); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", sum.Sum(nil)[:6]), nil
}

// writeMigrations writes what postgres.Migrate would apply to w, so that templates
// can be told apart by a hash of it. It reads the sources of this module.
func writeMigrations(w io.Writer) error {
	_, here, _, ok := runtime.Caller(0)
	if !ok {
		return errors.New("find the migrations: no sources")
	}
	files, err := filepath.Glob(filepath.Join(filepath.Dir(here), "..", "migrations", "*"))
	if err != nil || len(files) == 0 {
		return errors.Join(fmt.Errorf("no migrations beside %s", here), err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read migrations: %w", err)
		}
		if _, err := fmt.Fprintf(w, "%s\n%s\n", filepath.Base(path), text); err != nil {
			return fmt.Errorf("write migrations: %w", err)
		}
	}
	migrator, err := rivermigrate.New(riverpgxv5.New(nil), &rivermigrate.Config{Schema: postgres.Schema})
	if err != nil {
		return fmt.Errorf("read migrations of the job queue: %w", err)
	}
	for _, version := range migrator.AllVersions() {
		if _, err := fmt.Fprintln(w, version.Version, version.Name, version.SQLUp); err != nil {
			return fmt.Errorf("write migrations: %w", err)
		}
	}
	return nil
}

func makeTemplate(ctx context.Context, dir string, bin installation) (err error) {
	server, err := private.Start(ctx, private.Options{DataDir: dir, BinDir: bin.dir, Settings: settings(false), Logger: quiet})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop(ctx)) }()
	admin, err := postgres.Open(ctx, server.URLFor("postgres"), postgres.Options{})
	if err != nil {
		return err
	}
	defer admin.Close()
	if _, err := admin.Exec(ctx, `CREATE DATABASE `+templateDatabase); err != nil {
		return err
	}
	pool, err := postgres.Open(ctx, server.URLFor(templateDatabase), postgres.Options{})
	if err != nil {
		return err
	}
	defer pool.Close()
	return postgres.Migrate(ctx, pool)
}

// runDir makes and locks a data folder for this process and removes those
// whose process has ended.
func runDir(ctx context.Context, base string) (string, *private.Lock, error) {
	// Without this lock a sweep could take a folder between its making and its
	// locking.
	unlock, err := lockFile(filepath.Join(base, "lock"))
	if err != nil {
		return "", nil, err
	}
	defer unlock()
	sweep(ctx, base)
	dir, err := os.MkdirTemp(base, "run-")
	if err != nil {
		return "", nil, fmt.Errorf("create folder for test server: %w", err)
	}
	lock, err := private.AcquireLock(dir)
	if err != nil {
		return "", nil, err
	}
	return dir, lock, nil
}

// sweep leaves alone what it cannot lock or remove; a later run tries again.
func sweep(ctx context.Context, base string) {
	runs, err := filepath.Glob(filepath.Join(base, "run-*"))
	if err != nil {
		return
	}
	for _, dir := range runs {
		lock, err := private.AcquireLock(dir)
		if err != nil {
			continue
		}
		// Its process may have ended just now, and the server be on its way.
		if private.StopOrphans(ctx, dir, quiet) == nil {
			_ = os.RemoveAll(dir)
		}
		_ = lock.Release()
	}
}

// lockFile waits for an exclusive lock among test processes.
func lockFile(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock of test servers: %w", err)
	}
	for {
		err = unix.Flock(int(file.Fd()), unix.LOCK_EX)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock test servers: %w", err), file.Close())
	}
	return func() { _ = file.Close() }, nil
}
