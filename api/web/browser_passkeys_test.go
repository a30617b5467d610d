package web_test

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/client"
)

// authenticator plugs one into the window, whose holder touches it and is verified.
func (w *window) authenticator() {
	w.t.Helper()
	w.does(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		if _, err := cdp.Call(ctx, t, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return chromedp.Void{}, err
		}
		_, err := cdp.Call(ctx, t, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		}})
		return chromedp.Void{}, err
	})
}

// A passkey is made, asked for beside the password, and signs in instead of it; then the
// account may require one.
func TestPasskeysInABrowser(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	browser := chromium(t)
	w := d.window(browser, t)
	w.authenticator()
	w.signsIn("sam@summit.example")
	w.opens("/security")
	w.does(chromedp.SendKeys(chromedp.CSS("#factor-name"), "Laptop"))
	w.presses("Make a passkey")
	w.presses("Make the passkey")
	w.sees("Your recovery codes", "Laptop")
	w.accessible("a passkey was made")

	w.opens("/security")
	w.presses("End all sessions")
	w.types("email", "sam@summit.example")
	w.types("password", password)
	w.presses("Sign in")
	w.sees("One more step")
	w.accessible("the second step")
	w.presses("Use the passkey")
	w.sees("Customers")

	w.opens("/security")
	w.presses("End all sessions")
	w.presses("Use a passkey")
	w.presses("Use the passkey")
	w.sees("Customers")
	w.quiet("passkeys")
	operator := d.Client(apitest.OperatorToken)
	_, err := operator.SecureAccount(t.Context(), d.reseller, nil, client.SecurityEdit{SecondFactor: new(true)})
	must(t, err)
	w.opens("/devices")
	w.sees("Devices")

	// Somebody else's authenticator has none, and gets no further.
	other := d.window(browser, t)
	other.authenticator()
	other.opens("/sign-in")
	other.presses("Use a passkey")
	other.does(chromedp.Click(chromedp.CSS("form[data-passkey] button")))
	reads[bool](other, `new Promise(done => {
		const look = () => document.querySelector("[data-said]:not([hidden])") ? done(true) : setTimeout(look, 20)
		look()
	})`)
	other.sees("There was no answer with a passkey")

	// At another name of the same service passkeys say so, and everything else works.
	numbers := d.window(browser, t)
	there := strings.Replace(d.url, "localhost", "127.0.0.1", 1)
	numbers.does(chromedp.Navigate(there + "/sign-in"))
	numbers.presses("Use a passkey")
	numbers.sees("Passkeys belong to " + d.url)
}

// accessible has axe look at the page.
func (w *window) accessible(page string) {
	w.t.Helper()
	for _, wrong := range w.audited("whole").Violations {
		w.t.Errorf("%s: %s", page, wrong)
	}
}
