package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
)

// sale is a reseller with two devices, and its customer, who is to get them and
// one that does not exist.
type sale struct {
	*stack
	reseller, customer       *caller
	resellerUID, customerUID uuid.UUID
	request                  client.TransferPlanRequest
}

func newSale(t *testing.T) *sale {
	t.Helper()
	d := &sale{stack: newStack(t)}
	d.resellerUID, d.reseller = d.stack.reseller("Northwind")
	d.customerUID = d.customerOf(d.reseller, "Alder")
	d.fullAccess(d.resellerUID, d.customerUID)
	d.customer = d.signIn(d.customerUID, "")
	expect(t, "registration", d.reseller.registers(newDevice(1), newDevice(2)), []string{"created", "created"})
	d.request = client.TransferPlanRequest{
		From: d.resellerUID, To: d.customerUID, Devices: []string{mp70(1), mp70(2), "LD99999999999999"}, Reason: new("sold"),
	}
	return d
}

// A reseller plans a transfer; nobody else sees the plan.
func TestPlanOfATransfer(t *testing.T) {
	t.Parallel()
	d := newSale(t)
	ctx := t.Context()
	_, stranger := d.stack.reseller("Stranger")
	planned := when(d.reseller.PlanTransfer(ctx, &client.PlanTransferParams{IdempotencyKey: new("plan-1")}, d.request)).Then(t)
	plan := planned.JSON201
	if plan.Summary.Total != 3 || plan.Summary.Transferable != 2 || plan.Summary.Refused != 1 || plan.Reason != "sold" ||
		!plan.ExpiresAt.Equal(now.Add(24*time.Hour)) || plan.Policy.Name != "eligibility" || plan.Policy.Version != 2 {
		t.Errorf("plan %s", planned.Body)
	}
	first, last := plan.Results[0], plan.Results[2]
	if first.Verdict != "transferable" || first.Resulting == nil || first.Resulting.ServiceStart != "2026-03-15" ||
		first.Resulting.ServiceEnd != "2027-03-15" || *first.Resulting.SupportExpiry != "2027-03-15" || *first.SerialNumber != mp70(1) {
		t.Errorf("first %+v %+v", first, first.Resulting)
	}
	if last.Verdict != "refused" || last.Resulting != nil || last.Problems[0].Code != "device_not_found" || len(last.Problems[0].Remedies) == 0 {
		t.Errorf("last %+v", last)
	}
	expect(t, "kept plan", *when(d.reseller.GetTransferPlan(ctx, plan.Id, nil)).Then(t).JSON200, *plan)
	when(d.reseller.ListDevices(ctx, nil)).Then(t) // a plan changes no device: nobody waits for one
	for _, c := range []*caller{d.customer, stranger, d.caller} {
		when(c.GetTransferPlan(ctx, plan.Id, nil)).Refused(t, 404, "not_found")
		when(c.TransferDevices(ctx, nil, client.TransferRequest{PlanId: &plan.Id})).Refused(t, 404, "not_found")
	}
}

// A reseller commits a plan and looks at the record; others see no more of it
// than they may.
func TestACommittedPlanIsRecorded(t *testing.T) {
	t.Parallel()
	d := newSale(t)
	ctx := t.Context()
	_, stranger := d.stack.reseller("Stranger")
	plan := *when(d.reseller.PlanTransfer(ctx, nil, d.request)).Then(t).JSON201
	commit := func(p client.TransferDevicesParams) *client.TransferDevicesResponse {
		t.Helper()
		return when(d.reseller.TransferDevices(ctx, &p, client.TransferRequest{PlanId: &plan.Id})).Then(t)
	}
	want := []string{"transferred", "transferred", "refused device_not_found"}
	expect(t, "dry run", outcomes(*commit(client.TransferDevicesParams{DryRun: new(true)}).JSON200), want)
	expect(t, "all or nothing", outcomes(*commit(client.TransferDevicesParams{Atomic: new(true)}).JSON201),
		[]string{"refused batch_refused", "refused batch_refused", want[2]})
	done := commit(client.TransferDevicesParams{Prefer: new("respond-async")})
	expect(t, "commit", outcomes(*done.JSON201), want)
	expect(t, "service until", *done.JSON201.Results[0].Device.ServiceEnd, plan.Results[0].Resulting.ServiceEnd)
	again := commit(client.TransferDevicesParams{}).JSON201
	expect(t, "commit again", outcomes(*again)[0], "refused changed_since_plan not_in_source")

	id := *done.JSON201.Id
	expect(t, "location", done.Header.Get("Location"), "/v1/transfers/"+id.String())
	record := when(d.reseller.GetTransfer(ctx, id, nil)).Then(t).JSON200
	if record.Id != id || *record.PlanId != plan.Id || record.Summary.Total != 3 || *record.Summary.Transferred != 2 ||
		record.RequestedBy == nil || record.RequestedBy.Reason != "sold" || record.Policy != plan.Policy ||
		record.Results[2].Problems[0].Code != "device_not_found" || len(record.Reversals) != 0 {
		t.Errorf("record %s", mustJSON(t, record))
	}
	page := when(d.reseller.GetTransfer(ctx, id, &client.GetTransferParams{Limit: new(2)})).Then(t).JSON200
	if len(page.Results) != 2 || page.NextCursor == nil || page.Summary.Total != 3 {
		t.Errorf("page %s", mustJSON(t, page))
	}
	rest := when(d.reseller.GetTransfer(ctx, id, &client.GetTransferParams{Limit: new(2), Cursor: page.NextCursor})).Then(t).JSON200
	if len(rest.Results) != 1 || rest.NextCursor != nil || rest.Results[0].Index != 2 {
		t.Errorf("rest %s", mustJSON(t, rest))
	}
	when(d.reseller.GetTransfer(ctx, id, &client.GetTransferParams{Cursor: new("9")})).Refused(t, 400, "cursor_invalid")
	theirs := string(when(d.customer.GetTransfer(ctx, id, nil)).Then(t).Body)
	if strings.Contains(theirs, "LD99999999999999") || strings.Contains(theirs, "sold") {
		t.Errorf("the customer sees %s", theirs)
	}
	when(stranger.GetTransfer(ctx, id, nil)).Refused(t, 404, "not_found")
	when(stranger.GetTransfer(ctx, uuid.New(), nil)).Refused(t, 404, "not_found")
}

