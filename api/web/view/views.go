package view

import (
	"net/url"

	"github.com/a-h/templ"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// Views are the filters that the reader has saved on a page.
type Views struct {
	Frame Frame
	Page  openapi.ViewPage
	Path  string
	All   []openapi.SavedView
	Can   bool // the reader can save some

	Problem *client.Problem // why the one that was just typed was not saved
	Typed   string
}

// now is what the page shows, as a view keeps it: without the day and the place in
// the list.
func (v Views) now() string {
	values := url.Values{}
	for name, all := range v.Frame.Query {
		values[name] = all
	}
	for _, name := range []string{"asOf", "cursor", "from", "done"} {
		values.Del(name)
	}
	return values.Encode()
}

// current reports whether the page shows a saved view.
func (v Views) current() bool {
	for _, one := range v.All {
		if one.Query == v.now() {
			return true
		}
	}
	return false
}

// at is a link to a saved view, on the day that the page shows.
func (v Views) at(one openapi.SavedView) string {
	values, err := url.ParseQuery(one.Query)
	if err != nil {
		values = url.Values{}
	}
	if !v.Frame.Present() {
		values.Set("asOf", v.Frame.AsOf.String())
	}
	return link(v.Path, values)
}

// help tells assistive technology what a name is for, or what is wrong with it.
func (v Views) help() templ.Attributes {
	if wrong := invalid(v.Problem, "#/name", "view-name"); wrong != nil {
		return wrong
	}
	return templ.Attributes{"aria-describedby": "view-how"}
}
