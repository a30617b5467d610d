package web_test

import (
	"net/http"
	"testing"

	"github.com/fleetledger/fleetledger/api/client"
)

// Past transfers stand in a list, from where each can be taken back; those of others
// do not.
func TestPastTransfersOnThePages(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	d.registered(t, serial, imei, "engine-1")
	sam, pat := d.signedIn(t, "sam@summit.example"), d.signedIn(t, "pat@prairie.example")
	sam.opens("/transfers").shows(http.StatusOK, "No transfers")
	done, err := d.Client(sam.session()).TransferDevices(t.Context(), nil, client.TransferDevicesJSONRequestBody{
		From: &d.reseller, To: &d.customer, Devices: &[]string{serial},
	})
	must(t, err)
	d.caughtUp(t)
	at := "/transfers/" + done.JSON201.Id.String()
	sam.opens("/transfer").shows(http.StatusOK, `href="/transfers"`)
	sam.opens("/transfers").shows(http.StatusOK, at, "Moved", "Summit Wireless", "Prairie Fire", "2026-03-15 12:00 UTC")
	sam.opens("/transfers?device="+otherSerial).shows(http.StatusOK, "No transfers")
	sam.opens("/transfers?state=nonsense").shows(http.StatusBadRequest)
	pat.opens("/transfers").shows(http.StatusOK, at)
	sam.fills(at, at+"/reversals", "reason", "Too early").leadsTo(at)
	d.caughtUp(t)
	sam.opens("/transfers?state=reversed").shows(http.StatusOK, at, "Taken back")
	sam.opens(at).shows(http.StatusOK, "1 was taken back since", "As before the transfer")
	d.reader(t).opens("/transfers").leadsTo("/sign-in*")
}
