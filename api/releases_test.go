package api_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// A device that another account holds: the registration is refused, the release
// is asked for, granted by the owner, and the device registered.
func TestReleaseRequestOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	ownerUID, owner := s.reseller("Northwind")
	buyerUID, buyer := s.reseller("Southwind")
	_, stranger := s.reseller("Stranger")
	expect(t, "the owner's", owner.registers(newDevice(1)), []string{"created"})
	expect(t, "held elsewhere", buyer.registers(newDevice(1)), []string{"refused registered_elsewhere"})

	ask := func(serial, factor int) client.ReleaseRequestInput {
		return client.ReleaseRequestInput{SerialNumber: mp70(serial), Imei: new(imei(factor)), Reason: new("bought it")}
	}
	missing := when(buyer.RequestRelease(ctx, nil, ask(9, 1))).Refused(t, 404, "not_found")
	wrong := when(buyer.RequestRelease(ctx, nil, ask(1, 9))).Refused(t, 404, "not_found")
	expect(t, "detail", wrong.Detail, missing.Detail)
	when(buyer.RequestRelease(ctx, nil, client.ReleaseRequestInput{SerialNumber: mp70(1)})).RefusedAs(t, 422)
	when(owner.RequestRelease(ctx, nil, ask(1, 1))).Refused(t, 422, "/serialNumber own_device")
	asked := when(buyer.RequestRelease(ctx, nil, ask(1, 1))).Then(t)
	id := asked.JSON201.Id
	if asked.JSON201.State != "open" || asked.JSON201.Requester != buyerUID || strings.Contains(string(asked.Body), ownerUID.String()) {
		t.Errorf("request %s", asked.Body)
	}
	expect(t, "the asker's view", *when(buyer.GetReleaseRequest(ctx, id, nil)).Then(t).JSON200, *asked.JSON201)

	owner.After(buyer.Position())
	listed := when(owner.ListReleaseRequests(ctx, &client.ListReleaseRequestsParams{Limit: new(1)})).Then(t).JSON200
	if listed.Total != 1 || listed.Items[0].Id != id || listed.NextCursor != nil {
		t.Errorf("list %+v", listed)
	}
	held := client.ListReleaseRequestsParams{Role: new(openapi.Holder)}
	expect(t, "the asker's own inbox", when(buyer.ListReleaseRequests(ctx, &held)).Then(t).JSON200.Total, 0)
	when(owner.ListReleaseRequests(ctx, &client.ListReleaseRequestsParams{Cursor: new("2")})).Refused(t, 400, "cursor_invalid")
	for _, c := range []*caller{stranger, buyer} {
		when(c.GrantReleaseRequest(ctx, id, nil, client.Reason{})).Refused(t, 404, "not_found")
		when(c.DenyReleaseRequest(ctx, uuid.New(), nil, client.Reason{})).Refused(t, 404, "not_found")
	}
	when(stranger.GetReleaseRequest(ctx, id, nil)).Refused(t, 404, "not_found")

	granted := when(owner.GrantReleaseRequest(ctx, id, nil, client.Reason{Reason: new("sold")})).Then(t).JSON200
	if granted.State != "granted" || granted.AnsweredAt == nil {
		t.Errorf("granted %+v", granted)
	}
	when(owner.DenyReleaseRequest(ctx, id, nil, client.Reason{})).Refused(t, 422, "already_answered")
	expect(t, "registered", buyer.registers(newDevice(1)), []string{"created"})
	expect(t, "owner", when(buyer.GetDevice(ctx, mp70(1), nil)).Then(t).JSON200.Account.Uid, buyerUID)
	owner.After(buyer.Position())
	when(owner.GetDevice(ctx, mp70(1), nil)).Refused(t, 404, "not_found")
	history := string(when(buyer.GetDeviceHistory(ctx, mp70(1), nil)).Then(t).Body)
	if strings.Contains(history, ownerUID.String()) || strings.Contains(history, "sold") {
		t.Errorf("the new owner sees %s", history)
	}
}
