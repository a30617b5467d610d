package private

import (
	"errors"
	"syscall"
)

// ErrDiskFull says that the server does not start, or ended, for want of room.
var ErrDiskFull = errors.New("the disk of the data folder is full")

// asFull adds ErrDiskFull to an error that comes of a full disk.
func asFull(err error) error {
	if errors.Is(err, syscall.ENOSPC) && !errors.Is(err, ErrDiskFull) {
		return errors.Join(ErrDiskFull, err)
	}
	return err
}
