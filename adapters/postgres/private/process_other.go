//go:build unix && !linux

package private

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// namespaced offers nothing: user namespaces exist on Linux only.
func namespaced(account) []identity { return nil }

// dieWithParent does nothing: only Linux offers it. The next start stops a
// server that outlived its parent.
func dieWithParent(*syscall.SysProcAttr, syscall.Signal) {}

// serverProcesses trusts the cluster's pid file, there being no /proc.
func serverProcesses(pgDir string) ([]int, error) {
	text, err := os.ReadFile(filepath.Join(pgDir, pidFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || syscall.Kill(pid, 0) != nil {
		return nil, nil
	}
	return []int{pid}, nil
}

// ending reports whether a process is gone: a system without /proc says no more.
func ending(pid int) bool { return pid != 0 && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }
