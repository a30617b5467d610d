package private

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// minMajor is the oldest PostgreSQL whose SQL the product uses.
const minMajor = 14

// binaries is one installation of server programs.
type binaries struct {
	dir     string
	major   int
	version string
}

func (b binaries) path(name string) string { return filepath.Join(b.dir, name) }

// finder looks for server binaries. Its sources are fields so that tests can
// offer an installation of their own.
type finder struct {
	// explicit is the only place looked at when it is set.
	explicit string
	// sources give folders in order of preference.
	sources []func(context.Context) []string
	// download fetches binaries of a major version (0: any) as a last resort.
	download func(ctx context.Context, major int) (string, error)
	logger   *slog.Logger
}

func newFinder(explicit, dataDir string, logger *slog.Logger) finder {
	return finder{
		explicit: explicit,
		sources:  []func(context.Context) []string{fromPath, fromPgConfig, fromDebian},
		download: func(ctx context.Context, major int) (string, error) {
			return download(ctx, filepath.Join(dataDir, "postgresql"), major, logger)
		},
		logger: logger,
	}
}

// find returns the binaries to use. major is the version of an existing
// cluster, or 0 when there is none yet: a cluster only opens with its own
// major version.
func (f finder) find(ctx context.Context, major int) (binaries, error) {
	if f.explicit != "" {
		bin, err := inspect(ctx, f.explicit)
		if err != nil {
			return binaries{}, fmt.Errorf("configured PostgreSQL binaries: %w", err)
		}
		if !bin.fits(major) {
			return binaries{}, unfit(bin, major)
		}
		return bin, nil
	}
	var refused []error
	for _, source := range f.sources {
		for _, dir := range source(ctx) {
			bin, err := inspect(ctx, dir)
			switch {
			case err != nil:
				refused = append(refused, err)
			case !bin.fits(major):
				refused = append(refused, unfit(bin, major))
			default:
				return bin, nil
			}
		}
	}
	dir, err := f.download(ctx, major)
	if err != nil {
		return binaries{}, errors.Join(append(refused, fmt.Errorf("no usable PostgreSQL installed, and fetching one failed: %w", err))...)
	}
	return inspect(ctx, dir)
}

func (b binaries) fits(major int) bool {
	if major == 0 {
		return b.major >= minMajor
	}
	return b.major == major
}

func unfit(b binaries, major int) error {
	if major == 0 {
		return fmt.Errorf("%s holds PostgreSQL %d, at least %d is needed", b.dir, b.major, minMajor)
	}
	return fmt.Errorf("%s holds PostgreSQL %d, the data folder was made by %d", b.dir, b.major, major)
}

var versionPattern = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// inspect checks that the folder holds what a server needs and asks its version.
func inspect(ctx context.Context, dir string) (binaries, error) {
	for _, name := range []string{"postgres", "initdb"} {
		if _, err := exec.LookPath(filepath.Join(dir, name)); err != nil {
			return binaries{}, fmt.Errorf("no %s in %s: %w", name, dir, err)
		}
	}
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").CombinedOutput()
	if err != nil {
		return binaries{}, fmt.Errorf("ask version of %s: %w: %s", dir, err, firstLine(out))
	}
	match := versionPattern.FindSubmatch(out)
	if match == nil {
		return binaries{}, fmt.Errorf("ask version of %s: unexpected answer %q", dir, firstLine(out))
	}
	major, err := strconv.Atoi(string(match[1]))
	if err != nil {
		return binaries{}, fmt.Errorf("ask version of %s: %w", dir, err)
	}
	return binaries{dir: dir, major: major, version: firstLine(out)}, nil
}

func fromPath(context.Context) []string {
	program, err := exec.LookPath("postgres")
	if err != nil {
		return nil
	}
	// Distributions link single programs into PATH; initdb is beside the target.
	if target, err := filepath.EvalSymlinks(program); err == nil {
		program = target
	}
	return []string{filepath.Dir(program)}
}

func fromPgConfig(ctx context.Context) []string {
	out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output()
	if err != nil {
		return nil
	}
	return []string{strings.TrimSpace(string(out))}
}

// fromDebian lists the folders Debian's packages use, newest version first.
func fromDebian(context.Context) []string {
	dirs, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return nil
	}
	version := func(dir string) int {
		n, err := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
		if err != nil {
			return 0
		}
		return n
	}
	slices.SortFunc(dirs, func(a, b string) int { return version(b) - version(a) })
	return dirs
}

// clusterMajor reads the version of an existing cluster, 0 when there is none.
func clusterMajor(pgDir string) (int, error) {
	text, err := os.ReadFile(filepath.Join(pgDir, "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read version of cluster: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("read version of cluster %s: %w", pgDir, err)
	}
	return major, nil
}

func firstLine(out []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line
}

// Find tells which server Start would run for a new data folder: the folder of
// its programs, for Options.BinDir, and its version, such as
// "postgres (PostgreSQL) 15.8".
func Find(ctx context.Context, opts Options) (dir, version string, err error) {
	opts, err = opts.complete()
	if err != nil {
		return "", "", err
	}
	bin, err := newFinder(opts.BinDir, opts.DataDir, opts.Logger).find(ctx, 0)
	if err != nil {
		return "", "", err
	}
	return bin.dir, bin.version, nil
}
