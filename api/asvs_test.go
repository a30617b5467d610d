package api_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// The checklist names files that are there.
func TestTheChecklistNamesFiles(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("ASVS.md")
	must(t, err)
	named := regexp.MustCompile("`([a-z]+/[A-Za-z0-9_./*-]+)`").FindAllStringSubmatch(string(text), -1)
	if len(named) < 40 {
		t.Fatalf("%d files are named", len(named))
	}
	for _, name := range named {
		if name[1] == "log/slog" || name[1] == "crypto/rand" {
			continue
		}
		if found, err := filepath.Glob(filepath.Join("..", name[1])); err != nil || len(found) == 0 {
			t.Errorf("%s is not there", name[1])
		}
	}
}
