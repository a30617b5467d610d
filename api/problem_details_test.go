package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// A refusal names what is missing and where, never an account that the caller does
// not see.
func TestRefusalsSayTheFact(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	strangerUID, stranger := d.stack.reseller("Hidden Valley")
	d.partnerProfile(d.resellerUID, d.customer, "read-only")

	edit := d.reseller.send(http.MethodPatch, "/v1/devices/"+mp70(0), `{"name": "pump"}`).is(403)
	told := into[openapi.Problem](edit)
	expect(t, "a right in an account", []string{told.Code, told.Detail, told.Type},
		[]string{"missing_right", "Needs devices.edit in Alder.", "/docs/codes#missing_right"})
	told = into[openapi.Problem](d.reseller.get("/v1/projections").is(403))
	expect(t, "a right of the operator", told.Detail, "Needs operations.read on the platform, which this caller does not have.")

	move := client.TransferRequest{From: &d.customer, To: &d.resellerUID, Devices: &openapi.DeviceNames{mp70(0)}}
	moved := when(d.reseller.TransferDevices(ctx, nil, move)).Then(t).JSON200
	expect(t, "where the device leaves", moved.Results[0].Problems[0].Detail, "Needs devices.transfer in Alder.")
	unseen := d.reseller.post("/v1/transfers", `{"from": "`+d.customer.String()+`", "to": "`+strangerUID.String()+`", "devices": ["`+mp70(0)+`"]}`).is(200)
	nowhere := d.reseller.post("/v1/transfers", `{"from": "`+d.customer.String()+`", "to": "`+uuid.NewString()+`", "devices": ["`+mp70(0)+`"]}`).is(200)
	for _, answer := range []string{string(unseen.body), string(nowhere.body)} {
		if strings.Contains(answer, "Hidden Valley") || !strings.Contains(answer, "There is no account with this UID.") {
			t.Error(answer)
		}
	}
	if answer := string(stranger.send(http.MethodPatch, "/v1/devices/"+mp70(0), `{"name": "pump"}`).is(404).body); strings.Contains(answer, "Alder") {
		t.Error(answer)
	}
}

// Where the type of a problem leads there is the entry of its code.
func TestTypesLeadToTheirCodes(t *testing.T) {
	t.Parallel()
	c := newClient(t, options(&fake{}))
	sections, err := api.Codes()
	if err != nil {
		t.Fatal(err)
	}
	explained := map[string]int{}
	for _, s := range sections {
		for _, code := range s.Codes {
			explained[code.Code] = code.Status
		}
	}
	expect(t, "the status of a name that is taken", explained["name_taken"], 409)
	expect(t, "the status of a remedy", explained["remove_sim"], 0)
	for _, query := range []string{"sort=x", "limit=0", "asOf=x", "unknown=1"} {
		problem := into[openapi.Problem](c.get("/v1/devices?" + query).is(400))
		at, anchor, _ := strings.Cut(problem.Type, "#")
		if at != "/docs/codes" || explained[anchor] != 400 {
			t.Errorf("%s leads to %s", query, problem.Type)
		}
	}
}
