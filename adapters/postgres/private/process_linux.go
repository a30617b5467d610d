package private

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// namespaced lets root run the server in a user namespace where root's files
// belong to account, so nothing has to change hands.
func namespaced(account account) []identity {
	return []identity{{
		name: "a user namespace",
		attr: func() *syscall.SysProcAttr {
			return &syscall.SysProcAttr{
				Cloneflags:  syscall.CLONE_NEWUSER,
				UidMappings: []syscall.SysProcIDMap{{ContainerID: account.uid, HostID: 0, Size: 1}},
				GidMappings: []syscall.SysProcIDMap{{ContainerID: account.gid, HostID: 0, Size: 1}},
			}
		},
		uid: -1, gid: -1,
	}}
}

// dieWithParent asks the kernel to signal the child when the thread that
// started it ends.
func dieWithParent(attr *syscall.SysProcAttr, signal syscall.Signal) { attr.Pdeathsig = signal }

// serverProcesses lists the live PostgreSQL processes of a cluster. Every one
// of them works in the cluster's folder, which tells them from a stranger that
// got the pid of a dead server.
func serverProcesses(pgDir string) ([]int, error) {
	pgDir, err := filepath.EvalSymlinks(pgDir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("resolve cluster folder: %w", err)
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	var pids []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		// Other users' processes cannot be read and cannot be ours.
		cwd, err := os.Readlink(filepath.Join("/proc", entry.Name(), "cwd"))
		if err != nil || cwd != pgDir {
			continue
		}
		program, err := os.Readlink(filepath.Join("/proc", entry.Name(), "exe"))
		if err == nil && strings.HasPrefix(filepath.Base(program), "postgres") {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}
