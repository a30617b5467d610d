package private

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// The archive in testdata holds scripts that claim to be PostgreSQL 17.5. It
// takes the place of a fetched one in the library's cache, so that everything
// but the network is real.
func TestDownloadKeepsTheBinaries(t *testing.T) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("the library names its archives by platform")
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	archive, err := os.ReadFile(filepath.Join("testdata", "binaries.txz"))
	require.NoError(t, err)
	cache := filepath.Join(home, ".embedded-postgres-go")
	require.NoError(t, os.Mkdir(cache, 0o755))
	for _, platform := range []string{"linux-amd64", "linux-amd64-alpine"} {
		name := fmt.Sprintf("embedded-postgres-binaries-%s-%s.txz", platform, downloadable[0])
		require.NoError(t, os.WriteFile(filepath.Join(cache, name), archive, 0o600))
	}

	root := filepath.Join(t.TempDir(), "postgresql")
	for range 2 {
		dir, err := download(t.Context(), root, 0, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		bin, err := inspect(t.Context(), dir)
		require.NoError(t, err)
		require.Equal(t, 17, bin.major)
		entries, err := os.ReadDir(root)
		require.NoError(t, err)
		require.Len(t, entries, 1, "nothing else is left over")
		require.NoError(t, os.RemoveAll(cache), "the second time needs no archive")
	}
}

func TestDownloadOfAnUnknownVersion(t *testing.T) {
	t.Parallel()
	_, err := download(t.Context(), t.TempDir(), 99, slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "made by PostgreSQL 99, which cannot be fetched")
}
