package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A filter is saved as a tab, with search and order and without the day.
func TestSavedViewsOnThePages(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	d.Clock.Advance(40 * 24 * time.Hour)
	sam := d.signedIn(t, "sam@summit.example")
	for path, page := range map[string]string{"/": "customers", "/devices": "devices"} {
		sam.opens(path).shows(http.StatusOK, "Save this view", `name="page" value="`+page+`"`)
		filtered := path + "?search=north&sort=-name&asOf=2026-03-01"
		sam.opens(filtered).shows(http.StatusOK, `name="query" value="search=north&amp;sort=-name"`)
		sam.fills(path, "/views", "do", "save", "page", page, "name", "Up <north>", "query", "search=north&sort=-name&asOf=2026-03-01").
			leadsTo(path + "?done=saved&search=north&sort=-name")
		tab := `href="` + path + `?search=north&amp;sort=-name" aria-current="page">Up &lt;north&gt;</a>`
		shown := sam.opens(path+"?search=north&sort=-name").shows(http.StatusOK, tab)
		if n := len(regexp.MustCompile(`aria-current="page"`).FindAllString(shown.body, -1)); n != 2 { // one in the navigation
			t.Errorf("%s: %d tabs are current", path, n-1)
		}
		sam.opens(path+"?asOf=2026-03-16").shows(http.StatusOK, path+"?asOf=2026-03-16&amp;search=north&amp;sort=-name")
		sam.fills(path, "/views", "do", "save", "page", page, "name", " ", "query", "").shows(http.StatusUnprocessableEntity, "needs a name")
		id := regexp.MustCompile(`name="view" value="([^"]+)"`).FindStringSubmatch(shown.body)[1]
		d.signedIn(t, "pat@prairie.example").fills("/devices", "/views", "do", "remove", "page", page, "view", id).shows(http.StatusNotFound)
		sam.fills(path, "/views", "do", "remove", "page", page, "view", id).leadsTo(path + "?done=removed")
		sam.opens(path).shows(http.StatusOK).lacks("Up &lt;north")
	}
	// What is refused comes back on the page that was to be saved, as it was typed.
	for path, page := range map[string]string{"/": "customers", "/devices": "devices"} {
		sam.fills(path, "/views", "do", "save", "page", page, "name", strings.Repeat("<x>", 30), "query", "search=north&sort=-name").
			shows(http.StatusUnprocessableEntity, "<title>Error: ", "view_name_invalid", `value="`+strings.Repeat("&lt;x&gt;", 30)+`"`,
				`name="query" value="search=north&amp;sort=-name"`, `value="north"`)
	}
	sam.fills("/", "/views", "do", "save", "page", "orders", "name", "x").shows(http.StatusNotFound)
}
