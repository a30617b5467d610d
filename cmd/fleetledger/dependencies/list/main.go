// Command list writes licences.txt: the modules that are compiled into the program, each
// with the licence that its own file of it is. What it does not know is an error.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	log.SetFlags(0)
	lines, err := licences()
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("licences.txt", []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		log.Fatal(err)
	}
}

// module is one of those that the program is compiled of, as `go list` has it.
type module struct{ Path, Version, Dir string }

// licences are the lines, by module.
func licences() ([]string, error) {
	modules, err := compiled()
	if err != nil {
		return nil, err
	}
	var lines []string
	var unknown []error
	for _, m := range modules {
		name, err := licenceIn(m.Dir)
		if err != nil {
			unknown = append(unknown, fmt.Errorf("%s: %w", m.Path, err))
			continue
		}
		lines = append(lines, m.Path+" "+name)
	}
	slices.Sort(lines)
	return lines, errors.Join(unknown...)
}

// compiled are the modules of the packages that the program imports, on all platforms
// that it is built for.
func compiled() ([]module, error) {
	found := map[string]module{}
	for _, platform := range []string{"linux", "darwin", "windows"} {
		command := exec.Command("go", "list", "-deps", "-json=Module", "github.com/fleetledger/fleetledger/cmd/fleetledger")
		command.Env = append(os.Environ(), "GOOS="+platform, "CGO_ENABLED=0")
		command.Stderr = os.Stderr
		out, err := command.Output()
		if err != nil {
			return nil, fmt.Errorf("go list for %s: %w", platform, err)
		}
		for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
			var p struct {
				Module *struct {
					module
					Main bool
				}
			}
			if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return nil, fmt.Errorf("go list for %s: %w", platform, err)
			}
			if p.Module != nil && !p.Module.Main {
				found[p.Module.Path] = p.Module.module
			}
		}
	}
	var all []module
	for _, m := range found {
		all = append(all, m)
	}
	return all, nil
}

// marks are what the text of each licence has in it, the most special one first.
var marks = []struct {
	name string
	has  []string
}{
	{"Apache-2.0", []string{"Apache License", "Version 2.0"}},
	{"MPL-2.0", []string{"Mozilla Public License", "2.0"}},
	{"BSD-3-Clause", []string{"Redistribution and use in source and binary forms", "Neither the name"}},
	{"BSD-3-Clause", []string{"Redistribution and use in source and binary forms", "names of its contributors may"}},
	{"BSD-2-Clause", []string{"Redistribution and use in source and binary forms"}},
	{"MIT", []string{"Permission is hereby granted, free of charge", "THE SOFTWARE IS PROVIDED"}},
	{"public domain", []string{"put into the public domain"}},
}

func licenceIn(dir string) (string, error) {
	for _, pattern := range []string{"LICENSE*", "LICENCE*", "License*", "license*", "COPYING*"} {
		files, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, file := range files {
			text, err := os.ReadFile(file) //nolint:gosec // of a module in Go's own cache
			if err != nil {
				continue
			}
			if name := licenceOf(strings.Join(strings.Fields(string(text)), " ")); name != "" {
				return name, nil
			}
		}
	}
	return "", errors.New("its licence is not known")
}

func licenceOf(text string) string {
	for _, mark := range marks {
		if !slices.ContainsFunc(mark.has, func(part string) bool { return !strings.Contains(text, part) }) {
			return mark.name
		}
	}
	return ""
}
