package api_test

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// noPosition are the lists that no read model answers.
var noPosition = regexp.MustCompile(`/(tokens|sessions|projections)$`)

// lists walks a list, two items a page, and gives what a field of the items holds.
func (c *caller) lists(path, field string, filters ...string) []string {
	c.t.Helper()
	values := url.Values{"limit": {"2"}}
	for _, f := range filters {
		one, err := url.ParseQuery(f)
		if err != nil {
			c.t.Fatal(err)
		}
		for name, all := range one {
			values[name] = append(values[name], all...)
		}
	}
	if at := c.Position(); at != "" && !noPosition.MatchString(path) {
		values.Set("minPosition", at)
	}
	found := []string{}
	for total := -1; ; {
		page := into[struct {
			Items      []map[string]any
			NextCursor *string
			Total      int
		}](c.get(path + "?" + values.Encode()).is(200))
		for _, item := range page.Items {
			text, ok := item[field].(string)
			if !ok {
				written, _ := json.Marshal(item[field])
				text = string(written)
			}
			found = append(found, text)
		}
		if total >= 0 && page.Total != total {
			c.t.Errorf("%s: the total has become %d, from %d", path, page.Total, total)
		}
		total = page.Total
		if page.NextCursor == nil {
			if total != len(found) {
				c.t.Errorf("%s: %d of %d", path, len(found), total)
			}
			return found
		}
		values.Set("cursor", *page.NextCursor)
	}
}

// speaks checks that a list speaks the dialect of all: another sort key, limit,
// cursor or filter is refused, and a cursor is bound to its order.
func (c *caller) speaks(path, sort string) {
	c.t.Helper()
	c.get(path+"?wrong=1").refusedWith(400, "#/query/wrong unknown_parameter")
	c.get(path+"?sort=wrong").refusedWith(400, "#/query/sort sort_unknown")
	c.get(path+"?limit=0").refusedWith(400, "#/query/limit out_of_range")
	c.get(path+"?limit=1001").refusedWith(400, "#/query/limit out_of_range")
	for _, cursor := range []string{"x", "99999999999", "e30"} {
		c.get(path+"?cursor="+cursor).refusedWith(400, "cursor_invalid")
	}
	next := into[struct{ NextCursor *string }](c.get(path + "?limit=1").is(200)).NextCursor
	if next == nil {
		c.t.Fatalf("%s has too few items for two pages", path)
	}
	c.get(path + "?limit=1&cursor=" + *next).is(200)
	c.get(path+"?sort="+sort+"&cursor="+*next).refusedWith(400, "cursor_invalid")
}

