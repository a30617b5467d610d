package private

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	embedded "github.com/fergusstrange/embedded-postgres"
)

// downloadable lists the versions the library offers, preferred one first.
var downloadable = []embedded.PostgresVersion{
	embedded.V17, embedded.V18, embedded.V16, embedded.V15, embedded.V14,
}

// download fetches server binaries into a folder below root, unless an earlier
// start did, and returns their bin folder.
//
// The library has no call for fetching alone. It fetches, then initialises and
// starts; we let its start fail on a cluster folder that holds nothing but a
// version, and keep the binaries. It caches the archive in the user's home. What it
// fetches has the sum that is published for it (repository).
func download(ctx context.Context, root string, major int, logger *slog.Logger) (string, error) {
	return downloadFrom(ctx, mavenCentral, root, major, logger)
}

// downloadFrom is download from a repository.
func downloadFrom(ctx context.Context, upstream, root string, major int, logger *slog.Logger) (string, error) {
	version, err := pickVersion(major)
	if err != nil {
		return "", err
	}
	target := filepath.Join(root, string(version))
	bin := filepath.Join(target, "bin")
	if _, err := inspect(ctx, bin); err == nil {
		return bin, nil
	}
	//nolint:gosec // the user who runs the server for root has to reach them
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", fmt.Errorf("create folder for binaries: %w", err)
	}
	scratch, err := os.MkdirTemp(root, "fetch-")
	if err != nil {
		return "", fmt.Errorf("create folder for fetching: %w", err)
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	logger.InfoContext(ctx, "fetching PostgreSQL binaries", "version", string(version), "folder", target)

	fetched := make(chan error, 1)
	go func() {
		fetched <- fetch(&repository{upstream: upstream, client: http.DefaultClient}, version, scratch)
	}()
	select {
	case err = <-fetched:
	case <-ctx.Done():
		return "", fmt.Errorf("fetch PostgreSQL binaries: %w", context.Cause(ctx))
	}
	if _, missing := inspect(ctx, filepath.Join(scratch, "binaries", "bin")); missing != nil {
		return "", fmt.Errorf("fetch PostgreSQL binaries: %w (%w)", missing, err)
	}
	// A rename keeps a half extracted folder from ever being taken for a whole one.
	if err := os.RemoveAll(target); err != nil {
		return "", fmt.Errorf("replace binaries: %w", err)
	}
	if err := os.Rename(filepath.Join(scratch, "binaries"), target); err != nil {
		return "", fmt.Errorf("keep fetched binaries: %w", err)
	}
	return bin, nil
}

func pickVersion(major int) (embedded.PostgresVersion, error) {
	if major == 0 {
		return downloadable[0], nil
	}
	for _, version := range downloadable {
		if strings.HasPrefix(string(version), fmt.Sprintf("%d.", major)) {
			return version, nil
		}
	}
	return "", fmt.Errorf("the data folder was made by PostgreSQL %d, which cannot be fetched", major)
}

// fetch runs the library; its error is expected and only of interest when the
// binaries are missing afterwards.
func fetch(from *repository, version embedded.PostgresVersion, scratch string) error {
	data := filepath.Join(scratch, "data")
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	major, _, _ := strings.Cut(string(version), ".")
	if err := os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte(major+"\n"), 0o600); err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	url, stop, err := from.offered()
	if err != nil {
		return err
	}
	defer stop()
	err = embedded.NewDatabase(embedded.DefaultConfig().
		BinaryRepositoryURL(url).
		Version(version).
		Port(port).
		RuntimePath(filepath.Join(scratch, "runtime")).
		DataPath(data).
		BinariesPath(filepath.Join(scratch, "binaries")).
		Logger(io.Discard)).Start()
	return errors.Join(from.err(), err)
}

func freePort() (uint32, error) {
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = listener.Close() }()
	return uint32(listener.Addr().(*net.TCPAddr).Port), nil
}
