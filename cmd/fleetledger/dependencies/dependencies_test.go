package dependencies_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fields are the first words of a file's lines, and the rest of each.
func fields(t *testing.T, name string) (first []string, rest map[string]string) {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	rest = map[string]string{}
	for line := range strings.Lines(string(data)) {
		word, more, _ := strings.Cut(strings.TrimSpace(line), " ")
		first, rest[word] = append(first, word), more
	}
	return first, rest
}

// direct are the modules that go.mod requires directly, and its tools.
func direct(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile("../../../go.mod")
	require.NoError(t, err)
	var all []string
	for _, block := range regexp.MustCompile(`(?ms)^(?:require|tool) \(\n(.*?)^\)`).FindAllStringSubmatch(string(data), -1) {
		for line := range strings.Lines(block[1]) {
			if name := strings.Fields(line); len(name) > 0 && !strings.Contains(line, "// indirect") {
				all = append(all, name[0])
			}
		}
	}
	return all
}

// Each dependency is one on purpose.
func TestEveryDirectDependencyHasItsReason(t *testing.T) {
	t.Parallel()
	named, reasons := fields(t, "reasons.txt")
	require.ElementsMatch(t, direct(t), named)
	for name, reason := range reasons {
		require.NotEmpty(t, reason, name)
	}
}

// What is not for tests alone is in the program, or no reason.
func TestWhatHasAReasonIsInTheProgram(t *testing.T) {
	t.Parallel()
	_, reasons := fields(t, "reasons.txt")
	compiled, _ := fields(t, "licences.txt")
	for name, reason := range reasons {
		if isTool := strings.Contains(name, "/cmd/"); !isTool && !strings.HasPrefix(reason, "tests only: ") {
			require.Contains(t, compiled, name)
		}
	}
}

// licences are those that the program may be made of.
var licences = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "MIT", "MPL-2.0", "public domain"}

func TestLicences(t *testing.T) {
	t.Parallel()
	listed, known := fields(t, "licences.txt")
	for name, licence := range known {
		require.Contains(t, licences, licence, name)
	}
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", "..").Output()
	require.NoError(t, err)
	for name := range strings.FieldsSeq(string(out)) {
		require.Contains(t, listed, name, "run go generate ./cmd/fleetledger/dependencies")
	}
}