// Transfers and plans are found again, by those who see them.
func TestTransfersAndPlansAreListed(t *testing.T) {
	t.Parallel()
	d := newSale(t)
	ctx := t.Context()
	_, stranger := d.stack.reseller("Stranger")
	other := d.customerOf(d.reseller, "Beacon")
	plan := func() uuid.UUID { return when(d.reseller.PlanTransfer(ctx, nil, d.request)).Then(t).JSON201.Id }
	committed, open := plan(), plan()
	var made []string
	move := func(r client.TransferRequest) uuid.UUID {
		id := *when(d.reseller.TransferDevices(ctx, nil, r)).Then(t).JSON201.Id
		made = append(made, id.String())
		d.clock.Advance(time.Minute)
		return id
	}
	first := move(client.TransferRequest{PlanId: &committed}) // two devices, and one that is not there
	refused := move(client.TransferRequest{From: &d.resellerUID, To: &other, Devices: &[]string{mp70(1)}})
	back := move(client.TransferRequest{From: &d.customerUID, To: &d.resellerUID, Devices: &[]string{mp70(2)}})
	when(d.reseller.ReverseTransfer(ctx, back, nil, client.TransferReversalRequest{Reason: "wrong box"})).Then(t)
	d.customer.After(d.reseller.Position())
	stranger.After(d.reseller.Position())
	d.After(d.reseller.Position())

	const transfers = "/v1/transfers"
	slices.Reverse(made)
	expect(t, "youngest first", d.reseller.lists(transfers, "id"), made)
	expect(t, "states", d.reseller.lists(transfers, "state", "sort=requestedAt"), []string{"transferred", "refused", "reversed"})
	expect(t, "by state", d.reseller.lists(transfers, "state", "sort=-state"), []string{"transferred", "reversed", "refused"})
	expect(t, "counts", d.reseller.lists(transfers, "devices", "state=transferred"), []string{`{"refused":1,"requested":0,"reversed":0,"total":3,"transferred":2}`})
	expect(t, "either state", d.reseller.lists(transfers, "id", "state=reversed", "state=refused"), []string{back.String(), refused.String()})
	expect(t, "from", d.reseller.lists(transfers, "id", "from="+d.customerUID.String()), []string{back.String()})
	expect(t, "to", d.reseller.lists(transfers, "id", "to="+other.String()), []string{refused.String()})
	expect(t, "either side", d.reseller.lists(transfers, "id", "account="+d.customerUID.String()), []string{back.String(), first.String()})
	expect(t, "device", d.reseller.lists(transfers, "id", "device="+mp70(1)), []string{refused.String(), first.String()})
	expect(t, "device that is not there", d.reseller.lists(transfers, "id", "device=LD99999999999999"), []string{first.String()})
	expect(t, "no device", d.reseller.lists(transfers, "id", "device=???"), []string{})
	expect(t, "since", d.reseller.lists(transfers, "id", "since="+now.Add(2*time.Minute).Format(time.RFC3339)), []string{back.String()})
	expect(t, "until", d.reseller.lists(transfers, "id", "until="+now.Add(30*time.Second).Format(time.RFC3339)), []string{first.String()})
	expect(t, "that day", len(d.reseller.lists(transfers, "id", "since=2026-03-15", "until=2026-03-15")), 3)
	expect(t, "the day before", d.reseller.lists(transfers, "id", "until=2026-03-14"), []string{})
	d.reseller.speaks(transfers, "state")
	d.reseller.get(transfers+"?since=yesterday").refusedWith(400, "#/query/since instant_invalid")
	d.reseller.get(transfers+"?state=lost").refusedWith(400, "#/query/state invalid_value")

	expect(t, "the customer's", d.customer.lists(transfers, "id"), []string{back.String(), first.String()})
	expect(t, "as far as it sees", d.customer.lists(transfers, "devices", "to="+d.customerUID.String()), []string{`{"refused":0,"requested":0,"reversed":0,"total":2,"transferred":2}`})
	expect(t, "who asked", d.customer.lists(transfers, "requestedBy"), []string{"null", "null"})
	expect(t, "not what the customer does not see", d.customer.lists(transfers, "id", "device=LD99999999999999"), []string{})
	expect(t, "the stranger's", stranger.lists(transfers, "id"), []string{})
	expect(t, "the operator's", len(d.lists(transfers, "id")), 3)
	expect(t, "read by the operator", d.lists(transfers, "planId", "state=transferred"), []string{committed.String()})

	const plans = "/v1/transfer-plans"
	expect(t, "plans", d.reseller.lists(plans, "id", "sort=state"), []string{committed.String(), open.String()})
	expect(t, "open", d.reseller.lists(plans, "id", "state=open"), []string{open.String()})
	expect(t, "committed by", d.reseller.lists(plans, "transfers", "state=committed"), []string{`["` + first.String() + `"]`})
	expect(t, "summary", d.reseller.lists(plans, "summary", "state=open"), []string{`{"refused":1,"total":3,"transferable":2}`})
	expect(t, "of the other side", d.reseller.lists(plans, "id", "to="+other.String()), []string{})
	for _, c := range []*caller{d.customer, stranger, d.caller} {
		expect(t, "plans of others", c.lists(plans, "id"), []string{})
	}
	d.reseller.speaks(plans, "-expiresAt")
	d.clock.Advance(24 * time.Hour)
	expect(t, "a day later", d.reseller.lists(plans, "state"), []string{"committed"})
	expect(t, "run out", d.reseller.lists(plans, "id", "state=expired", "state=open"), []string{open.String()})
}

