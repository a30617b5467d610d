package main

import (
	"fmt"
	"runtime/debug"
)

// version is set at release builds with -ldflags "-X main.version=...".
var version = "dev"

type versionCmd struct{}

// Run prints one line: name, version, revision of the source where known, Go.
func (versionCmd) Run(c console) error {
	revision, goVersion := "", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		goVersion = info.GoVersion
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				revision = " " + setting.Value
			}
		}
	}
	_, err := fmt.Fprintf(c.out, "fleetledger %s%s %s\n", version, revision, goVersion)
	return err
}
