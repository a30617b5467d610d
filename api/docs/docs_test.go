package docs

import (
	"testing"

	"github.com/fleetledger/fleetledger/api/openapi"
)

// What a source has of HTML or of scripts does not get into a page.
func TestSourcesAreText(t *testing.T) {
	t.Parallel()
	html, sections, err := rendered([]byte("## A <b>title</b> & more\n\n<script>alert(1)</script>\n\n[a](javascript:alert(1)) `<i>`\n\n```text\n<u>\n```\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := "<h2 id=\"a-btitleb--more\">A <!-- raw HTML omitted -->title<!-- raw HTML omitted --> &amp; more</h2>\n" +
		"<!-- raw HTML omitted -->\n<p><a href=\"\">a</a> <code>&lt;i&gt;</code></p>\n<pre tabindex=\"0\"><code>&lt;u&gt;\n</code></pre>\n"
	if html != want {
		t.Errorf("got\n%s\nwant\n%s", html, want)
	}
	if len(sections) != 1 || sections[0].ID != "a-btitleb--more" {
		t.Errorf("sections %+v", sections)
	}
}

// Every body that is written out belongs to an operation.
func TestBodiesBelongToOperations(t *testing.T) {
	t.Parallel()
	reference, err := ReferenceOf(openapi.Description)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, g := range reference.Groups {
		for _, o := range g.Operations {
			known[o.ID] = len(o.Bodies) > 0
		}
	}
	written, err := bodies()
	if err != nil {
		t.Fatal(err)
	}
	for operation := range written {
		if !known[operation] {
			t.Errorf("there is no operation %s that takes a body", operation)
		}
	}
}
