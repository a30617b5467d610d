package web_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
)

// The whole way in a browser, by its pages alone: the operator creates a reseller,
// which creates a customer, registers a device and gives it to the customer, which
// orders a renewal that the operator applies. It is the same without scripts.
func TestBrowserJourney(t *testing.T) {
	t.Parallel()
	browser := chromium(t)
	for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			journey(browser, t, scripts)
		})
	}
}

func journey(browser context.Context, t *testing.T, scripts bool) {
	d := givenDesk(t)
	open := func() *window {
		w := d.window(browser, t)
		if !scripts {
			w.scripts(false)
		}
		return w
	}

	operator := open()
	operator.signsIn("")
	operator.presses("New account")
	operator.types("name", "Northern Lights")
	operator.types("email", "nora@northern.example")
	operator.presses("Create the account")
	operator.sees("Northern Lights")
	reseller := operator.account()

	nora := open()
	nora.activates(d.App.Tokens.Invitation(reseller, 1), "Nora North")
	nora.signsIn("nora@northern.example")
	nora.sees("No customers yet")
	nora.presses("New customer")
	nora.types("name", "Harbour Transit")
	nora.types("email", "hal@harbour.example")
	nora.presses("Create the account")
	nora.sees("Harbour Transit")
	customer := nora.account()

	hal := open()
	hal.activates(d.App.Tokens.Invitation(customer, 1), "Hal Harbour")

	nora.opens("/register")
	nora.types("serialNumber", serial)
	nora.types("factor", imei)
	nora.types("name", "bus-1")
	nora.presses("Register")
	nora.sees("bus-1", "Registered")
	nora.opens("/devices")
	nora.does(ticks("bus-1"))
	nora.presses("Transfer")
	nora.types("to", "Harbour Transit")
	nora.presses("Check the plan")
	nora.sees("Will move")
	nora.presses("Transfer 1 device to Harbour Transit")
	nora.sees("1 device moved to Harbour Transit")

	hal.signsIn("hal@harbour.example")
	hal.opens("/devices")
	hal.does(ticks("bus-1"))
	hal.presses("Renew")
	hal.types("orderNumber", "PO-7")
	hal.presses("Order 1 renewal")
	hal.sees("Order PO-7", "Waiting")

	operator.opens("/orders")
	operator.presses("PO-7")
	operator.presses("Apply to 1 device")
	operator.sees("Saved")
	hal.opens("/devices/" + serial)
	hal.sees("Renewed", "PO-7", "bus-1")
	for _, w := range []*window{operator, nora, hal} {
		w.quiet(d.url)
	}
}

// activates accepts an invitation on the page that its mail links to.
func (w *window) activates(token, name string) {
	w.t.Helper()
	w.opens("/activate/" + token)
	w.types("name", name)
	w.types("password", password)
	w.presses("Activate the account")
	w.sees("Your account is ready")
}

// account is the one whose page is shown.
func (w *window) account() uuid.UUID {
	w.t.Helper()
	uid, err := uuid.Parse(reads[string](w, `location.pathname.split("/").pop()`))
	must(w.t, err)
	return uid
}