// A reseller takes a transfer back, once.
func TestReversalOfATransfer(t *testing.T) {
	t.Parallel()
	d := newSale(t)
	ctx := t.Context()
	_, stranger := d.stack.reseller("Stranger")
	id := *when(d.reseller.TransferDevices(ctx, nil, client.TransferRequest{
		From: &d.resellerUID, To: &d.customerUID, Devices: &[]string{mp70(1), mp70(2)},
	})).Then(t).JSON201.Id
	back := client.TransferReversalRequest{Devices: &[]string{mp70(2)}, Reason: "wrong box"}

	when(stranger.ReverseTransfer(ctx, id, nil, back)).Refused(t, 404, "not_found")
	theirs := when(d.customer.ReverseTransfer(ctx, id, &client.ReverseTransferParams{DryRun: new(true)}, back)).Then(t).JSON200
	expect(t, "a customer returns what it got", outcomes(*theirs), []string{"transferred"})
	dry := when(d.reseller.ReverseTransfer(ctx, id, &client.ReverseTransferParams{DryRun: new(true)}, back)).Then(t).JSON200
	expect(t, "dry reversal", outcomes(*dry), []string{"transferred"})
	done := when(d.reseller.ReverseTransfer(ctx, id, &client.ReverseTransferParams{IdempotencyKey: new("back")}, back)).Then(t).JSON201
	expect(t, "reversal", outcomes(*done), []string{"transferred"})
	found := when(d.reseller.GetDevice(ctx, mp70(2), nil)).Then(t).JSON200
	if found.Account.Uid != d.resellerUID || !found.AutoRenew || *found.ServiceEnd != "2031-03-15" {
		t.Errorf("device %+v", found)
	}
	history := when(d.reseller.GetDeviceHistory(ctx, mp70(2), nil)).Then(t).JSON200
	expect(t, "last event", *history.Items[len(history.Items)-1].Type, "TransferReversed")
	record := when(d.reseller.GetTransfer(ctx, id, nil)).Then(t).JSON200
	if *record.Results[1].Reversal != record.Reversals[0].Id || record.Reversals[0].RequestedBy.Reason != "wrong box" ||
		*record.Reversals[0].Results[0].Outcome != "transferred" {
		t.Errorf("reversed %s", mustJSON(t, record))
	}
	once := when(d.reseller.ReverseTransfer(ctx, id, nil, back)).Then(t).JSON201
	expect(t, "once more", outcomes(*once), []string{"refused already_reversed"})
}

func TestTransferTakesAPlanOrDevices(t *testing.T) {
	t.Parallel()
	some := uuid.NewString()
	for body, codes := range map[string][]string{
		`{}`:                      {"/from field_missing", "/to field_missing", "/devices field_missing"},
		`{"from":"` + some + `"}`: {"/to field_missing", "/devices field_missing"},
		`{"planId":"` + some + `","devices":[],"offer":"basic"}`: {"/devices invalid_value", "/offer invalid_value"},
		`{"planId":"x"}`: {"/planId invalid_format"},
	} {
		f := &fake{}
		newClient(t, options(f)).post("/v1/transfers", body).refusedWith(400, codes...)
		if f.calls != 0 {
			t.Errorf("%s: the application was asked", body)
		}
	}
	c := newClient(t, options(&fake{}))
	c.post("/v1/transfers/"+some+"/reversals", `{"devices":[]}`).refusedWith(400, "/reason field_missing")
	c.post("/v1/transfer-plans", `{"from":"`+some+`"}`).refusedWith(400, "/to field_missing", "/devices field_missing")
	many := strings.Repeat(`"a",`, 1000) + `"a"`
	c.post("/v1/transfer-plans", `{"from":"`+some+`","to":"`+some+`","devices":[`+many+`]}`).refusedWith(400, "/devices too_many_items")
	c.get("/v1/transfers/x").is(400)
	c.get("/v1/transfer-plans/x").is(400)
}

// A long transfer becomes an operation of the same id, and is recorded like any other.
func TestTransferInTheBackgroundIsRecorded(t *testing.T) {
	t.Parallel()
	d := newSale(t)
	ctx := t.Context()
	accepted := when(d.reseller.TransferDevices(ctx, &client.TransferDevicesParams{Prefer: new("respond-async")}, client.TransferRequest{
		From: &d.resellerUID, To: &d.customerUID, Devices: &[]string{mp70(1), mp70(1)},
	})).Then(t).JSON202
	d.finished(d.reseller, accepted.Id)
	record := when(d.reseller.GetTransfer(ctx, accepted.Id, nil)).Then(t).JSON200
	if *record.Summary.Transferred != 1 || *record.Results[0].SerialNumber != mp70(1) {
		t.Errorf("record %s", mustJSON(t, record))
	}
}
