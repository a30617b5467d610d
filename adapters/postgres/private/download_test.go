package private

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
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

// An archive is taken with the sum that is published for it, and refused with another one
// or with none.
func TestDownloadedArchivesAreChecked(t *testing.T) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("the programs in testdata are for this platform")
	}
	archive, err := os.ReadFile(filepath.Join("testdata", "binaries.txz"))
	require.NoError(t, err)
	var jar bytes.Buffer
	z := zip.NewWriter(&jar)
	file, err := z.Create("postgres-linux-x86_64.txz")
	require.NoError(t, err)
	_, err = file.Write(archive)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	sum := fmt.Sprintf("%x", sha256.Sum256(jar.Bytes()))
	for name, c := range map[string]struct{ sum, refused string }{
		"as published":           {sum: sum},
		"with the file's name":   {sum: strings.ToUpper(sum) + "  x.jar\n"},
		"tampered with":          {sum: strings.Repeat("0", 64), refused: "does not have the SHA-256 sum"},
		"without any sum":        {refused: ".jar.sha256 is answered 404"},
		"with a part of its sum": {sum: sum[:32], refused: "does not have the SHA-256 sum"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("HOME", t.TempDir()) // without an archive from before
			upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch isSum := strings.HasSuffix(r.URL.Path, ".sha256"); {
				case isSum && c.sum == "":
					http.NotFound(w, r)
				case isSum:
					_, _ = w.Write([]byte(c.sum))
				default:
					_, _ = w.Write(jar.Bytes())
				}
			}))
			t.Cleanup(upstream.Close)
			root := filepath.Join(t.TempDir(), "postgresql")
			dir, err := downloadFrom(t.Context(), upstream.URL, root, 0, slog.New(slog.DiscardHandler))
			if c.refused == "" {
				require.NoError(t, err)
				_, err = inspect(t.Context(), dir)
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.refused)
			left, err := os.ReadDir(root)
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}
