//go:build linux

package private

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// zombie is the pid of a process that has ended and that nobody waits for before
// the test is over.
func zombie(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("true")
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Wait() })
	require.NoError(t, unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil))
	return cmd.Process.Pid
}

// heldBy gives a folder whose lock is held and names that process.
func heldBy(t *testing.T, pid int) (dir string, lock *Lock) {
	t.Helper()
	dir = t.TempDir()
	lock, err := AcquireLock(dir)
	require.NoError(t, err)
	t.Cleanup(func() { _ = lock.Release() })
	require.NoError(t, os.WriteFile(filepath.Join(dir, "lock"), []byte(strconv.Itoa(pid)+"\n"), 0o600))
	return dir, lock
}

func TestLockOfADyingOwnerIsWaitedFor(t *testing.T) {
	t.Parallel()
	dir, held := heldBy(t, zombie(t))
	synctest.Test(t, func(t *testing.T) {
		acquired := make(chan error, 1)
		go func() {
			lock, err := AcquireLock(dir)
			if err == nil {
				err = lock.Release()
			}
			acquired <- err
		}()
		synctest.Wait() // it has tried, and waits
		require.Empty(t, acquired)
		require.NoError(t, held.Release())
		require.NoError(t, <-acquired)
	})
}

func TestLockOfAnOwnerThatNeverEnds(t *testing.T) {
	t.Parallel()
	pid := zombie(t)
	dir, _ := heldBy(t, pid)
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := AcquireLock(dir)
		require.ErrorIs(t, err, ErrLocked)
		require.EqualError(t, err, "data folder "+dir+" is still held by process "+strconv.Itoa(pid)+
			", which was killed or cannot be seen from here, after 5s")
		require.Equal(t, lockPatience, time.Since(began))
	})
}

func TestLockOfALiveOwnerIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	for name, pid := range map[string]int{"alive": os.Getpid(), "another user's": 1, "not told": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, _ := heldBy(t, pid)
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				_, err := AcquireLock(dir)
				require.ErrorIs(t, err, ErrLocked)
				require.ErrorContains(t, err, " is in use by ")
				require.LessOrEqual(t, time.Since(began), lockPoll)
			})
		})
	}
}

func TestEnding(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("true")
	require.NoError(t, cmd.Run())
	require.True(t, ending(cmd.Process.Pid), "gone")
	require.True(t, ending(zombie(t)), "a zombie")
	require.False(t, ending(os.Getpid()))
}
