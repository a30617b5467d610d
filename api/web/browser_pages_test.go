package web_test

import (
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// looks are how a page is looked at: on a desk, there at twice the size, and on phones;
// light and dark. An audit that is not whole is of the colours alone.
var looks = []struct {
	name       string
	width      int64
	scale      float64
	dark       bool
	audit      string
	isPictured bool
}{
	{"1440", 1440, 1, false, "whole", true},
	{"1440-dark", 1440, 1, true, "colours", true},
	{"1440-zoomed", 720, 2, false, "whole", false},
	{"390", 390, 1, false, "whole", true},
	{"320-dark", 320, 1, true, "", false},
}

// counts are how much was looked at, and which pages.
type counts struct {
	states, runs, elements, stops atomic.Int64
	paths                         sync.Map
}

// All pages in all states, as broad as a desk, zoomed and as narrow as a phone, light and
// dark, by the keyboard alone and without scripts: nobody is kept out, nothing has to be
// scrolled sideways, and the console has nothing to say.
func TestBrowserPages(t *testing.T) {
	t.Parallel()
	browser := chromium(t)
	f, begun := givenFull(t), time.Now()
	var n counts
	t.Cleanup(func() { // all have been looked at by then
		covered := n.everyPage(t)
		t.Logf("axe: %d checks of %d elements, on %d pages in %d states; %d stops of the keyboard; %.0f s",
			n.runs.Load(), n.elements.Load(), covered, n.states.Load(), n.stops.Load(), time.Since(begun).Seconds())
	})
	for name, pages := range f.pages() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := f.window(browser, t)
			reader, _, _ := strings.Cut(name, " ")
			switch reader {
			case nobody:
			case operator:
				w.signsIn("")
			case auditor:
				w.signsInWith("Sign in as auditor", "auditToken", f.audit)
			default:
				w.signsIn(reader)
			}
			for _, p := range pages {
				w.regards(p, &n)
			}
		})
	}
}

// regards looks at a page in one of its states.
func (w *window) regards(p shown, n *counts) {
	w.t.Helper()
	w.looks(1440, 1, false)
	w.opens(p.path)
	if p.then != nil {
		p.then(w)
	}
	n.paths.Store(reads[string](w, `location.pathname`), true)
	for _, look := range looks {
		w.looks(look.width, look.scale, look.dark)
		name := p.name + "-" + look.name
		if over := reads[int](w, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
			w.t.Errorf("%s: the page scrolls sideways by %d px: %s", name, over, reads[string](w, widest))
		}
		if look.audit != "" {
			found := w.audited(look.audit)
			n.runs.Add(1)
			n.elements.Add(int64(found.Passes + len(found.Violations)))
			for _, v := range found.Violations {
				w.t.Errorf("%s: %s", name, v)
			}
		}
		if look.isPictured {
			w.pictured(name)
		}
	}
	n.stops.Add(int64(w.keyboard(p.name)))
	if p.then == nil {
		w.readsTheSame(p)
	}
	w.quiet(p.name)
	n.states.Add(1)
}

// readsTheSame checks that a page says without scripts what it says with them.
func (w *window) readsTheSame(p shown) {
	w.t.Helper()
	const text = `document.body.innerText`
	w.looks(1440, 1, false)
	said := func(scripts bool) string {
		w.scripts(scripts)
		w.opens(p.path)
		return number.ReplaceAllString(reads[string](w, text), "")
	}
	with, without := number.ReplaceAllString(reads[string](w, text), ""), said(false)
	if with != without { // something else may have changed meanwhile
		with, without = said(true), said(false)
	}
	if with != without {
		w.t.Errorf("%s: without scripts it reads %q, with them %q", p.name, without, with)
	}
	w.scripts(true)
}

// widest names the elements that stick out of the window.
const widest = `[...document.querySelectorAll("main *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(-3).map(e => e.outerHTML.slice(0, 120)).join(" ")`

var (
	number   = regexp.MustCompile(`Request number [0-9a-f-]+`)
	route    = regexp.MustCompile(`"GET (/[^"]*)"`)
	variable = regexp.MustCompile(`\\\{[^}]*\\\}`)
)

// noPages are routes that answer with no page.
var noPages = map[string]bool{
	"/assets/{file}": true, "/favicon.ico": true, "/v1/sessions/oidc/callback": true, "/register/example.csv": true,
	"/outbox/{id}/html": true, // looked at by TestBrowserMails
	"/customers.csv":    true, "/devices.csv": true, "/events/{id}/proof": true, "/notices/{id}/notice.csv": true, "/operations/{id}/results.csv": true,
}

// everyPage checks that each page of the desk was looked at, and counts them.
func (n *counts) everyPage(t *testing.T) (covered int) {
	t.Helper()
	source, err := os.ReadFile("desk.go")
	must(t, err)
	for _, m := range route.FindAllStringSubmatch(string(source), -1) {
		if noPages[m[1]] {
			continue
		}
		pattern := strings.TrimSuffix(m[1], "{$}")
		path := regexp.MustCompile("^" + variable.ReplaceAllString(regexp.QuoteMeta(pattern), ".+") + "$")
		found := false
		n.paths.Range(func(at, _ any) bool {
			found = path.MatchString(at.(string))
			return !found
		})
		if covered++; !found {
			t.Errorf("no state of the page %s is looked at", m[1])
		}
	}
	if covered < 30 {
		t.Errorf("%d pages: where are the routes?", covered)
	}
	return covered
}
