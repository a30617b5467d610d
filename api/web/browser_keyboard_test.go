package web_test

import (
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// keyboard goes through a page by the Tab key: the first stop skips to the content,
// the one filled button is reached, each stop can be seen, and the last leads out.
// It gives the number of stops.
func (w *window) keyboard(page string) (stops int) {
	w.t.Helper()
	w.looks(1440, 1, false)
	reads[bool](w, `document.activeElement.blur(), true`)
	main := reads[int](w, `document.querySelectorAll("main .btn.main:not([aria-disabled])").length`)
	begins := reads[bool](w, `document.querySelector("[autofocus]") != null`) // at what is wrong
	reached := 0
	for i := range 400 {
		w.does(chromedp.KeyEvent(kb.Tab))
		at := reads[focus](w, focused)
		if at.Body || at.Seen {
			break
		}
		stops++
		if i == 0 && at.Class != "skip" && !begins {
			w.t.Errorf("%s: the first stop is %s", page, at.HTML)
		}
		if !at.Visible {
			w.t.Errorf("%s: focus that nobody sees: %s", page, at.HTML)
		}
		if at.Main {
			reached++
		}
	}
	if reached < main {
		w.t.Errorf("%s: the keyboard reaches %d of %d filled buttons", page, reached, main)
	}
	return stops
}

// focus is what has the keyboard.
type focus struct {
	HTML, Class               string
	Body, Seen, Main, Visible bool
}

const focused = `(() => {
	const e = document.activeElement, r = e.getBoundingClientRect();
	const seen = e.dataset.seen == "1" && e != window.stop; // a field for a date has several stops
	e.dataset.seen = "1"; window.stop = e;
	return {HTML: e.outerHTML.slice(0, 160), Class: e.className, Body: e == document.body, Seen: seen, Main: e.matches("main .btn.main"),
		Visible: r.width > 0 && r.bottom > 0 && r.top < innerHeight && (e.type == "date" || getComputedStyle(e).outlineStyle != "none")};
})()`
