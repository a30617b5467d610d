package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/private"
)

// emptyCluster is a cluster as a first start makes it, with empty tables and nobody's keys.
// It is made once: initdb and the migrations take longer than most tests.
var emptyCluster struct {
	sync.Mutex
	dir string // empty: there is none yet
}

// makeEmptyCluster makes it unless there is one, and gives its folder.
func makeEmptyCluster(ctx context.Context) (dir string, err error) {
	emptyCluster.Lock()
	defer emptyCluster.Unlock()
	if emptyCluster.dir != "" {
		return emptyCluster.dir, nil
	}
	if dir, err = os.MkdirTemp("", "fleetledger-cluster-"); err != nil {
		return "", err
	}
	server, err := private.Start(ctx, private.Options{DataDir: dir, Logger: quiet()})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, server.Stop(ctx)) }()
	pool, err := postgres.Open(ctx, server.URL(), postgres.Options{})
	if err != nil {
		return "", err
	}
	defer pool.Close()
	if err := postgres.Migrate(ctx, pool); err != nil {
		return "", err
	}
	emptyCluster.dir = dir
	return dir, nil
}

// withCluster copies the empty cluster into a folder that is empty or is not there.
func withCluster(t *testing.T, dir string) {
	t.Helper()
	if entries, err := os.ReadDir(dir); len(entries) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return
	}
	from, err := makeEmptyCluster(context.WithoutCancel(t.Context()))
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(dir, 0o700))
	out, err := exec.CommandContext(t.Context(), "cp", "-a", filepath.Join(from, "pg"), filepath.Join(dir, "pg.copy")).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.NoError(t, os.Rename(filepath.Join(dir, "pg.copy"), filepath.Join(dir, "pg")))
}
