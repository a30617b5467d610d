package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
)

// A reseller plans a transfer, commits the plan, looks at the record, takes the
// transfer back, and others see no more than they may.
func TestPlanTransferAndReversal(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	resellerUID, reseller := s.reseller("Northwind")
	customerUID, _ := s.customerOf(reseller, "Alder")
	s.fullAccess(resellerUID, customerUID)
	customer := s.signIn(customerUID, "")
	_, stranger := s.reseller("Stranger")
	reseller.post("/v1/device-registrations", fmt.Sprintf(`{"items":[{"serialNumber":%q,"imei":%q},{"serialNumber":%q,"imei":%q}]}`,
		mp70(1), imei(1), mp70(2), imei(2))).is(200)

	request := fmt.Sprintf(`{"from":%q,"to":%q,"devices":[%q,%q,"LD99999999999999"],"reason":"sold"}`, resellerUID, customerUID, mp70(1), mp70(2))
	got := reseller.post("/v1/transfer-plans", request, "Idempotency-Key: plan-1").is(201)
	plan := into[openapi.TransferPlan](got)
	if plan.Summary.Total != 3 || plan.Summary.Transferable != 2 || plan.Summary.Refused != 1 || plan.Reason != "sold" ||
		!plan.ExpiresAt.Equal(now.Add(24*time.Hour)) || plan.Policy.Name != "eligibility" || plan.Policy.Version != 1 {
		t.Errorf("plan %s", got.body)
	}
	first, last := plan.Results[0], plan.Results[2]
	if first.Verdict != "transferable" || first.Resulting == nil || first.Resulting.ServiceStart != "2026-03-15" ||
		first.Resulting.ServiceEnd != "2027-03-15" || *first.Resulting.SupportExpiry != "2027-03-15" || *first.SerialNumber != mp70(1) {
		t.Errorf("first %+v %+v", first, first.Resulting)
	}
	if last.Verdict != "refused" || last.Resulting != nil || last.Problems[0].Code != "device_not_found" || len(last.Problems[0].Remedies) == 0 {
		t.Errorf("last %+v", last)
	}
	at := got.header.Get("Location")
	shown := reseller.get(at + "?minPosition=" + got.header.Get("X-Position")).is(200)
	expect(t, "kept plan", string(shown.body), string(got.body))
	reseller.get("/v1/devices?minPosition=" + got.header.Get("X-Position")).is(200) // a plan changes no device: nobody waits for one
	for name, c := range map[string]*caller{"customer": customer, "stranger": stranger, "operator": s.caller} {
		c.get(at).refusedWith(404, "not_found")
		c.post("/v1/transfers", `{"planId":"`+plan.Id.String()+`"}`).refusedWith(404, "not_found")
		t.Log(name)
	}

	commit := `{"planId":"` + plan.Id.String() + `"}`
	dry := reseller.post("/v1/transfers?dryRun=true", commit).is(200)
	want := []string{"transferred", "transferred", "refused device_not_found"}
	expect(t, "dry run", outcomes(into[openapi.BulkResult](dry)), want)
	refusedAll := reseller.post("/v1/transfers?atomic=true", commit).is(201)
	expect(t, "all or nothing", outcomes(into[openapi.BulkResult](refusedAll)), []string{"refused batch_refused", "refused batch_refused", want[2]})
	done := reseller.post("/v1/transfers", commit, "Prefer: respond-async").is(201)
	expect(t, "commit", outcomes(into[openapi.BulkResult](done)), want)
	if end := *into[openapi.BulkResult](done).Results[0].Device.ServiceEnd; end != first.Resulting.ServiceEnd {
		t.Errorf("service until %s, planned %s", end, first.Resulting.ServiceEnd)
	}
	again := reseller.post("/v1/transfers", commit).is(201)
	expect(t, "commit again", outcomes(into[openapi.BulkResult](again))[0], "refused changed_since_plan not_in_source")

	at = done.header.Get("Location")
	record := into[openapi.Transfer](reseller.get(at).is(200))
	if record.Id != *into[openapi.BulkResult](done).Id || *record.PlanId != plan.Id || record.Summary.Total != 3 || *record.Summary.Transferred != 2 ||
		record.RequestedBy == nil || record.RequestedBy.Reason != "sold" || record.Policy != plan.Policy ||
		record.Results[2].Problems[0].Code != "device_not_found" || len(record.Reversals) != 0 {
		t.Errorf("record %s", mustJSON(t, record))
	}
	page := into[openapi.Transfer](reseller.get(at + "?limit=2").is(200))
	if len(page.Results) != 2 || page.NextCursor == nil || page.Summary.Total != 3 {
		t.Errorf("page %s", mustJSON(t, page))
	}
	rest := into[openapi.Transfer](reseller.get(at + "?limit=2&cursor=" + *page.NextCursor).is(200))
	if len(rest.Results) != 1 || rest.NextCursor != nil || rest.Results[0].Index != 2 {
		t.Errorf("rest %s", mustJSON(t, rest))
	}
	reseller.get(at+"?cursor=9").refusedWith(400, "cursor_invalid")
	theirs := customer.get(at).is(200)
	if strings.Contains(string(theirs.body), "LD99999999999999") || strings.Contains(string(theirs.body), "sold") {
		t.Errorf("the customer sees %s", theirs.body)
	}
	stranger.get(at).refusedWith(404, "not_found")
	stranger.get("/v1/transfers/"+uuid.NewString()).refusedWith(404, "not_found")

	reversal := fmt.Sprintf(`{"devices":[%q],"reason":"wrong box"}`, mp70(2))
	stranger.post(at+"/reversals", reversal).refusedWith(404, "not_found")
	mine := into[openapi.BulkResult](customer.post(at+"/reversals", reversal).is(201))
	expect(t, "without a say in the reseller's account", outcomes(mine), []string{"refused missing_right"})
	dry = reseller.post(at+"/reversals?dryRun=true", reversal).is(200)
	expect(t, "dry reversal", outcomes(into[openapi.BulkResult](dry)), []string{"transferred"})
	back := reseller.post(at+"/reversals", reversal, "Idempotency-Key: back").is(201)
	expect(t, "reversal", outcomes(into[openapi.BulkResult](back)), []string{"transferred"})
	expect(t, "replayed", string(reseller.post(at+"/reversals", reversal, "Idempotency-Key: back").is(201).body), string(back.body))
	expect(t, "location", back.header.Get("Location"), at)

	device := into[openapi.Device](reseller.get("/v1/devices/" + mp70(2) + "?minPosition=" + back.header.Get("X-Position")).is(200))
	if device.Account.Uid.String() != resellerUID || !device.AutoRenew || *device.ServiceEnd != "2031-03-15" {
		t.Errorf("device %+v", device)
	}
	history := into[openapi.History](reseller.get("/v1/devices/" + mp70(2) + "/history").is(200))
	expect(t, "last event", *history.Items[len(history.Items)-1].Type, "TransferReversed")
	record = into[openapi.Transfer](reseller.get(at).is(200))
	if *record.Results[1].Reversal != record.Reversals[1].Id || record.Reversals[1].RequestedBy.Reason != "wrong box" ||
		*record.Reversals[1].Results[0].Outcome != "transferred" || *record.Reversals[0].Results[0].Outcome != "refused" {
		t.Errorf("reversed %s", mustJSON(t, record))
	}
	expect(t, "once more", outcomes(into[openapi.BulkResult](reseller.post(at+"/reversals", reversal).is(201))), []string{"refused already_reversed"})
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
	s := newStack(t)
	resellerUID, reseller := s.reseller("Northwind")
	customerUID, _ := s.customerOf(reseller, "Alder")
	reseller.post("/v1/device-registrations", fmt.Sprintf(`{"items":[{"serialNumber":%q,"imei":%q}]}`, mp70(1), imei(1))).is(200)
	s.fullAccess(resellerUID, customerUID)
	body := fmt.Sprintf(`{"from":%q,"to":%q,"devices":[%q,%q]}`, resellerUID, customerUID, mp70(1), mp70(1))
	operation := reseller.post("/v1/transfers", body, "Prefer: respond-async").is(202).header.Get("Location")
	s.finished(reseller, operation)
	record := into[openapi.Transfer](reseller.get(strings.Replace(operation, "operations", "transfers", 1)).is(200))
	if *record.Summary.Transferred != 1 || *record.Results[0].SerialNumber != mp70(1) {
		t.Errorf("record %s", mustJSON(t, record))
	}
}
