package web_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/uuid"
)

// shown is a page in one of its states.
type shown struct {
	name, path string
	then       func(*window) // what the reader does there
}

// Readers of the pages.
const (
	nobody   = "nobody"
	operator = "operator"
	auditor  = "auditor"
	admin    = "sam@summit.example"
	customer = "pat@prairie.example"
	empty    = "eve@empty.example"
)

// fills types into fields, by their names, and presses a button.
func fills(button string, pairs ...string) func(*window) {
	return func(w *window) {
		for i := 0; i < len(pairs); i += 2 {
			w.types(pairs[i], pairs[i+1])
		}
		w.presses(button)
	}
}

// forges sends a form with a token that is not the session's.
func forges(button string, pairs ...string) func(*window) {
	return func(w *window) {
		reads[bool](w, `document.querySelectorAll("main [name=form]").forEach(e => e.value = "forged"), true`)
		fills(button, pairs...)(w)
	}
}

// opensPart opens what is closed on a page: menus, details.
func opensPart(selector string) func(*window) {
	return func(w *window) {
		reads[bool](w, `document.querySelectorAll("`+selector+`").forEach(e => e.matches("details") ? e.open = true : e.showPopover()), true`)
	}
}

// pages are all pages in all their states, by who reads them and what. Those of a reader are
// opened in their order; what changes something stands last.
func (f *full) pages() map[string][]shown {
	own, theirs := "/accounts/"+f.reseller.String(), "/accounts/"+f.customer.String()
	activate := func(token string) string { return "/activate/" + token }
	waiting := activate(f.App.Tokens.Invitation(f.waiting, 1))
	return map[string][]shown{
		nobody: {
			{"sign-in", "/sign-in", nil},
			{"sign-in-operator", "/sign-in", opensPart("details")},
			{"sign-in-refused", "/sign-in", fills("Sign in", "email", "x@x.example", "password", "wrong")},
			{"sign-in-second-step", "/sign-in", fills("Sign in", "email", withFactor, "password", password)},
			{"sign-in-second-step-lost", "/sign-in", func(w *window) {
				fills("Sign in", "email", withFactor, "password", password)(w)
				opensPart("main details")(w)
			}},
			{"sign-in-second-step-refused", "/sign-in", func(w *window) {
				fills("Sign in", "email", withFactor, "password", password)(w)
				fills("Go on", "code", "000000")(w)
			}},
			{"sign-in-passkey", "/sign-in", fills("Use a passkey")},
			{"forgotten", "/forgotten-password", nil},
			{"forgotten-sent", "/forgotten-password", fills("Send me", "email", "x@x.example")},
			{"activate", waiting, nil},
			{"activate-refused", waiting, fills("Activate", "name", "Will", "password", "short")},
			{"activate-ended", activate(f.App.Tokens.Invitation(f.gone, 1)), nil},
			{"activate-dead", activate("nothing"), nil},
			{"reset", "/reset-password/" + f.reset, nil},
			{"reset-refused", "/reset-password/" + f.reset, fills("Change the password", "password", "short")},
			{"reset-dead", "/reset-password/nothing", nil},
			{"confirm-email", "/confirm-email/" + f.confirmation, nil},
			{"confirm-email-ended", "/confirm-email/" + f.lateMail, nil},
			{"nothing-here", "/nothing", nil},
			{"docs", "/docs", nil},
			{"docs-guide", "/docs/first-hour", nil},
			{"docs-guide-transfers", "/docs/transfers", nil},
			{"docs-codes", "/docs/codes", nil},
			{"docs-reference", "/docs/reference", nil},
			{"docs-reference-group", "/docs/reference/customers", nil},
		},
		operator: {
			{"accounts", "/accounts", nil},
			{"accounts-nothing-matches", "/accounts?search=zzz", nil},
			{"accounts-past", "/accounts?asOf=2026-03-16", nil},
			{"account-new", "/accounts/new", nil},
			{"account-new-refused", "/accounts/new", fills("Create the account", "name", "Prairie Fire", "email", "x@x.example")},
			{"account-of-operator", own, nil},
			{"account-ended", "/accounts/" + f.gone.String(), nil},
			{"administration-of-operator", "/administration?account=" + f.reseller.String(), nil},
			{"devices-of-operator", "/devices", nil},
			{"grants", "/grants", nil},
			{"grants-refused", "/grants", fills("Grant it", "device", "nothing")},
			{"catalogue", "/catalogue", nil},
			{"catalogue-refused", "/catalogue", fills("Save the model", "model", "X", "serialPattern", "(", "includedMonths", "x")},
			{"audits", "/audits", nil},
			{"audits-refused", "/audits", fills("Let the auditor read", "email", "ann@audit.example", "until", "01012026", "accounts", "nothing")},
			{"outbox", "/outbox", nil},
			{"outbox-mail", "/outbox/" + f.mail.String(), nil},
			{"projections", "/projections", nil},
			{"operator-orders", "/orders", nil},
			{"operator-order", "/orders/" + f.order.String(), nil},
			{"operator-security", "/security", nil},
			{"security-log-of-operator", "/security-log", nil},
		},
		auditor: {
			{"accounts-of-auditor", "/accounts", nil},
			{"account-of-auditor", own, nil},
			{"devices-of-auditor", "/devices", nil},
			{"device-of-auditor", "/devices/" + f.second, nil},
			{"administration-of-auditor", "/administration?account=" + f.reseller.String(), nil},
			{"auditor-security", "/security", nil},
		},
		withoutFactor: {
			{"set-up-factor", "/security", nil},
			{"set-up-factor-refused", "/security", factorNamed(" ", "Use an authenticator app")},
			{"set-up-factor-app", "/security", factorNamed("Phone", "Use an authenticator app")},
			{"set-up-factor-app-refused", "/security", func(w *window) {
				factorNamed("Phone", "Use an authenticator app")(w)
				fills("Confirm", "code", "000000")(w)
			}},
			{"set-up-factor-passkey", "/security", factorNamed("Laptop", "Make a passkey")},
		},
		otherRob: {
			{"customers-read-only", "/", nil},
			{"devices-read-only", "/devices", nil},
			{"device-read-only", "/devices/" + f.second, nil},
			{"administration-read-only", "/administration", nil},
			{"customer-new-not-allowed", "/customers/new", fills("Create the account", "name", "Not Mine", "email", "n@n.example")},
		},
		empty: {
			{"customers-empty", "/", nil},
			{"devices-empty", "/devices", nil},
			{"orders-empty", "/orders", nil},
			{"notices-empty", "/notices", nil},
			{"releases-empty", "/releases", nil},
			{"partners-asked", "/partners", nil},
			{"partners-refused", "/partners", func(w *window) {
				opensPart("main details")(w)
				fills("Ask for the partnership", "account", "Prairie Fire")(w)
			}},
			{"security-factor-added", "/security", func(w *window) {
				factorNamed("Phone", "Use an authenticator app")(w)
				secret := reads[string](w, `document.querySelector(".qr ~ p code").textContent`)
				fills("Confirm", "code", w.desk.code(w.t, secret))(w)
			}},
		},
		customer: {
			{"customers-devices", "/devices", nil},
			{"releases-asked", "/releases?role=asker", nil},
			{"partners-to-answer", "/partners", nil},
			{"administration-of-customer", "/administration", nil},
			{"renew", "/renew", nil},
			{"renew-preview", "/renew?device=" + f.first, nil},
			{"renew-refused", "/renew?device=" + f.first + "&term=until&until=2026-03-01", nil},
			{"orders", "/orders", nil},
			{"orders-nothing-matches", "/orders?orderNumber=zzz", nil},
			{"order-applied", "/orders/" + f.applied.String(), nil},
			{"order-waiting", "/orders/" + f.order.String(), nil},
			{"order", "/renew?device=" + f.first, fills("Order 1 renewal", "orderNumber", "PO-9")},
		},
		admin: {
			{"customers", "/", nil},
			{"customers-menu", "/", opensPart("#me")},
			{"customers-save-view", "/", opensPart("#views")},
			{"customers-nothing-matches", "/?search=zzz", nil},
			{"customers-past", "/?asOf=2026-03-16", nil},
			{"customers-before", "/?asOf=2026-03-14", nil},
			{"customers-future", "/?asOf=2027-03-01", nil},
			{"ahead", "/customers/ahead", nil},
			{"ahead-table", "/customers/ahead", opensPart("main details")},
			{"ahead-future", "/customers/ahead?asOf=2026-06-01", nil},
			{"customer-new", "/customers/new", nil},
			{"customer-new-refused", "/customers/new", fills("Create the account", "name", "Prairie Fire", "email", "x@x.example")},
			{"not-sent-from-here", "/customers/new", forges("Create the account", "name", "Forged", "email", "x@x.example")},
			{"account", theirs, nil},
			{"account-past", theirs + "?asOf=2026-03-16", nil},
			{"account-future", theirs + "?asOf=2027-03-01", nil},
			{"account-waiting", "/accounts/" + f.waiting.String(), nil},
			{"administration", "/administration", nil},
			{"administration-of-a-customer", "/administration?account=" + f.customer.String(), nil},
			{"administration-past", "/administration?asOf=2026-03-16", nil},
			{"security-log", "/security-log", nil},
			{"webhooks", "/webhooks", nil},
			{"webhooks-refused", "/webhooks", func(w *window) {
				opensPart("main details")(w)
				fills("Make the webhook", "label", "inside", "address", "https://10.0.0.1/hook")(w)
			}},
			{"webhook", "/webhooks/" + f.hook.String(), nil},
			{"webhook-tested", "/webhooks/" + f.hook.String(), fills("Send a test")},
			{"security-log-nothing", "/security-log?kind=locked_out", nil},
			{"partners", "/partners", nil},
			{"notices", "/notices", nil},
			{"notices-skipped", "/notices?state=skipped", nil},
			{"notice", "/notices/" + f.notice.String(), nil},
			{"security", "/security", nil},
			{"security-factor", "/security", factorNamed("Phone", "Use an authenticator app")},
			{"security-calendar", "/security", func(w *window) {
				opensPart("main details")(w)
				w.does(chromedp.SendKeys(chromedp.CSS("#calendar-label"), "Phone"))
				w.presses("Make the calendar")
			}},
			{"user", "/administration", func(w *window) {
				w.opens(reads[string](w, `document.querySelector("main a[href*='/administration/users/']").getAttribute("href")`))
			}},
			{"sign-in-again", "/security", func(w *window) {
				w.desk.leftOpen(w.t, f.reseller)
				opensPart("main details")(w)
				w.does(chromedp.SendKeys(chromedp.CSS("#label"), "CI"))
				w.presses("Make the token")
			}},
			{"sign-in-again-refused", "/security", func(w *window) {
				opensPart("main details")(w)
				w.does(chromedp.SendKeys(chromedp.CSS("#label"), "CI"))
				w.presses("Make the token")
				fills("Go on", "password", "wrong")(w)
			}},
		},
		admin + " devices": f.devicePages(),
	}
}

