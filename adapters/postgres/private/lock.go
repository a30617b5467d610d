package private

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// ErrLocked says that another process owns the data folder. Errors that match
// it are of type *LockedError and name the holder.
var ErrLocked = errors.New("data folder is in use by another process")

// LockedError is the refusal of a second owner of one data folder.
type LockedError struct {
	Dir string
	// PID of the holder, 0 when it could not be read.
	PID int
	// Waited is how long the holder was given to end: it was killed before, or
	// cannot be seen from here. 0 when it is alive.
	Waited time.Duration
}

func (e *LockedError) Error() string {
	switch {
	case e.PID == 0:
		return fmt.Sprintf("data folder %s is in use by another process", e.Dir)
	case e.Waited > 0:
		return fmt.Sprintf("data folder %s is still held by process %d, which was killed or cannot be seen from here, after %s",
			e.Dir, e.PID, e.Waited)
	default:
		return fmt.Sprintf("data folder %s is in use by process %d", e.Dir, e.PID)
	}
}

// Is makes errors.Is(err, ErrLocked) true.
func (e *LockedError) Is(target error) bool { return target == ErrLocked }

// Lock is the exclusive ownership of a data folder. The kernel releases it
// when the process ends, however it ends, so it can never be stale.
type Lock struct{ file *os.File }

const (
	// lockPatience bounds the wait for a killed holder to end.
	lockPatience = 5 * time.Second
	lockPoll     = 10 * time.Millisecond
)

// AcquireLock takes the folder's lock, creating the folder when needed. While
// another owner is alive, in this process or in another one, it fails at once
// with ErrLocked. An owner that was killed a moment ago may hold the lock until
// the kernel is done with it: that is waited for.
func AcquireLock(dir string) (*Lock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, noRights(dir, fmt.Errorf("create data folder: %w", err))
	}
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	began, seenAlive := time.Now(), 0
	for {
		lock, err := tryLock(dir)
		var held *LockedError
		if !errors.As(err, &held) {
			return lock, err
		}
		if ending(held.PID) {
			held.Waited = time.Since(began)
		} else {
			// Seen once is not enough: a killed process looks alive for a moment after
			// it has noticed the signal and before it begins to exit.
			seenAlive++
		}
		if seenAlive == 2 || held.Waited >= lockPatience {
			return nil, held
		}
		<-tick.C
	}
}

// tryLock takes the lock or fails with a *LockedError.
func tryLock(dir string) (*Lock, error) {
	file, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, noRights(dir, fmt.Errorf("open lock of data folder: %w", err))
	}
	err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		defer func() { _ = file.Close() }()
		return nil, &LockedError{Dir: dir, PID: readPID(file)}
	}
	if err == nil {
		err = writePID(file)
	}
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("lock data folder %s: %w", dir, err)
	}
	return &Lock{file: file}, nil
}

// noRights says plainly that the folder is not ours to write in.
func noRights(dir string, err error) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, unix.EROFS) {
		return fmt.Errorf("user %d cannot write in the data folder %s: %w", os.Geteuid(), dir, err)
	}
	return err
}

// Release gives the folder up. The file stays: without it, two processes could
// lock two different files of the same name.
func (l *Lock) Release() error { return l.file.Close() }

func readPID(file *os.File) int {
	text, err := io.ReadAll(io.LimitReader(file, 32))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return pid
}

func writePID(file *os.File) error {
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err := file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}
