package private

import (
	"bytes"
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

// serverProcesses lists the PostgreSQL processes of a cluster. Every one of them
// works in the cluster's folder, which tells them from a stranger that got the pid
// of a dead server. One that is dying counts as long as it has a folder: until
// then it may hold the server's shared memory, though its program is gone already.
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
		dying := errors.Is(err, os.ErrNotExist)
		if dying || err == nil && strings.HasPrefix(filepath.Base(program), "postgres") {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// exitingFlag is the kernel's PF_EXITING in the flags of a process.
const exitingFlag = 0x4

// ending reports whether a process is on its way out, so that only the kernel
// still has it: it was sent SIGKILL, is exiting, is a zombie, or is gone.
func ending(pid int) bool {
	if pid == 0 {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) // others may be hidden from us
	}
	// After the name, which may hold anything: state, five numbers, flags.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 7 {
		return false
	}
	flags, err := strconv.ParseUint(fields[6], 10, 64)
	return fields[0] == "Z" || fields[0] == "X" || err == nil && flags&exitingFlag != 0 || killPending(pid)
}

// killPending reports whether a process has yet to notice a SIGKILL.
func killPending(pid int) bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		if name != "SigPnd" && name != "ShdPnd" {
			continue
		}
		signals, err := strconv.ParseUint(strings.TrimSpace(value), 16, 64)
		if err == nil && signals&(1<<(syscall.SIGKILL-1)) != 0 {
			return true
		}
	}
	return false
}