// leftOpen lets the sessions of an account's users have been signed in for an hour.
func (d *desk) leftOpen(t *testing.T, account uuid.UUID) {
	t.Helper()
	_, err := d.Pool.Exec(t.Context(), `UPDATE ops.sessions SET signed_in_at = signed_in_at - interval '1 hour' WHERE account = $1`, account)
	must(t, err)
}

// factorNamed begins to set up a second factor.
func factorNamed(name, button string) func(*window) {
	return func(w *window) {
		opensPart("main details")(w)
		w.does(chromedp.SendKeys(chromedp.CSS("#factor-name"), name))
		w.presses(button)
	}
}

// devicePages are an administrator's pages of devices.
func (f *full) devicePages() []shown {
	one, second := "/devices/"+f.first, "/devices/"+f.second
	plan := "/transfer/" + f.plan.String()
	return []shown{
		{"devices", "/devices", nil},
		{"devices-nothing-matches", "/devices?search=zzz", nil},
		{"devices-past", "/devices?asOf=2026-03-16", nil},
		{"devices-future", "/devices?asOf=2027-03-01", nil},
		{"devices-of-customer", "/devices?account=" + f.customer.String(), nil},
		{"device", one, nil},
		{"device-more", second, opensPart("#more")},
		{"device-records", one, opensPart("main details")},
		{"device-past", one + "?asOf=2026-03-15", nil},
		{"device-future", one + "?asOf=2027-03-20", nil},
		{"device-retire", second + "/retire", nil},
		{"device-changes", "/device-changes?device=" + f.second, nil},
		{"device-changes-checked", "/device-changes?device=" + f.second + "&device=" + f.first, func(w *window) {
			w.does(picks("action", "suspend"))
			w.presses("Check what it does")
		}},
		{"releases", "/releases", nil},
		{"releases-refused", "/releases?role=asker", fills("Ask for the release", "serialNumber", "XC1", "factor", "12")},
		{"register", "/register", nil},
		{"register-columns", "/register", opensPart("main details")},
		{"register-refused", "/register", fills("Register", "serialNumber", "XC1", "factor", "12")},
		{"register-checked", "/register", fills("Only check", "serialNumber", serial, "factor", imei)},
		{"operation-done", "/operations/" + f.done.String(), nil},
		{"operation-refused-only", "/operations/" + f.done.String() + "?outcome=refused", nil},
		{"operation-running", "/operations/" + f.running.String(), nil},
		{"operation-failed", "/operations/" + f.failed.String(), nil},
		{"transfers", "/transfers", nil},
		{"transfers-nothing-matches", "/transfers?device=zzz", nil},
		{"transfer", "/transfer", nil},
		{"transfer-wrong-input", "/transfer?device=" + f.second, fills("Check the plan", "to", "Nobody at all")},
		{"transfer-plan", plan, nil},
		{"transfer-plan-refused", "/transfer/" + f.refused.String(), nil},
		{"transferred", plan, fills("Transfer 1 device", "reason", "Trial won")},
		{"device-transferred", second, nil},
	}
}
