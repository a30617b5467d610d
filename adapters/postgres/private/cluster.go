package private

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

const (
	clusterDir = "pg"
	// newClusterDir is renamed to clusterDir when it is complete, so that a
	// crash while creating never leaves half a cluster under the real name.
	newClusterDir = "pg.new"
)

// Exists reports whether the data folder has a cluster.
func Exists(dataDir string) bool {
	_, err := os.Stat(filepath.Join(dataDir, clusterDir, "PG_VERSION"))
	return err == nil
}

// ensureCluster creates the cluster on first use.
func ensureCluster(ctx context.Context, opts Options, bin binaries, id identity) error {
	final := filepath.Join(opts.DataDir, clusterDir)
	fresh := filepath.Join(opts.DataDir, newClusterDir)
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("remove unfinished cluster: %w", err)
	}
	if Exists(opts.DataDir) {
		return nil
	}
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return fmt.Errorf("create cluster folder: %w", err)
	}
	if err := id.own(fresh); err != nil {
		return err
	}
	var err error
	if opts.Template != "" {
		err = copyTree(opts.Template, fresh, id)
	} else {
		err = initCluster(ctx, bin, id, fresh)
	}
	if err != nil {
		return err
	}
	// An empty folder may be in the way; anything else is not ours to remove.
	if err := os.Remove(final); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("put new cluster in place: %w", err)
	}
	if err := os.Rename(fresh, final); err != nil {
		return fmt.Errorf("put new cluster in place: %w", err)
	}
	return syncDir(opts.DataDir)
}

// initCluster runs initdb, with bytewise sorting in a UTF-8 locale where the
// system has one.
func initCluster(ctx context.Context, bin binaries, id identity, dir string) error {
	out, err := initdb(ctx, bin, id, dir, "C.UTF-8")
	if err != nil && strings.Contains(out, "locale") {
		out, err = initdb(ctx, bin, id, dir, "C")
	}
	if err != nil {
		return fmt.Errorf("create cluster as %s: %w: %s", id.name, err, out)
	}
	return nil
}

func initdb(ctx context.Context, bin binaries, id identity, dir, locale string) (string, error) {
	cmd := exec.CommandContext(ctx, bin.path("initdb"),
		"--pgdata", dir, "--username", Role, "--auth", "trust",
		"--encoding", "UTF8", "--locale", locale, "--data-checksums", "--no-instructions")
	cmd.Env = serverEnv()
	cmd.Dir = filepath.Dir(dir)
	cmd.SysProcAttr = id.attr()
	dieWithParent(cmd.SysProcAttr, syscall.SIGKILL)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	// The signal at our death hangs on the starting thread, not the process.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := cmd.Run()
	return strings.TrimSpace(out.String()), err
}

// serverEnv is what initdb and the server need of our environment, and no more:
// settings would change what they do, and whoever may run SQL as the service could
// read its keys and tokens there.
func serverEnv() []string {
	env := []string{"LC_ALL=C"}
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// copyTree copies a stopped cluster into the existing folder to.
func copyTree(from, to string, id identity) error {
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil || rel == "." {
			return err
		}
		target := filepath.Join(to, rel)
		if entry.IsDir() {
			err = os.Mkdir(target, 0o700)
		} else {
			err = copyFile(path, target)
		}
		if err != nil {
			return err
		}
		return id.own(target)
	})
	if err != nil {
		return fmt.Errorf("copy cluster template: %w", err)
	}
	return nil
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = target.ReadFrom(source)
	return errors.Join(err, target.Close())
}

func syncDir(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("make folder durable: %w", err)
	}
	defer func() { _ = folder.Close() }()
	if err := folder.Sync(); err != nil {
		return fmt.Errorf("make folder durable: %w", err)
	}
	return nil
}
