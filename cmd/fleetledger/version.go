package main

import (
	"encoding/json"
	"fmt"
	"runtime/debug"
)

// version is set at release builds with -ldflags "-X main.version=...".
var version = "dev"

type versionCmd struct {
	JSON bool `help:"Print what the program was built of: a bill of materials, as JSON."`
}

// bill is what a program was built of.
type bill struct {
	Name     string         `json:"name"`
	Version  string         `json:"version"`
	Revision string         `json:"revision,omitempty"`
	Go       string         `json:"go"`
	Modules  []billedModule `json:"modules"`
}

type billedModule struct {
	Path    string `json:"path"`
	Version string `json:"version"`
	Sum     string `json:"sum"`
}

// Run prints one line: name, version, revision of the source where known, Go.
func (v versionCmd) Run(c console) error {
	if v.JSON {
		encoder := json.NewEncoder(c.out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(billOfMaterials())
	}
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

// billOfMaterials is what the linker wrote into the program. A replaced module counts as
// what it was replaced by.
func billOfMaterials() bill {
	b := bill{Name: "fleetledger", Version: version, Modules: []billedModule{}}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Go = info.GoVersion
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			b.Revision = setting.Value
		}
	}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		b.Modules = append(b.Modules, billedModule{m.Path, m.Version, m.Sum})
	}
	return b
}
