package web_test

import (
	"encoding/json"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/fleetledger/fleetledger/api/apitest"
)

// Mails can be read by everybody, too, on a desk and on a phone, light and dark. No
// script runs where the outbox shows them, so that axe meets them elsewhere.
func TestBrowserMails(t *testing.T) {
	t.Parallel()
	browser := chromium(t)
	f := givenFull(t)
	mail, err := f.Client(apitest.OperatorToken).GetOutboxMail(t.Context(), f.mail, nil)
	must(t, err)
	html, err := json.Marshal(*mail.JSON200.Html)
	must(t, err)
	op := f.window(browser, t)
	op.signsIn("")
	for _, look := range looks {
		op.looks(look.width, look.scale, look.dark)
		op.opens("/outbox/" + f.mail.String() + "/html")
		op.sees("“Prairie Fire”: 1 device due in 90 days", "engine-1")
		if over := reads[int](op, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
			t.Errorf("%s: the mail scrolls sideways by %d px: %s", look.name, over, reads[string](op, widest))
		}
		op.pictured("mail-" + look.name)
		op.does(chromedp.Navigate("about:blank"))
		reads[bool](op, "document.write("+string(html)+"), document.close(), true")
		for _, v := range op.audited("whole").Violations {
			t.Errorf("%s: %s", look.name, v)
		}
	}
	op.quiet("mails")
}
