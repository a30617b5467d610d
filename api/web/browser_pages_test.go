package web_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// shown is a page in one of its states.
type shown struct {
	name, reader, path string
	then               func(*window) // what the reader does there
}

// givenPages gives a desk with something on every page, and the pages in their states.
func givenPages(t *testing.T) (*desk, []shown) {
	t.Helper()
	d := givenDesk(t)
	first := d.registered(t, serial, imei, "engine-1")
	second := d.registered(t, otherSerial, otherIMEI, "engine-2")
	operator, sam := d.Client(apitest.OperatorToken), d.Client(d.Token(d.reseller, ""))
	empty, err := operator.CreateAccount(t.Context(), nil, client.CreateAccountJSONRequestBody{
		Name: "Empty Desk", Type: openapi.Reseller, Administrator: openapi.Administrator{Email: "eve@empty.example"},
	})
	must(t, err)
	d.activated(t, empty.JSON201.Uid, "Eve Empty")
	waiting, err := sam.CreateCustomer(t.Context(), nil, client.CreateCustomerJSONRequestBody{
		Name: "Waiting Works", Administrator: openapi.Administrator{Email: "will@waiting.example"},
	})
	must(t, err)
	user, err := sam.InviteUser(t.Context(), d.reseller, nil, client.NewUser{Email: "rob@summit.example", Profiles: &[]string{"read-only"}})
	must(t, err)
	_, err = d.Client("").ActivateAccount(t.Context(), d.App.Tokens.UserInvitation(user.JSON201.Uid, 1), client.ActivateAccountJSONRequestBody{Name: new("Rob Read"), Password: password})
	must(t, err)
	_, err = sam.TransferDevices(t.Context(), nil, client.TransferDevicesJSONRequestBody{From: &d.reseller, To: &d.customer, Devices: &[]string{first}})
	must(t, err)
	d.Clock.Advance(48 * time.Hour)
	plan, err := sam.PlanTransfer(t.Context(), nil, client.PlanTransferJSONRequestBody{From: d.reseller, To: d.customer, Devices: []string{second, first, "XC00000000000000"}})
	must(t, err)
	refused, err := sam.PlanTransfer(t.Context(), nil, client.PlanTransferJSONRequestBody{From: d.reseller, To: d.customer, Devices: []string{first}})
	must(t, err)

	const nobody, oper, reads, pat, eve = "nobody", "operator", "rob@summit.example", "pat@prairie.example", "eve@empty.example"
	const admin = "sam@summit.example"
	customer := "/accounts/" + d.customer.String()
	fails := func(button string, pairs ...string) func(*window) {
		return func(w *window) {
			for i := 0; i < len(pairs); i += 2 {
				w.types(pairs[i], pairs[i+1])
			}
			w.presses(button)
		}
	}
	return d, []shown{
		{"sign-in", nobody, "/sign-in", nil},
		{"sign-in-refused", nobody, "/sign-in", fails("Sign in", "email", "x@x.example", "password", "wrong")},
		{"forgotten", nobody, "/forgotten-password", nil},
		{"forgotten-sent", nobody, "/forgotten-password", fails("Send me", "email", "x@x.example")},
		{"activate", nobody, "/activate/" + d.App.Tokens.Invitation(waiting.JSON201.Uid, 1), nil},
		{"activate-refused", nobody, "/activate/" + d.App.Tokens.Invitation(waiting.JSON201.Uid, 1), fails("Activate", "name", "Will", "password", "short")},
		{"dead-link", nobody, "/activate/nothing", nil},
		{"nothing-here", nobody, "/nothing", nil},
		{"accounts", oper, "/accounts", nil},
		{"accounts-nothing-matches", oper, "/accounts?search=zzz", nil},
		{"account-new", oper, "/accounts/new", nil},
		{"account-new-refused", oper, "/accounts/new", fails("Create the account", "name", "Prairie Fire", "email", "x@x.example")},
		{"account-of-operator", oper, "/accounts/" + d.reseller.String(), nil},
		{"grants", oper, "/grants", nil},
		{"catalogue", oper, "/catalogue", nil},
		{"audits", oper, "/audits", nil},
		{"projections", oper, "/projections", nil},
		{"operator-orders", oper, "/orders", nil},
		{"operator-security", oper, "/security", nil},
		{"customers", admin, "/", nil},
		{"customers-nothing-matches", admin, "/?search=zzz", nil},
		{"customers-past", admin, "/?asOf=2026-03-16", nil},
		{"customers-read-only", reads, "/", nil},
		{"customers-empty", eve, "/", nil},
		{"customer-new", admin, "/customers/new", nil},
		{"customer-new-refused", admin, "/customers/new", fails("Create the account", "name", "Prairie Fire", "email", "x@x.example")},
		{"account", admin, customer, nil},
		{"account-past", admin, customer + "?asOf=2026-03-16", nil},
		{"account-waiting", admin, "/accounts/" + waiting.JSON201.Uid.String(), nil},
		{"devices", admin, "/devices", nil},
		{"devices-nothing-matches", admin, "/devices?search=zzz", nil},
		{"devices-empty", eve, "/devices", nil},
		{"devices-past", admin, "/devices?asOf=2026-03-16", nil},
		{"devices-read-only", reads, "/devices", nil},
		{"device", admin, "/devices/" + first, nil},
		{"device-past", admin, "/devices/" + first + "?asOf=2026-03-15", nil},
		{"device-read-only", reads, "/devices/" + first, nil},
		{"device-retire", admin, "/devices/" + second + "/retire", nil},
		{"register", admin, "/register", nil},
		{"register-refused", admin, "/register", fails("Register", "serialNumber", "XC1", "factor", "12")},
		{"register-checked", admin, "/register", fails("Only check", "serialNumber", serial, "factor", imei)},
		{"transfer", admin, "/transfer", nil},
		{"transfer-wrong-input", admin, "/transfer?device=" + second, fails("Check the plan", "to", "Nobody at all")},
		{"transfer-plan", admin, "/transfer/" + plan.JSON201.Id.String(), nil},
		{"transfer-plan-refused", admin, "/transfer/" + refused.JSON201.Id.String(), nil},
		{"transferred", admin, "/transfer/" + plan.JSON201.Id.String(), fails("Transfer 1 device", "reason", "Trial won")},
		{"renew", pat, "/renew", nil},
		{"renew-preview", pat, "/renew?device=" + first, nil},
		{"order", pat, "/renew?device=" + first, fails("Order 1 renewal", "orderNumber", "PO-9")},
		{"orders", admin, "/orders", nil},
		{"order-nothing-matches", admin, "/orders?orderNumber=zzz", nil},
		{"partners", pat, "/partners", nil},
		{"administration", admin, "/administration", nil},
		{"administration-of-customer", admin, "/administration?account=" + d.customer.String(), nil},
		{"administration-read-only", reads, "/administration", nil},
		{"security", admin, "/security", nil},
	}
}

