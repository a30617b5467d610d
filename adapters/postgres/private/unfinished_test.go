package private

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// An initdb that was interrupted is begun anew, and what is left of it is kept.
// What may have held data is never touched.
func TestUnfinishedInitdb(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files   []string
		anew    bool
		missing string
	}{
		"nothing but folders":     {[]string{"base/1/112", "pg_wal/x"}, true, ""},
		"no control file":         {[]string{"PG_VERSION", "base/1/112", "base/5/112"}, true, ""},
		"data, no control file":   {[]string{"PG_VERSION", "base/16384/112"}, false, "global/pg_control"},
		"data, and not a version": {[]string{"global/pg_control", "base/16384/112"}, false, "PG_VERSION"},
		"a cluster":               {[]string{"global/pg_control", "PG_VERSION", "base/1/112"}, false, ""},
		"an empty folder":         {nil, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "pg")
			require.NoError(t, os.Mkdir(dir, 0o700))
			for _, file := range test.files {
				require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(file)), 0o700))
				require.NoError(t, os.WriteFile(filepath.Join(dir, file), nil, 0o600))
			}
			err := setUnfinishedAside(dir, slog.New(slog.DiscardHandler))
			if test.missing != "" {
				require.ErrorIs(t, err, ErrDamaged)
				require.ErrorContains(t, err, "holds data, but not "+test.missing)
			} else {
				require.NoError(t, err)
			}
			_, err = os.Stat(dir)
			require.Equal(t, test.anew, errors.Is(err, os.ErrNotExist))
			kept := dir
			if test.anew {
				kept = dir + ".unfinished-1"
			}
			for _, file := range test.files {
				require.FileExists(t, filepath.Join(kept, file))
			}
		})
	}
}

// A folder that this user may not write in is told as that.
func TestFolderWithoutRights(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if os.Geteuid() != 0 {
		require.NoError(t, os.Chmod(dir, 0o500))
	} else {
		if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_RDONLY, "size=1m"); err != nil {
			t.Skipf("a filesystem cannot be mounted here: %v", err)
		}
		t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	}
	for _, folder := range []string{dir, filepath.Join(dir, "new")} {
		_, err := AcquireLock(folder)
		require.ErrorContains(t, err, "cannot write in the data folder "+folder)
	}
}

func TestFormerServerIsKnownByItsWords(t *testing.T) {
	t.Parallel()
	require.True(t, formerInTheWay(`FATAL:  lock file "postmaster.pid" already exists HINT:  Is another postmaster (PID 7) running`))
	require.True(t, formerInTheWay(`FATAL:  pre-existing shared memory block (key 1, ID 2) is still in use`))
	require.False(t, formerInTheWay(`FATAL:  configuration file contains errors`))
}
