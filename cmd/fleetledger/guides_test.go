package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/api/docs"
)

// block is an example of a guide and what it has to print, if the guide says that.
type block struct {
	guide, script, output string
	says                  bool
}

var fenced = regexp.MustCompile("(?ms)^```([^\n]*)\n(.*?)^```$")

// blocks are the examples of all guides, in the order in which readers meet them.
func blocks(t *testing.T, skip map[string]bool) []block {
	t.Helper()
	groups, err := docs.Guides()
	require.NoError(t, err)
	var all []block
	for _, g := range groups {
		for _, guide := range g.Guides {
			source, err := os.ReadFile(filepath.Join("..", "..", "api", "docs", "guides", guide.Name+".md"))
			require.NoError(t, err)
			skipped := false
			for _, m := range fenced.FindAllStringSubmatch(string(source), -1) {
				kind, needs, _ := strings.Cut(m[1], " ")
				switch kind {
				case "sh":
					if skipped = skip[needs]; !skipped {
						all = append(all, block{guide: guide.Name, script: m[2]})
					}
				case "output":
					if !skipped {
						last := &all[len(all)-1]
						require.False(t, last.says, "%s: an output without its example: %s", guide.Name, m[2])
						last.output, last.says = m[2], true
					}
				default:
					require.Contains(t, []string{"text", "yaml"}, kind, "%s: a block is sh, output, text or yaml", guide.Name)
				}
			}
		}
	}
	return all
}

// The examples of the guides work when they are pasted into a shell one after the
// other, beside a service that has just started, and print what the guides say.
func TestExamplesOfTheGuides(t *testing.T) {
	t.Parallel()
	long(t)
	for _, needed := range []string{"bash", "curl", "jq"} {
		if _, err := exec.LookPath(needed); err != nil {
			t.Skipf("the examples of the guides need %s", needed)
		}
	}
	skip := map[string]bool{}
	if _, err := exec.LookPath("psql"); err != nil {
		t.Log("without psql: the examples that need it are left out")
		skip["psql"] = true
	}
	all := blocks(t, skip)
	require.Greater(t, len(all), 20)

	dir, home := t.TempDir(), t.TempDir()
	s := serve(t, filepath.Join(dir, ".fleetledger"), "--analyst-addr", "127.0.0.1:0")
	require.NoError(t, os.WriteFile(filepath.Join(home, "fleetledger"), fmt.Appendf(nil, "#!/bin/sh\n%s=1 exec %q \"$@\"\n", asProgram, os.Args[0]), 0o700))
	const mark = "--- end of example "
	script := "set -euo pipefail\n"
	for i, b := range all {
		script += strings.ReplaceAll(b.script, "http://localhost:8080", s.url) + fmt.Sprintf("printf '%%s\\n' '%s%d'\n", mark, i)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script)
	cmd.Dir = dir
	cmd.Env = slices.Concat(program(t.Context()).Env, []string{"PATH=" + home + string(os.PathListSeparator) + os.Getenv("PATH"), "PGCONNECT_TIMEOUT=10"})
	var failed bytes.Buffer
	cmd.Stderr = &failed
	out, err := cmd.Output()

	rest := string(out)
	for i, b := range all {
		printed, after, ended := strings.Cut(rest, fmt.Sprintf("%s%d\n", mark, i))
		require.True(t, ended, "%s: this fails: %s\n%s\n%s%v", b.guide, b.script, printed, failed.String(), err)
		if b.says && !alike(b.output, printed) {
			t.Errorf("%s:\n%s\nprints:\n%s\nthe guide says:\n%s", b.guide, b.script, printed, b.output)
		}
		rest = after
	}
	require.NoError(t, err, failed.String())
}

// alike compares what is printed with what a guide says, where … stands for anything.
func alike(says, printed string) bool {
	form := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(says)), "…", "(?s:.*?)")
	return regexp.MustCompile("^" + form + "$").MatchString(strings.TrimSpace(strings.ReplaceAll(printed, "\r\n", "\n")))
}