// All pages in all states, as broad as a desk and as narrow as a phone, light and
// dark: nobody is kept out, nothing has to be scrolled sideways, nothing moves while
// it loads, and the console has nothing to say.
func TestBrowserPages(t *testing.T) {
	t.Parallel()
	browser := chromium(t)
	d, pages := givenPages(t)
	windows := map[string]*window{}
	runs, checks, names := 0, 0, map[string]bool{}
	for _, p := range pages {
		w := windows[p.reader]
		if w == nil {
			w = d.window(browser, t)
			if windows[p.reader] = w; p.reader != "nobody" {
				email := p.reader
				if email == "operator" {
					email = ""
				}
				w.signsIn(email)
			}
		}
		w.looks(1440, false)
		w.opens(p.path)
		if p.then != nil {
			p.then(w)
		}
		for _, look := range []struct {
			width int64
			dark  bool
		}{{1440, false}, {1440, true}, {720, false}, {390, false}, {320, true}} {
			w.looks(look.width, look.dark)
			name := fmt.Sprintf("%s-%d", p.name, look.width)
			if look.dark {
				name += "-dark"
			}
			if over := reads[int](w, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
				t.Errorf("%s: the page scrolls sideways by %d px: %s", name, over, reads[string](w, widest))
			}
			if look.width == 1440 || look.width == 390 {
				found := w.audited()
				runs, checks = runs+1, checks+found.Passes+len(found.Violations)
				for _, v := range found.Violations {
					t.Errorf("%s: %s", name, v)
				}
				w.pictured(name)
			}
		}
		w.keyboard(p.name)
		w.quiet(p.name)
		at, err := url.Parse(p.path)
		must(t, err)
		names[at.Path] = true
	}
	t.Logf("axe: %d runs on %d pages in %d states, %d elements checked", runs, len(names), len(pages), checks)
}

// widest names the elements that stick out of the window.
const widest = `[...document.querySelectorAll("main *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(-3).map(e => e.outerHTML.slice(0, 120)).join(" ")`

// keyboard goes through a page by the Tab key: the first stop skips to the content,
// the one filled button is reached, each stop can be seen, and the last leads out.
func (w *window) keyboard(page string) {
	w.t.Helper()
	w.looks(1440, false)
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

// Customers does not move while it loads, popovers close by Esc and give the keyboard
// back, and the way in skips the navigation.
func TestBrowserCustomers(t *testing.T) {
	t.Parallel()
	browser := chromium(t)
	d := givenDesk(t)
	sam := d.window(browser, t)
	sam.signsIn("sam@summit.example")
	sam.opens("/")
	shift := reads[float64](sam, `new Promise(done => {
		let sum = 0;
		new PerformanceObserver(l => { for (const e of l.getEntries()) sum += e.value }).observe({type: "layout-shift", buffered: true});
		requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
	})`)
	// On a busy machine the browser may paint before the last rows are there, and they may
	// widen a column by a pixel or two; browsers call less than 0.1 good.
	if shift > 0.005 {
		t.Errorf("the page moves by %v while it loads", shift)
	}

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
	for _, v := range w.audited().Violations {
		t.Error(v)
	}
}
