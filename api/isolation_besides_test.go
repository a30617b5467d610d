package api_test

import (
	"testing"

	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/app"
)

// What is beside the answers themselves tells nothing either.
func TestNothingIsToldBesides(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	w := newTenants(t, s)
	seen := "&minPosition=" + w.position
	stranger, reseller := w.clients["stranger"], w.clients["reseller"]

	// A cursor says where a list goes on, not whose list it is.
	cursor := into[api.DeviceList](reseller.get("/v1/devices?limit=1&sort=-name" + seen).is(200)).NextCursor
	page := into[api.DeviceList](stranger.get("/v1/devices?sort=-name&cursor=" + *cursor + seen).is(200))
	if page.Total != 2 {
		t.Errorf("total %d", page.Total)
	}
	for _, d := range page.Items {
		if d.Account.Uid.String() != w.accounts["foreign"].uid {
			t.Errorf("a device of another account: %+v", d)
		}
	}

	// Where in the log a foreign device was last written is not told.
	for path, body := range map[string]string{
		"/v1/device-registrations": `{"items":[{"serialNumber":"{serial}","imei":"{newIMEI}"}]}`,
		"/v1/renewals":             `{"devices":["{serial}"],"term":"P1Y"}`,
	} {
		got := stranger.post(path, w.fill("reseller").Replace(body)).is(200)
		if at := got.header.Get("X-Position"); at != (app.Position{}).String() {
			t.Errorf("%s: position %s", path, at)
		}
	}

	// An account that is foreign is refused before its read model is waited for,
	// as one that is not there.
	const future = "?minPosition=9000000000000000-9000000000000000"
	for _, thing := range []string{"reseller", "missing"} {
		stranger.get("/v1/accounts/"+w.accounts[thing].uid+future).refusedWith(404, "not_found")
	}
}
