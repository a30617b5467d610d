package web_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/api/docs"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// The documentation is read by everybody: each link in it leads somewhere, to an
// anchor that is there, and no page needs anything that the policy forbids.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	nobody := d.reader(t)
	link, id := regexp.MustCompile(`(?:href|src)="([^"]*)"`), regexp.MustCompile(` id="([^"]*)"`)
	pages, anchors := map[string]string{}, map[string]bool{}
	wanted := map[string]string{} // where it is linked from, by path or path#anchor
	for queue := []string{"/docs"}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if _, read := pages[at]; read {
			continue
		}
		page := nobody.opens(at)
		if page.status != http.StatusOK {
			t.Fatalf("%s: %d", at, page.status)
		}
		page.shows(http.StatusOK, `<main id="main">`)
		page.lacks("<style", "style=", " onclick", "http-equiv", "%!", "raw HTML omitted")
		if policy := page.header.Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src 'none'") {
			t.Errorf("%s: policy %q", at, policy)
		}
		pages[at] = page.body
		for _, m := range id.FindAllStringSubmatch(page.body, -1) {
			if anchors[at+"#"+m[1]] {
				t.Errorf("%s: #%s is there twice", at, m[1])
			}
			anchors[at+"#"+m[1]] = true
		}
		base, err := url.Parse(at)
		must(t, err)
		for _, m := range link.FindAllStringSubmatch(page.body, -1) {
			to, err := base.Parse(m[1])
			must(t, err)
			if to.Host != "" || to.Scheme != "" {
				t.Errorf("%s leads elsewhere: %s", at, to)
			}
			if strings.HasPrefix(m[1], "#i-") || m[1] == "/" {
				continue
			}
			switch {
			case to.Path == "/docs", strings.HasPrefix(to.Path, "/docs/"):
				queue = append(queue, to.Path)
				if to.Fragment != "" {
					wanted[to.Path+"#"+to.Fragment] = at
				}
			case strings.HasPrefix(to.Path, "/assets/"), to.Path == "/openapi.json", to.Path == "/asyncapi.json":
				nobody.opens(to.Path).shows(http.StatusOK)
			default:
				t.Errorf("%s leads to %s, which needs a session", at, to)
			}
		}
	}
	for at, from := range wanted {
		if !anchors[at] {
			t.Errorf("%s leads to %s, which is not there", from, at)
		}
	}

	doc, err := openapi3.NewLoader().LoadFromData(openapi.Description)
	must(t, err)
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			at := "/docs/reference/" + op.Tags[0]
			if !anchors[at+"#"+op.OperationID] || !strings.Contains(pages["/docs/reference"], "<code>"+method+" "+path+"</code>") {
				t.Errorf("%s %s has no section", method, path)
			}
		}
	}
	sections, err := api.Codes()
	must(t, err)
	for _, s := range sections {
		for _, c := range s.Codes {
			if !anchors["/docs/codes#"+c.Code] {
				t.Errorf("%s has no entry", c.Code)
			}
		}
	}
	guides, err := docs.Guides()
	must(t, err)
	for _, g := range guides {
		for _, guide := range g.Guides {
			if pages["/docs/"+guide.Name] == "" {
				t.Errorf("nothing leads to the guide %s", guide.Name)
			}
		}
	}
}

// Pages of the documentation are kept by browsers and asked for again.
func TestDocumentationIsKept(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	nobody := d.reader(t)
	page := nobody.opens("/docs/codes").shows(http.StatusOK)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.url+"/docs/codes", http.NoBody)
	must(t, err)
	request.Header.Set("If-None-Match", page.header.Get("ETag"))
	if again := nobody.do(request); again.status != http.StatusNotModified || again.body != "" {
		t.Errorf("status %d, %q", again.status, again.body)
	}
	request.Method = http.MethodHead
	request.Header.Del("If-None-Match")
	if head := nobody.do(request); head.status != http.StatusOK || head.body != "" {
		t.Errorf("HEAD: status %d, %q", head.status, head.body)
	}
	nobody.opens("/docs/nothing").shows(http.StatusNotFound, "Nothing here")
	nobody.posts("/docs").shows(http.StatusNotFound)
}

// Every example of a body is one that the operation takes.
func TestExamplesOfTheReference(t *testing.T) {
	t.Parallel()
	reference, err := docs.ReferenceOf(openapi.Description)
	must(t, err)
	doc, err := openapi3.NewLoader().LoadFromData(openapi.Description)
	must(t, err)
	must(t, doc.Validate(context.Background()))
	for _, g := range reference.Groups {
		for _, o := range g.Operations {
			op := doc.Paths.Value(o.Path).GetOperation(o.Method)
			for _, body := range o.Bodies {
				if body.Example != "" {
					fits(t, o.ID, op.RequestBody.Value.Content[body.Type].Schema, body.Example)
				}
			}
			for _, answer := range o.Answers {
				for _, content := range answer.Contents {
					if ref := op.Responses.Value(answer.Status); ref != nil && content.Example != "" {
						fits(t, o.ID+" "+answer.Status, ref.Value.Content[content.Type].Schema, content.Example)
					}
				}
			}
		}
	}
}

// fits checks an example against its schema.
func fits(t *testing.T, of string, schema *openapi3.SchemaRef, example string) {
	t.Helper()
	var value any
	must(t, json.Unmarshal([]byte(example), &value))
	if err := schema.Value.VisitJSON(value); err != nil {
		t.Errorf("%s: %v\n%s", of, err, example)
	}
}
