package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
)

func outcomes(b openapi.BulkResult) []string {
	var all []string
	for _, r := range b.Results {
		one := string(r.Outcome)
		for _, p := range r.Problems {
			one += " " + p.Code
		}
		all = append(all, one)
	}
	return all
}

func expect(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// The main job, over HTTP: a reseller creates a customer, registers the
// vendor's CSV, transfers, renews, and sees it all on the Customers page.
func TestFromCustomerToRenewedDevice(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	resellerUID, reseller := s.reseller("Northwind")
	customerUID, _ := s.customerOf(reseller, "Alder")
	s.fullAccess(resellerUID, customerUID)

	file := "\ufeffTARGET_COMPANY;gateway[serial number];Gateway[IMEI];TYPE;NAME;LABELS\r\n" +
		customerUID + ";" + mp70(1) + ";" + imei(1) + ";MP70;gate;south|fixed\r\n" +
		";  ld" + strings.Repeat("0", 13) + "2 ;" + imei(2) + ";;\"Zoë – \"\"north\"\"; gate\";\r\n" +
		customerUID + ";" + mp70(3) + ";123456789012345;MP70;bad imei;\r\n" +
		"nobody;" + mp70(4) + ";" + imei(4) + ";MP70;nobody;\r\n" +
		customerUID + ";" + mp70(1) + ";" + imei(1) + ";MP70;twice;\r\n"
	got := reseller.post("/v1/device-registrations", file, "Content-Type: text/csv").is(200)
	registered := into[openapi.BulkResult](got)
	expect(t, "registration", outcomes(registered), []string{
		"created", "created", "refused imei_invalid", "refused target_unknown", "refused duplicate_in_request",
	})
	if registered.Summary.Created == nil || *registered.Summary.Created != 2 || registered.Summary.Refused != 3 || registered.Summary.Total != 5 {
		t.Errorf("summary %+v", registered.Summary)
	}
	again := into[openapi.BulkResult](reseller.post("/v1/device-registrations", file, "Content-Type: text/csv").is(200))
	expect(t, "registration again", outcomes(again)[:2], []string{"unchanged", "unchanged"})

	got = reseller.post("/v1/transfers", fmt.Sprintf(`{"from":%q,"to":%q,"devices":[%q,"LD99999999999999"],"reason":"sold"}`, resellerUID, customerUID, mp70(2))).is(201)
	expect(t, "transfer", outcomes(into[openapi.BulkResult](got)), []string{"transferred", "refused device_not_found"})

	renewal := fmt.Sprintf(`{"devices":[%q,%q],"term":"P1Y","orderNumber":"PO-1"}`, mp70(1), mp70(2))
	dry := reseller.post("/v1/renewals?dryRun=true", renewal).is(200)
	expect(t, "dry run", outcomes(into[openapi.BulkResult](dry)), []string{"renewed", "renewed"})
	got = reseller.post("/v1/renewals", renewal, "Idempotency-Key: order-1").is(200)
	expect(t, "renewal", outcomes(into[openapi.BulkResult](got)), []string{"renewed", "renewed"})
	replayed := reseller.post("/v1/renewals", renewal, "Idempotency-Key: order-1").is(200)
	if string(replayed.body) != string(got.body) || replayed.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("replayed %s", replayed.body)
	}
	if renewed := into[openapi.BulkResult](got).Results[0].Device; renewed == nil || *renewed.ServiceEnd != into2(dry).Results[0].serviceEnd() {
		t.Errorf("the dry run promised something else: %s", got.body)
	}

	seen := "minPosition=" + got.header.Get("X-Position")
	customers := into[openapi.CustomerList](reseller.get("/v1/customers?" + seen).is(200))
	if len(customers.Items) != 1 {
		t.Fatalf("customers: %+v", customers)
	}
	row := customers.Items[0]
	if row.TotalSystems != 2 || row.ActiveSystems != 2 || row.RenewalSystems != 2 || row.InitialRenewal == nil || *row.InitialRenewal != "2028-03-15" {
		t.Errorf("row: %+v, initial renewal %v", row, *row.InitialRenewal)
	}
	expect(t, "profile", row.PartnerProfile.Id, "full")

	one := reseller.get("/v1/devices/" + strings.ToLower(mp70(2)) + "?" + seen).is(200)
	device := into[openapi.Device](one)
	if device.Account.Uid.String() != customerUID || *device.Account.Name != "Alder" || device.Name != `Zoë – "north"; gate` {
		t.Errorf("device: %s", one.body)
	}
	history := into[openapi.History](reseller.get("/v1/devices/" + device.Uid.String() + "/history").is(200))
	var types []string
	for _, item := range history.Items {
		types = append(types, *item.Type)
	}
	expect(t, "history", types, []string{"Registered", "Transferred", "ServiceRenewed"})

	// The customer sees the device, and of its past only what is its own.
	foreign := into[openapi.History](s.signIn(customerUID, "").get("/v1/devices/" + mp70(2) + "/history").is(200))
	if len(foreign.Items) != 3 || !foreign.Items[0].Redacted || foreign.Items[1].Redacted ||
		strings.Contains(string(mustJSON(t, foreign.Items[:2])), resellerUID) {
		t.Errorf("the customer's view: %s", mustJSON(t, foreign))
	}
	// Somebody else sees nothing at all.
	_, stranger := s.reseller("Stranger")
	stranger.get("/v1/devices/"+mp70(2)).refusedWith(404, "not_found")
	stranger.get("/v1/devices/" + mp70(2) + "/history").is(404)
	stranger.get("/v1/accounts/"+customerUID).refusedWith(404, "not_found")
	stranger.get("/v1/customers", "X-Account: "+resellerUID).refusedWith(404, "not_found")
	elsewhere := into[openapi.BulkResult](stranger.post("/v1/device-registrations", fmt.Sprintf(`{"items":[{"serialNumber":%q,"imei":%q}]}`, mp70(2), imei(2))).is(200))
	expect(t, "registered by a stranger", outcomes(elsewhere), []string{"refused registered_elsewhere"})
	if text := string(mustJSON(t, elsewhere)); strings.Contains(text, customerUID) || strings.Contains(text, "Alder") {
		t.Errorf("tells where: %s", text)
	}
}

