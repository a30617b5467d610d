package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/api/docs"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/api/web/view"
)

// leaf is a page of the documentation, ready to be sent.
type leaf struct {
	body []byte
	tag  string
}

// documented answers with a page of the documentation. Everybody may read it, and it
// has nothing of anybody.
func (d *Desk) documented(w http.ResponseWriter, r *http.Request) {
	pages, err := d.documentation()
	if err != nil {
		d.failed(w, r, err)
		return
	}
	page, ok := pages[r.URL.Path]
	if !ok {
		d.failed(w, r, errNoPage)
		return
	}
	w.Header().Set("Cache-Control", "no-cache") // kept, and asked for again
	w.Header().Set("ETag", page.tag)
	if strings.Contains(r.Header.Get("If-None-Match"), page.tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(page.body) // the reader may be gone
}

// renderDocs makes all pages of the documentation, by their paths.
func (d *Desk) renderDocs() (map[string]leaf, error) {
	guides, err := docs.Guides()
	if err != nil {
		return nil, err
	}
	reference, err := docs.ReferenceOf(openapi.Description)
	if err != nil {
		return nil, err
	}
	codes, err := api.Codes()
	if err != nil {
		return nil, err
	}
	pages := map[string]leaf{}
	add := func(path, section, title string, here []docs.Section, page func(view.Documentation) templ.Component) {
		if err != nil {
			return
		}
		var body bytes.Buffer
		err = page(view.Documentation{
			Frame: view.Frame{
				Title: title, Section: section, Path: path,
				Style: d.assets.url("desk.css"), Start: d.assets.url("start.js"), Script: d.assets.url("htmx.min.js"), Icon: d.assets.url("favicon.svg"),
			},
			Guides: guides, Groups: reference.Groups, Here: here,
		}).Render(context.Background(), &body)
		if err != nil {
			err = fmt.Errorf("docs: %s: %w", path, err)
			return
		}
		sum := sha256.Sum256(body.Bytes())
		pages[path] = leaf{body.Bytes(), `W/"` + hex.EncodeToString(sum[:12]) + `"`}
	}
	add("/docs", "Guides", "Documentation", nil, view.DocsPage)
	for _, group := range guides {
		for _, guide := range group.Guides {
			add("/docs/"+guide.Name, "Guides", guide.Title, guide.Sections, func(f view.Documentation) templ.Component { return view.GuidePage(f, guide) })
		}
	}
	add("/docs/reference", "Reference", "Reference", nil, func(f view.Documentation) templ.Component { return view.ReferencePage(f, reference) })
	for _, group := range reference.Groups {
		add("/docs/reference/"+group.Name, "Reference", "Reference: "+group.Name, view.OperationSections(group), func(f view.Documentation) templ.Component { return view.OperationsPage(f, group) })
	}
	add("/docs/reference/schemas", "Reference", "Reference: schemas", nil, func(f view.Documentation) templ.Component { return view.SchemasPage(f, reference.Schemas) })
	add("/docs/codes", "Codes", "Codes", view.CodeSections(codes), func(f view.Documentation) templ.Component { return view.CodesPage(f, codes) })
	return pages, err
}
