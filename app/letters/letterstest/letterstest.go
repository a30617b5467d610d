// Package letterstest keeps mails as golden files, to be looked at and compared.
package letterstest

import (
	"flag"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files of mails")

// Golden compares a text with a file of testdata.
func Golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil { //nolint:gosec // testdata is public
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil { //nolint:gosec // testdata is public
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path) //nolint:gosec // a path of ours
	if err != nil {
		t.Fatalf("%v (run the test with -update)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", path, diff)
	}
}

var (
	hidden = regexp.MustCompile(`(?s)<head>.*?</head>|<div style="display:none.*?</div>`)
	tag    = regexp.MustCompile(`<[^>]*>`)
	links  = regexp.MustCompile(`:\nhttps?://\S+`)
)

// SameWords fails the test when the HTML of a mail does not have the words of its
// text in their order; the address of a link stands in the text alone.
func SameWords(t *testing.T, text, page string) {
	t.Helper()
	shown := html.UnescapeString(tag.ReplaceAllString(hidden.ReplaceAllString(page, ""), " "))
	written := strings.Replace(links.ReplaceAllString(text, ""), "\n-- \n", "\n", 1)
	if diff := cmp.Diff(strings.Fields(written), strings.Fields(shown)); diff != "" {
		t.Errorf("text and HTML say different things (-text +HTML)\n%s", diff)
	}
}
