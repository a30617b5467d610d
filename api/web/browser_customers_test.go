package web_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// moved is by how much a page has moved by itself since it was opened, and what.
type moved struct {
	Sum  float64
	What []string
}

const movements = `new Promise(done => {
	const moved = {Sum: 0, What: []};
	new PerformanceObserver(l => { for (const e of l.getEntries()) {
		moved.Sum += e.value;
		for (const s of e.sources) moved.What.push((s.node ? s.node.outerHTML || s.node.data : "gone").slice(0, 90) + " from " + JSON.stringify(s.previousRect) + " to " + JSON.stringify(s.currentRect));
	} }).observe({type: "layout-shift", buffered: true});
	requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(moved), 50)));
})`

// stays opens a page that comes slowly, and fails the test if it moves meanwhile.
func (w *window) stays(path string) {
	w.t.Helper()
	const slow = 24 << 10 // bytes in a second: the rows come one after another
	w.does(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
			MatchedNetworkConditions: []*network.Conditions{{DownloadThroughput: slow, UploadThroughput: slow}},
		})
		return chromedp.Void{}, err
	})
	w.opens(path)
	w.does(chromedp.WaitReady(chromedp.CSS(".chart"))) // which follows where there are many customers
	// On a busy machine a header's cells may come in two paints, and its words settle by a
	// pixel: about 0.00001. Browsers call less than 0.1 good; rows that move make 0.01.
	if m := reads[moved](w, movements); m.Sum > 0.001 {
		w.t.Errorf("%s moves by %v while it loads: %s", path, m.Sum, strings.Join(m.What, "\n"))
	}
}

// Customers does not move while it loads, however slowly, and however many there are.
func TestBrowserStays(t *testing.T) {
	t.Parallel()
	browser := chromium(t)
	d := givenDesk(t)
	for _, name := range []string{"A", "Agua Clara de Cuyo Sociedad de Transportes", "Wärmeverbund Südwest"} {
		_, err := d.Client(d.Token(d.reseller, "")).CreateCustomer(t.Context(), nil, client.CreateCustomerJSONRequestBody{
			Name: name, Administrator: openapi.Administrator{Email: fmt.Sprintf("%d@long-name-of-a-customer.example", len(name))},
		})
		must(t, err)
	}
	sam := d.window(browser, t)
	sam.signsIn("sam@summit.example")
	sam.opens("/")
	sam.sees("Wärmeverbund")
	sam.stays("/?sort=name")
	d.copies(t, copied[:2]...)
	for _, width := range []int64{1440, 1240, 1024, 390} {
		sam.looks(width, 1, false)
		sam.stays("/?sort=-name")
	}
	sam.quiet("/")
}

// Popovers of Customers close by Esc and give the keyboard back, and the way in skips the
// navigation.
func TestBrowserCustomers(t *testing.T) {
	t.Parallel()
	browser := chromium(t)
	d := givenDesk(t)
	sam := d.window(browser, t)
	sam.signsIn("sam@summit.example")
	sam.opens("/")
	sam.does(chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter))
	if at := reads[string](sam, `location.hash`); at != "#main" {
		t.Errorf("the first stop leads to %q", at)
	}
	sam.does(chromedp.Focus(chromedp.CSS(".me")), chromedp.KeyEvent(kb.Enter))
	if open := reads[bool](sam, `document.querySelector("#me").matches(":popover-open")`); !open {
		t.Error("the menu does not open by the keyboard")
	}
	sam.audit(t)
	sam.does(chromedp.KeyEvent(kb.Escape))
	if closed := reads[bool](sam, `!document.querySelector("#me").matches(":popover-open") && document.activeElement.matches(".me")`); !closed {
		t.Error("Esc does not close the menu and give the keyboard back to its button")
	}
	sam.quiet("/")
}

// audit fails the test if axe finds something.
func (w *window) audit(t *testing.T) {
	t.Helper()
	for _, v := range w.audited("whole").Violations {
		t.Error(v)
	}
}
