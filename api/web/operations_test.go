package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// The page of long work shows the results with one outcome, and the same as a file.
func TestResultsByOutcome(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	sam := d.signedIn(t, "sam@summit.example")
	async := "respond-async"
	file := "GATEWAY[SERIAL NUMBER],GATEWAY[IMEI]\nLD72997819284879,004491972154667\nLD72997819284880,bad\n"
	done, err := d.Client(sam.session()).RegisterDevicesWithBody(t.Context(), &client.RegisterDevicesParams{Prefer: &async}, "text/csv", strings.NewReader(file))
	must(t, err)
	at := "/operations/" + done.JSON202.Id.String()
	for state := openapi.OperationState(""); state != "done"; { // each answer is another look
		found, err := d.Client(sam.session()).GetOperation(t.Context(), done.JSON202.Id, nil)
		must(t, err)
		state = found.JSON200.State
	}
	sam.opens(at).shows(http.StatusOK, "LD72997819284879", "LD72997819284880", `?outcome=refused">Refused 1</a>`, ">Registered 1</a>", at+"/results.csv")
	sam.opens(at+"?outcome=refused").shows(http.StatusOK, "LD72997819284880", `aria-current="page">Refused 1`, at+"/results.csv?outcome=refused").
		lacks("LD72997819284879")
	sam.opens(at+"/results.csv?outcome=refused").shows(http.StatusOK, "LD72997819284880").lacks("LD72997819284879")
	sam.opens(at+"?outcome=unchanged").shows(http.StatusOK, ">Unchanged 0</a>").lacks("LD7299781928488")
	sam.opens(at + "?outcome=lost").shows(http.StatusBadRequest)
}
