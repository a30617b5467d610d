//go:build race && unix

package eventstoredb

import (
	"os"
	"strings"
	"syscall"
)

// watermill's TestReconnect appends to a slice on one goroutine and reads it on
// another, so it fails with -race whatever it tests. That one goroutine of the
// suite is suppressed, nothing of ours; the detector takes suppressions from
// its environment at the start of the process only, hence the process starts
// itself over.
func init() {
	const key, option = "GORACE", "suppressions=testdata/race-suppressions.txt"
	old := os.Getenv(key)
	if strings.Contains(old, "suppressions=") {
		return
	}
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	if err := os.Setenv(key, strings.TrimSpace(old+" "+option)); err != nil {
		panic(err)
	}
	panic(syscall.Exec(self, os.Args, os.Environ()))
}