type promised struct{ Results []promisedResult }

type promisedResult struct{ Device openapi.Device }

func (p promisedResult) serviceEnd() string { return *p.Device.ServiceEnd }

func into2(a answer) promised { return into[promised](a) }

// finished waits for the end of an operation.
func (s *stack) finished(c *caller, at string) openapi.Operation {
	s.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-s.t.Context().Done():
			s.t.Fatal("not done in time")
		}
		operation := into[openapi.Operation](c.get(at).is(200))
		switch operation.State {
		case "done":
			return operation
		case "failed":
			s.t.Fatalf("failed: %v", *operation.Error)
		}
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	must(t, err)
	return b
}

func TestBusinessRulesOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	resellerUID, reseller := s.reseller("Northwind")
	customerUID, _ := s.customerOf(reseller, "Prairie Fire")

	reseller.post("/v1/customers", `{"name":"  prairie   FIRE ","administrator":{"email":"new@x.example"}}`).refusedWith(409, "/name name_taken")
	first := `{"name":"One","administrator":{"email":"Same@x.example"}}`
	reseller.post("/v1/customers", first).is(201)
	reseller.post("/v1/customers", `{"name":"ＯＮＥ","administrator":{"email":"same@X.example"}}`).
		refusedWith(409, "/name name_taken", "/administrator/email email_taken")
	reseller.post("/v1/accounts", `{"name":"R2","type":"reseller","administrator":{"email":"r2@x.example"}}`).is(403)
	reseller.post("/v1/allocations", `{"device":"`+mp70(1)+`","term":"P1Y"}`).is(403)
	reseller.get("/v1/projections").is(403)
	s.post("/v1/customers", first).is(422) // the operator acts for no account

	items := make([]string, 0, 22)
	for n := range 22 {
		items = append(items, fmt.Sprintf(`{"serialNumber":%q,"imei":%q}`, mp70(n), imei(n)))
	}
	got := into[openapi.BulkResult](reseller.post("/v1/device-registrations", `{"items":[`+strings.Join(items, ",")+`]}`).is(200))
	if *got.Summary.Created != 20 || got.Summary.Refused != 2 || got.Results[20].Problems[0].Code != "device_limit_reached" {
		t.Errorf("22 devices into a reseller account: %v", outcomes(got))
	}
	position := s.post("/v1/accounts", `{"name":"R3","type":"reseller","administrator":{"email":"r3@x.example"}}`).is(201).header.Get("X-Position")
	slots := into[openapi.Slots](reseller.get("/v1/accounts/" + resellerUID + "/slots?minPosition=" + position).is(200))
	if *slots.Places != 20 || slots.Used != 20 || *slots.Free != 0 {
		t.Errorf("slots %+v", slots)
	}
	if slots = into[openapi.Slots](reseller.get("/v1/accounts/" + customerUID + "/slots").is(200)); slots.Places != nil || slots.Used != 0 {
		t.Errorf("slots of a customer %+v", slots)
	}
	me := into[openapi.Me](reseller.get("/v1/me").is(200))
	if len(me.Accounts) != 2 || me.Account.String() != resellerUID || me.Accounts[0].Profile.Id != "read-only" {
		t.Errorf("me %+v", me)
	}
	s.post("/v1/allocations", `{"device":"`+mp70(1)+`","term":"P3Y","reason":"goodwill"}`).is(201)
	s.post("/v1/allocations", `{"device":"LD99999999999999","term":"P1Y"}`).is(404)
	got = into[openapi.BulkResult](reseller.post("/v1/device-registrations", `{"items":[
		{"serialNumber":"LD00000000000100","imei":"`+imei(100)+`","iccid":"8944000000000000001"},
		{"serialNumber":"LD00000000000101","imei":"`+imei(101)+`","model":"XR80","account":"`+customerUID+`"},
		{"serialNumber":"ZZ1","imei":"1","mac":"2"},
		{"serialNumber":"LD00000000000102","imei":"`+imei(102)+`","account":"`+strings.Repeat("0", 8)+`-0000-4000-8000-000000000001"}]}`).is(200))
	for i, code := range []string{"sim_not_allowed", "model_mismatch", "factor_ambiguous", "target_unknown"} {
		if !strings.Contains(outcomes(got)[i], code) {
			t.Errorf("item %d: %s, want %s", i, outcomes(got)[i], code)
		}
	}
	reseller.post("/v1/transfers", fmt.Sprintf(`{"from":%q,"to":%q,"devices":[]}`, resellerUID, customerUID)).is(422)
	for term, code := range map[string]string{``: "term_missing", `,"term":"P1Y","until":"2030-01-01"`: "term_ambiguous"} {
		got := into[openapi.BulkResult](reseller.post("/v1/renewals", `{"devices":["`+mp70(1)+`"]`+term+`}`).is(200))
		expect(t, "renewal", outcomes(got), []string{"refused " + code})
	}
}

