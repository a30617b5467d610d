package private

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
)

// ErrDamaged says that a cluster lacks what its server cannot start without, and
// may hold data.
var ErrDamaged = errors.New("the cluster is damaged")

// firstOwnDatabase is where PostgreSQL begins to number databases that were not
// made by initdb: the product's is one of them.
const firstOwnDatabase = 16384

// setUnfinishedAside makes room for a new cluster where an initdb was interrupted.
// Nothing is removed, and a cluster that may ever have held data is left alone.
func setUnfinishedAside(pgDir string, logger *slog.Logger) error {
	missing, err := missingFile(pgDir)
	if missing == "" || err != nil {
		return err
	}
	held, err := heldData(pgDir)
	if err != nil {
		return err
	}
	if held {
		return fmt.Errorf("%w: %s holds data, but not %s; restore a backup, or move it away to begin anew", ErrDamaged, pgDir, missing)
	}
	for n := 1; ; n++ {
		aside := fmt.Sprintf("%s.unfinished-%d", pgDir, n)
		if _, err := os.Lstat(aside); err == nil {
			continue
		}
		if err := os.Rename(pgDir, aside); err != nil {
			return fmt.Errorf("set an unfinished cluster aside: %w", err)
		}
		logger.Warn("the cluster was never finished and held no data: it is made anew", "missing", missing, "kept", aside)
		return nil
	}
}

// missingFile names what a cluster lacks, if there is one and it is not empty.
func missingFile(pgDir string) (string, error) {
	entries, err := os.ReadDir(pgDir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look at the cluster: %w", err)
	}
	for _, name := range []string{"PG_VERSION", filepath.Join("global", "pg_control")} {
		if _, err := os.Stat(filepath.Join(pgDir, name)); errors.Is(err, fs.ErrNotExist) {
			return name, nil
		} else if err != nil {
			return "", fmt.Errorf("look at the cluster: %w", err)
		}
	}
	return "", nil
}

// heldData reports whether a database was ever made in the cluster.
func heldData(pgDir string) (bool, error) {
	databases, err := os.ReadDir(filepath.Join(pgDir, "base"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return true, fmt.Errorf("look at the cluster: %w", err)
	}
	for _, entry := range databases {
		if n, err := strconv.Atoi(entry.Name()); err == nil && n >= firstOwnDatabase {
			return true, nil
		}
	}
	return false, nil
}
