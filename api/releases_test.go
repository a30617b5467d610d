package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
)

// A device that another account holds: the registration is refused, the release
// is asked for, granted by the owner, and the device registered.
func TestReleaseRequestOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ownerUID, owner := s.reseller("Northwind")
	buyerUID, buyer := s.reseller("Southwind")
	_, stranger := s.reseller("Stranger")
	items := fmt.Sprintf(`{"items":[{"serialNumber":%q,"imei":%q}]}`, mp70(1), imei(1))
	owner.post("/v1/device-registrations", items).is(200)
	held := buyer.post("/v1/device-registrations", items).is(200)
	expect(t, "held elsewhere", outcomes(into[openapi.BulkResult](held)), []string{"refused registered_elsewhere"})

	ask := fmt.Sprintf(`{"serialNumber":%q,"imei":%q,"reason":"bought it"}`, mp70(1), imei(1))
	missing := buyer.post("/v1/release-requests", fmt.Sprintf(`{"serialNumber":%q,"imei":%q}`, mp70(9), imei(1))).refusedWith(404, "not_found")
	wrong := buyer.post("/v1/release-requests", fmt.Sprintf(`{"serialNumber":%q,"imei":%q}`, mp70(1), imei(9))).refusedWith(404, "not_found")
	expect(t, "detail", wrong.json()["detail"], missing.json()["detail"])
	buyer.post("/v1/release-requests", `{"serialNumber":"`+mp70(1)+`"}`).is(422)
	owner.post("/v1/release-requests", ask).refusedWith(422, "/serialNumber own_device")
	got := buyer.post("/v1/release-requests", ask).is(201)
	request := into[openapi.ReleaseRequest](got)
	at := got.header.Get("Location")
	if request.State != "open" || request.Requester.String() != buyerUID || strings.Contains(string(got.body), ownerUID) {
		t.Errorf("request %s", got.body)
	}
	expect(t, "the asker's view", string(buyer.get(at).is(200).body), string(got.body))

	listed := into[openapi.ReleaseRequestList](owner.get("/v1/release-requests?limit=1&minPosition=" + got.header.Get("X-Position")).is(200))
	if listed.Total != 1 || listed.Items[0].Id != request.Id || listed.NextCursor != nil {
		t.Errorf("list %+v", listed)
	}
	expect(t, "the asker's own inbox", into[openapi.ReleaseRequestList](buyer.get("/v1/release-requests").is(200)).Total, 0)
	owner.get("/v1/release-requests?cursor=2").refusedWith(400, "cursor_invalid")
	for _, c := range []*caller{stranger, buyer} {
		c.post(at+":grant", "").refusedWith(404, "not_found")
		c.post("/v1/release-requests/"+uuid.NewString()+":deny", "").refusedWith(404, "not_found")
	}
	stranger.get(at).refusedWith(404, "not_found")

	granted := into[openapi.ReleaseRequest](owner.post(at+":grant", `{"reason":"sold"}`).is(200))
	if granted.State != "granted" || granted.AnsweredAt == nil {
		t.Errorf("granted %+v", granted)
	}
	owner.post(at+":deny", "").refusedWith(422, "already_answered")
	created := buyer.post("/v1/device-registrations", items).is(200)
	expect(t, "registered", outcomes(into[openapi.BulkResult](created)), []string{"created"})
	device := into[openapi.Device](buyer.get("/v1/devices/" + mp70(1) + "?minPosition=" + created.header.Get("X-Position")).is(200))
	expect(t, "owner", device.Account.Uid.String(), buyerUID)
	owner.get("/v1/devices/"+mp70(1)).refusedWith(404, "not_found")
	history := string(buyer.get("/v1/devices/" + mp70(1) + "/history").is(200).body)
	if strings.Contains(history, ownerUID) || strings.Contains(history, "sold") {
		t.Errorf("the new owner sees %s", history)
	}
}