// Release requests are found by who asked and by who has the devices.
func TestReleaseRequestsAreListed(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	_, owner := s.reseller("Northwind")
	buyerUID, buyer := s.reseller("Southwind")
	_, stranger := s.reseller("Stranger")
	owner.registers(newDevice(1), newDevice(2), newDevice(3))
	buyer.registers(newDevice(4))
	ask := func(c *caller, n int) string {
		s.clock.Advance(time.Minute)
		return when(c.RequestRelease(ctx, nil, client.ReleaseRequestInput{SerialNumber: mp70(n), Imei: new(imei(n))})).Then(t).JSON201.Id.String()
	}
	first, second, third := ask(buyer, 1), ask(buyer, 2), ask(buyer, 3)
	fourth := ask(owner, 4)
	when(owner.DenyReleaseRequest(ctx, uuid.MustParse(first), nil, client.Reason{})).Then(t)
	when(owner.GrantReleaseRequest(ctx, uuid.MustParse(second), nil, client.Reason{})).Then(t)
	for _, c := range []*caller{buyer, stranger, s.caller} {
		c.After(owner.Position())
	}
	const requests = "/v1/release-requests"
	expect(t, "both sides", owner.lists(requests, "id"), []string{fourth, third, second, first})
	expect(t, "asked", buyer.lists(requests, "id", "role=asker"), []string{third, second, first})
	expect(t, "held", buyer.lists(requests, "id", "role=holder"), []string{fourth})
	expect(t, "states", buyer.lists(requests, "state", "role=asker", "sort=requestedAt"), []string{"denied", "granted", "open"})
	expect(t, "either", owner.lists(requests, "id", "state=denied", "state=open", "sort=-serialNumber"), []string{fourth, third, first})
	expect(t, "device", owner.lists(requests, "id", "device="+mp70(2), "device="+mp70(4)), []string{fourth, second})
	expect(t, "the stranger's", stranger.lists(requests, "id"), []string{})
	expect(t, "the operator's", s.lists(requests, "id"), []string{fourth, third, second, first})
	expect(t, "acting for", len(into[openapi.ReleaseRequestList](s.get(requests+"?role=holder", "X-Account: "+buyerUID.String()).is(200)).Items), 1)
	owner.speaks(requests, "state")
	owner.get(requests+"?role=owner").refusedWith(400, "#/query/role invalid_value")
}

// Long requests are found again by the account that sent them.
func TestOperationsAreListed(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, desk := s.reseller("Northwind")
	_, stranger := s.reseller("Stranger")
	var ids []string
	for _, path := range []string{"/v1/device-registrations", "/v1/renewals", "/v1/device-registrations"} {
		body := `{"devices":["` + mp70(1) + `"],"term":"P1Y"}`
		if path == "/v1/device-registrations" {
			body = `{"items":[{"serialNumber":"` + mp70(1) + `","imei":"` + imei(1) + `"}]}`
		}
		op := into[openapi.Operation](desk.post(path, body, "Prefer: respond-async").is(202))
		s.finished(desk, op.Id)
		ids = append(ids, op.Id.String())
		s.clock.Advance(time.Minute)
	}
	const operations = "/v1/operations"
	expect(t, "oldest first", desk.lists(operations, "id", "sort=createdAt"), ids)
	expect(t, "youngest first", desk.lists(operations, "id"), []string{ids[2], ids[1], ids[0]})
	expect(t, "kind", desk.lists(operations, "id", "kind=renewal", "kind=transfer"), []string{ids[1]})
	expect(t, "running", desk.lists(operations, "id", "state=queued", "state=running"), []string{})
	expect(t, "done", len(desk.lists(operations, "id", "state=done")), 3)
	expect(t, "the stranger's", stranger.lists(operations, "id"), []string{})
	expect(t, "the operator's", s.lists(operations, "id"), []string{})
	desk.speaks(operations, "createdAt")
}
