package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
)

// refusal is the one line that a start which cannot succeed ends with.
func refusal(t *testing.T, args ...string) string {
	t.Helper()
	out, err := program(t.Context(), append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...).CombinedOutput()
	require.Error(t, err)
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}

func TestStartOnAnotherVersionsDatabase(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	pool, err := pgxpool.New(t.Context(), url)
	require.NoError(t, err)
	defer pool.Close()
	_, err = pool.Exec(t.Context(), `INSERT INTO ops.schema_migrations (version_id, is_applied) VALUES (99999, true)`)
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), `UPDATE ops.compatibility SET oldest = 99999`)
	require.NoError(t, err)
	said := refusal(t, "--data-dir", t.TempDir(), "--database-url", url)
	require.Contains(t, said, "belongs to a newer version")
	require.Contains(t, said, "start the newer program")
}

func TestStartOnAnUnfinishedFolder(t *testing.T) {
	t.Parallel()
	damaged := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(damaged, "pg", "base", "16384"), 0o700))
	require.Contains(t, refusal(t, "--data-dir", damaged), "holds data, but not PG_VERSION; restore a backup")

	half := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(half, "pg", "base", "1"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(half, "pg", "PG_VERSION"), []byte("15\n"), 0o600))
	serve(t, half).ready()
	require.DirExists(t, filepath.Join(half, "pg.unfinished-1", "base", "1"))
}