func TestRevisionsGuardAgainstLostUpdates(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, reseller := s.reseller("Northwind")
	got := reseller.post("/v1/device-registrations", fmt.Sprintf(`{"items":[{"serialNumber":%q,"imei":%q}]}`, mp70(1), imei(1))).is(200)
	path := "/v1/devices/" + mp70(1)
	tag := reseller.get(path + "?minPosition=" + got.header.Get("X-Position")).is(200).header.Get("ETag")

	edited := reseller.send("PATCH", path, `{"name":"gate","labels":["a"," a","b"]}`, "If-Match: "+tag).is(200)
	reseller.send("PATCH", path, `{"name":"door"}`, "If-Match: "+tag).refusedWith(412, "revision_mismatch")
	reseller.post(path+":suspend", `{"reason":"lost"}`, "If-Match: "+tag).refusedWith(412, "revision_mismatch")
	suspended := reseller.post(path+":suspend", `{"reason":"lost"}`, "If-Match: "+edited.header.Get("ETag")).is(200)
	shown := reseller.get(path + "?minPosition=" + suspended.header.Get("X-Position")).is(200)
	device := into[openapi.Device](shown)
	if device.Name != "gate" || len(device.Labels) != 2 || device.LifeCycleState != "suspended" || shown.header.Get("ETag") != suspended.header.Get("ETag") {
		t.Errorf("%s", shown.body)
	}
	reseller.post(path+":resume", "").is(200)
	retired := reseller.post(path+":retire", "").is(200)
	after := into[openapi.Device](reseller.get(path + "?minPosition=" + retired.header.Get("X-Position")).is(200))
	if after.LifeCycleState != "retired" || after.ServiceStatus != nil {
		t.Errorf("%+v", after)
	}
	reseller.send("PATCH", path, `{"name":"x"}`).is(422)
}

func TestInvitationsOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, reseller := s.reseller("Northwind")
	uid, _ := s.customerOf(reseller, "Alder")
	account := uuid.MustParse(uid)
	token := s.app.InvitationToken(account, 1)
	nobody := s.as("")
	shown := into[openapi.Activation](nobody.get("/v1/activations/" + token).is(200))
	expect(t, "invited to", shown.Account.Name, "Alder")
	nobody.get("/v1/activations/guess").refusedWith(404, "not_found")

	reseller.post("/v1/accounts/"+uid+":resendInvitation", "").is(200)
	nobody.post("/v1/activations/"+token, `{"name":"Ada","password":"correct horse battery"}`).refusedWith(404, "not_found")
	token = s.app.InvitationToken(account, 2)
	s.clock.Advance(8 * 24 * time.Hour)
	nobody.post("/v1/activations/"+token, `{"name":"Ada","password":"correct horse battery"}`).is(422)
	reseller.post("/v1/accounts/"+uid+":resendInvitation", "").is(200)
	token = s.app.InvitationToken(account, 3)
	done := nobody.post("/v1/activations/"+token, `{"name":"Ada","password":"correct horse battery"}`).is(200)
	active := into[openapi.Account](reseller.get("/v1/accounts/" + uid + "?minPosition=" + done.header.Get("X-Position")).is(200))
	if active.Status != "active" || active.Administrators[0].Name != "Ada" || active.InvitationExpires != nil {
		t.Errorf("%+v", active)
	}
}

func TestAnOperationFromFileToResults(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, reseller := s.reseller("Northwind")
	uid, _ := s.customerOf(reseller, "Alder")
	var file strings.Builder
	file.WriteString("TARGET_COMPANY,GATEWAY[SERIAL NUMBER],GATEWAY[IMEI]\n")
	for n := range 250 {
		number := imei(n)
		if n%100 == 7 {
			number = "bad"
		}
		fmt.Fprintf(&file, "%s,%s,%s\n", uid, mp70(n), number)
	}
	accepted := reseller.post("/v1/device-registrations", file.String(), "Content-Type: text/csv", "Prefer: respond-async").is(202)
	at := accepted.header.Get("Location")
	operation := s.finished(reseller, at)
	if operation.Progress.Done != 250 || *operation.Summary.Created != 247 || operation.Summary.Refused != 3 {
		t.Errorf("%+v", operation)
	}
	page := into[openapi.ResultList](reseller.get(at + "/results?limit=5&cursor=5").is(200))
	if len(page.Items) != 5 || page.Items[2].Problems[0].Code != "imei_invalid" || page.NextCursor == nil {
		t.Errorf("%+v", page)
	}
	lines := strings.Split(strings.TrimSpace(string(reseller.get(at+"/results", "Accept: application/x-ndjson").is(200).body)), "\n")
	rows := strings.Split(strings.TrimSpace(string(reseller.get(at+"/results", "Accept: text/csv").is(200).body)), "\r\n")
	if len(lines) != 250 || len(rows) != 251 || !strings.HasPrefix(rows[250], "249,line 251,") {
		t.Errorf("%d lines, %d rows, the last %q", len(lines), len(rows), rows[len(rows)-1])
	}
	export := reseller.get("/v1/devices?account="+uid+"&minPosition="+reseller.get(at).header.Get("X-Position"), "Accept: text/csv").is(200)
	if n := strings.Count(string(export.body), "\r\n"); n != 248 {
		t.Errorf("%d lines exported", n)
	}
	_, stranger := s.reseller("Stranger")
	stranger.get(at).refusedWith(404, "not_found")
	stranger.get(at+"/results").refusedWith(404, "not_found")
}

func TestPagesFitTogether(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, reseller := s.reseller("Northwind")
	position := ""
	for _, name := range []string{"Delta", "alder", "Charlie", "Bravo", "Echo"} {
		_, position = s.customerOf(reseller, name)
	}
	var names []string
	target := "/v1/customers?limit=2&sort=-name&minPosition=" + position
	next := target
	for {
		page := into[openapi.CustomerList](reseller.get(next).is(200))
		for _, c := range page.Items {
			names = append(names, c.Name)
		}
		if page.Total != 5 {
			t.Errorf("total %d", page.Total)
		}
		if page.NextCursor == nil {
			break
		}
		next = target + "&cursor=" + *page.NextCursor
	}
	expect(t, "names", names, []string{"Echo", "Delta", "Charlie", "Bravo", "alder"})
	first := into[openapi.CustomerList](reseller.get("/v1/customers?limit=2").is(200))
	reseller.get("/v1/customers?limit=2&sort=-name&cursor="+*first.NextCursor).refusedWith(400, "cursor_invalid")
	reseller.get("/v1/customers?cursor=nonsense").refusedWith(400, "cursor_invalid")
	found := into[openapi.CustomerList](reseller.get("/v1/customers?search=ALD").is(200))
	if found.Total != 1 || found.Items[0].Name != "alder" {
		t.Errorf("%+v", found)
	}
	past := into[openapi.CustomerList](reseller.get("/v1/customers?asOf=2026-01-01T00:00:00Z").is(200))
	if past.Total != 0 {
		t.Errorf("customers before there were any: %+v", past)
	}
}
