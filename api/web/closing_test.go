package web_test

import (
	"net/http"
	"testing"

	"github.com/fleetledger/fleetledger/api/client"
)

// Closing an account tells beforehand what it holds.
func TestClosingTellsWhatIsHeld(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	d.registered(t, serial, imei, "engine-1")
	operator, at := d.operator(t), "/accounts/"+d.reseller.String()
	operator.opens(at).shows(http.StatusOK, "1 device, 1 of them active", "1 partnership: it ends", "I know what it holds")
	operator.fills(at, at, "do", "close").shows(http.StatusConflict, "confirm_required")
	operator.fills(at, at, "do", "close", "confirm", "yes").leadsTo(at + "?done=saved")
	operator.opens(at).shows(http.StatusOK, "Open the account again").lacks("1 of them active")
	d.signedIn(t, "pat@prairie.example").opens("/accounts/" + d.customer.String()).shows(http.StatusOK).lacks("Close the account")
}

// A renewal can be ordered with another offer; the preview says so first.
func TestOrderingAnotherOffer(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	d.registered(t, serial, imei, "engine-1")
	_, err := d.Client(d.Token(d.reseller, "")).TransferDevices(t.Context(), nil, client.TransferDevicesJSONRequestBody{
		From: &d.reseller, To: &d.customer, Devices: &[]string{serial},
	})
	must(t, err)
	d.caughtUp(t)
	operator := d.operator(t)
	page := "/renew?device=" + serial + "&term=P1Y&offer=basic"
	operator.opens(page).shows(http.StatusOK, `<option value="basic" selected>`, "Basic from then on")
	operator.opens("/renew?device=" + serial).shows(http.StatusOK).lacks("from then on")
	order := operator.fills(page, "/renew", "device", serial, "term", "P1Y", "offer", "basic").leadsTo("/orders/*")
	operator.opens(order).shows(http.StatusOK, "Applied")
	operator.opens("/devices/"+serial).shows(http.StatusOK, "Basic")
}
