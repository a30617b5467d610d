package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
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
	ctx := t.Context()
	resellerUID, reseller := s.reseller("Northwind")
	customerUID := s.customerOf(reseller, "Alder")
	s.fullAccess(resellerUID, customerUID)

	customer := customerUID.String()
	file := "\ufeffTARGET_COMPANY;gateway[serial number];Gateway[IMEI];TYPE;NAME;LABELS\r\n" +
		customer + ";" + mp70(1) + ";" + imei(1) + ";MP70;gate;south|fixed\r\n" +
		";  ld" + strings.Repeat("0", 13) + "2 ;" + imei(2) + ";;\"Zoë – \"\"north\"\"; gate\";\r\n" +
		customer + ";" + mp70(3) + ";123456789012345;MP70;bad imei;\r\n" +
		"nobody;" + mp70(4) + ";" + imei(4) + ";MP70;nobody;\r\n" +
		customer + ";" + mp70(1) + ";" + imei(1) + ";MP70;twice;\r\n"
	registered := when(reseller.RegisterDevicesWithBody(ctx, nil, "text/csv", strings.NewReader(file))).Then(t).JSON200
	expect(t, "registration", outcomes(*registered), []string{
		"created", "created", "refused imei_invalid", "refused target_unknown", "refused duplicate_in_request",
	})
	if registered.Summary.Created == nil || *registered.Summary.Created != 2 || registered.Summary.Refused != 3 || registered.Summary.Total != 5 {
		t.Errorf("summary %+v", registered.Summary)
	}
	again := when(reseller.RegisterDevicesWithBody(ctx, nil, "text/csv", strings.NewReader(file))).Then(t).JSON200
	expect(t, "registration again", outcomes(*again)[:2], []string{"unchanged", "unchanged"})

	transferred := when(reseller.TransferDevices(ctx, nil, client.TransferRequest{
		From: &resellerUID, To: &customerUID, Devices: &[]string{mp70(2), "LD99999999999999"}, Reason: new("sold"),
	})).Then(t).JSON201
	expect(t, "transfer", outcomes(*transferred), []string{"transferred", "refused device_not_found"})

	order := client.RenewalRequest{Devices: []string{mp70(1), mp70(2)}, Term: new("P1Y"), OrderNumber: new("PO-1")}
	dry := when(s.RenewDevices(ctx, &client.RenewDevicesParams{DryRun: new(true)}, order)).Then(t).JSON200
	expect(t, "dry run", outcomes(*dry), []string{"renewed", "renewed"})
	once := &client.RenewDevicesParams{IdempotencyKey: new("order-1")}
	renewed := when(s.RenewDevices(ctx, once, order)).Then(t)
	expect(t, "renewal", outcomes(*renewed.JSON200), []string{"renewed", "renewed"})
	replayed := when(s.RenewDevices(ctx, once, order)).Then(t)
	if string(replayed.Body) != string(renewed.Body) || replayed.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("replayed %s", replayed.Body)
	}
	expect(t, "what the dry run promised", *renewed.JSON200.Results[0].Device.ServiceEnd, *dry.Results[0].Device.ServiceEnd)

	reseller.After(s.Position())
	customers := when(reseller.ListCustomers(ctx, nil)).Then(t).JSON200
	if len(customers.Items) != 1 {
		t.Fatalf("customers: %+v", customers)
	}
	row := customers.Items[0]
	if row.TotalSystems != 2 || row.ActiveSystems != 2 || row.RenewalSystems != 2 || row.InitialRenewal == nil || *row.InitialRenewal != "2028-03-15" {
		t.Errorf("row: %+v, initial renewal %v", row, *row.InitialRenewal)
	}
	expect(t, "profile", row.PartnerProfile.Id, "full")

	found := when(reseller.GetDevice(ctx, strings.ToLower(mp70(2)), nil)).Then(t).JSON200
	if found.Account.Uid != customerUID || *found.Account.Name != "Alder" || found.Name != `Zoë – "north"; gate` {
		t.Errorf("device: %+v", found)
	}
	history := when(reseller.GetDeviceHistory(ctx, found.Uid.String(), nil)).Then(t).JSON200
	var types []string
	for _, item := range history.Items {
		types = append(types, *item.Type)
	}
	expect(t, "history", types, []string{"Registered", "Transferred", "ServiceRenewed"})

	// The customer sees the device, and of its past only what is its own.
	theirs := when(s.signIn(customerUID, "").GetDeviceHistory(ctx, mp70(2), nil)).Then(t).JSON200
	if len(theirs.Items) != 3 || !theirs.Items[0].Redacted || theirs.Items[1].Redacted ||
		strings.Contains(string(mustJSON(t, theirs.Items[:2])), resellerUID.String()) {
		t.Errorf("the customer's view: %s", mustJSON(t, theirs))
	}
	// Somebody else sees nothing at all.
	_, stranger := s.reseller("Stranger")
	when(stranger.GetDevice(ctx, mp70(2), nil)).Refused(t, 404, "not_found")
	when(stranger.GetDeviceHistory(ctx, mp70(2), nil)).Refused(t, 404, "not_found")
	when(stranger.GetAccount(ctx, customerUID, nil)).Refused(t, 404, "not_found")
	when(stranger.ListCustomers(ctx, &client.ListCustomersParams{XAccount: &resellerUID})).Refused(t, 404, "not_found")
	elsewhere := when(stranger.RegisterDevices(ctx, nil, request(newDevice(2)))).Then(t)
	expect(t, "registered by a stranger", outcomes(*elsewhere.JSON200), []string{"refused registered_elsewhere"})
	if text := string(elsewhere.Body); strings.Contains(text, customer) || strings.Contains(text, "Alder") {
		t.Errorf("tells where: %s", text)
	}
}

// finished waits for the end of an operation.
func (s *stack) finished(c *caller, id uuid.UUID) openapi.Operation {
	s.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		operation := when(c.GetOperation(s.t.Context(), id, nil)).Then(s.t).JSON200
		switch operation.State {
		case client.Done:
			return *operation
		case client.Failed:
			s.t.Fatalf("failed: %v", *operation.Error)
		}
		select {
		case <-tick.C:
		case <-s.t.Context().Done():
			s.t.Fatal("not done in time")
		}
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	must(t, err)
	return b
}

func TestNamesAndAddressesAreUnique(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	_, reseller := s.reseller("Northwind")
	s.customerOf(reseller, "Prairie Fire")

	when(reseller.CreateCustomer(ctx, nil, customerNamed("  prairie   FIRE "))).Refused(t, 409, "/name name_taken")
	one := client.NewCustomer{Name: "One", Administrator: client.Administrator{Email: "Same@x.example"}}
	when(reseller.CreateCustomer(ctx, nil, one)).Then(t)
	one.Name, one.Administrator.Email = "ＯＮＥ", "same@X.example"
	when(reseller.CreateCustomer(ctx, nil, one)).Refused(t, 409, "/name name_taken", "/administrator/email email_taken")
	when(s.CreateCustomer(ctx, nil, customerNamed("Two"))).RefusedAs(t, 422) // the operator acts for no account
}

func TestWhatOnlyTheOperatorMay(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	_, reseller := s.reseller("Northwind")
	expect(t, "registration", reseller.registers(newDevice(1)), []string{"created"})
	three := client.AllocationRequest{Device: mp70(1), Term: new("P3Y"), Reason: new("goodwill")}

	when(reseller.CreateAccount(ctx, nil, client.NewAccount{Name: "R2", Type: client.Reseller, Administrator: somebody()})).RefusedAs(t, 403)
	when(reseller.GrantAllocation(ctx, nil, three)).RefusedAs(t, 403)
	when(reseller.ListProjections(ctx, nil)).RefusedAs(t, 403)

	when(s.GrantAllocation(ctx, nil, three)).Then(t)
	three.Device = "LD99999999999999"
	when(s.GrantAllocation(ctx, nil, three)).RefusedAs(t, 404)
}

func TestTheTwentyPlacesOfAReseller(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	resellerUID, reseller := s.reseller("Northwind")
	customerUID := s.customerOf(reseller, "Alder")
	var items []client.Registration
	for n := range 22 {
		items = append(items, newDevice(n))
	}
	got := when(reseller.RegisterDevices(ctx, nil, request(items...))).Then(t).JSON200
	if *got.Summary.Created != 20 || got.Summary.Refused != 2 || got.Results[20].Problems[0].Code != "device_limit_reached" {
		t.Errorf("22 devices into a reseller account: %v", outcomes(*got))
	}
	slots := when(reseller.GetSlots(ctx, resellerUID, nil)).Then(t).JSON200
	if *slots.Places != 20 || slots.Used != 20 || *slots.Free != 0 {
		t.Errorf("slots %+v", slots)
	}
	if slots = when(reseller.GetSlots(ctx, customerUID, nil)).Then(t).JSON200; slots.Places != nil || slots.Used != 0 {
		t.Errorf("slots of a customer %+v", slots)
	}
	me := when(reseller.GetMe(ctx, nil)).Then(t).JSON200
	if len(me.Accounts) != 1 || *me.Account != resellerUID || me.Accounts[0].Profile.Id != "read-only" {
		t.Errorf("me %+v", me)
	}
}

func TestWhatIsRefusedOfABulkRequest(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	resellerUID, reseller := s.reseller("Northwind")
	customerUID := s.customerOf(reseller, "Alder")
	expect(t, "registration", reseller.registers(newDevice(1)), []string{"created"})

	withSIM, otherModel := newDevice(100), newDevice(101, customerUID)
	withSIM.Iccid, otherModel.Model = new("8944000000000000001"), new("XR80")
	twoFactors := client.Registration{SerialNumber: "ZZ1", Imei: new("1"), Mac: new("2")}
	nowhere := newDevice(102, uuid.MustParse("00000000-0000-4000-8000-000000000001"))
	got := reseller.registers(withSIM, otherModel, twoFactors, nowhere)
	for i, code := range []string{"sim_not_allowed", "model_mismatch", "factor_ambiguous", "target_unknown"} {
		if !strings.Contains(got[i], code) {
			t.Errorf("item %d: %s, want %s", i, got[i], code)
		}
	}
	when(reseller.TransferDevices(ctx, nil, client.TransferRequest{From: &resellerUID, To: &customerUID, Devices: &[]string{}})).RefusedAs(t, 422)
	for code, order := range map[string]client.RenewalRequest{
		"term_missing": {}, "term_ambiguous": {Term: new("P1Y"), Until: new("2030-01-01")},
	} {
		order.Devices = []string{mp70(1)}
		when(reseller.RenewDevices(ctx, nil, order)).Refused(t, 422, code) // one order has one term
	}
}

func TestRevisionsGuardAgainstLostUpdates(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	_, reseller := s.reseller("Northwind")
	expect(t, "registration", reseller.registers(newDevice(1)), []string{"created"})
	tag := when(reseller.GetDevice(ctx, mp70(1), nil)).Then(t).Header.Get("ETag")
	why := client.Reason{Reason: new("lost")}

	edited := when(reseller.EditDevice(ctx, mp70(1), &client.EditDeviceParams{IfMatch: &tag},
		client.DeviceEdit{Name: new("gate"), Labels: &[]string{"a", " a", "b"}})).Then(t)
	when(reseller.EditDevice(ctx, mp70(1), &client.EditDeviceParams{IfMatch: &tag}, client.DeviceEdit{Name: new("door")})).
		Refused(t, 412, "revision_mismatch")
	when(reseller.SuspendDevice(ctx, mp70(1), &client.SuspendDeviceParams{IfMatch: &tag}, why)).Refused(t, 412, "revision_mismatch")
	tag = edited.Header.Get("ETag")
	suspended := when(reseller.SuspendDevice(ctx, mp70(1), &client.SuspendDeviceParams{IfMatch: &tag}, why)).Then(t)
	shown := when(reseller.GetDevice(ctx, mp70(1), nil)).Then(t)
	if d := shown.JSON200; d.Name != "gate" || len(d.Labels) != 2 || d.LifeCycleState != "suspended" {
		t.Errorf("%s", shown.Body)
	}
	expect(t, "tag", shown.Header.Get("ETag"), suspended.Header.Get("ETag"))
	when(reseller.ResumeDevice(ctx, mp70(1), nil, client.Reason{})).Then(t)
	when(reseller.RetireDevice(ctx, mp70(1), nil, client.Reason{})).Then(t)
	after := when(reseller.GetDevice(ctx, mp70(1), nil)).Then(t).JSON200
	if after.LifeCycleState != "retired" || after.ServiceStatus != nil {
		t.Errorf("%+v", after)
	}
	when(reseller.EditDevice(ctx, mp70(1), nil, client.DeviceEdit{Name: new("x")})).RefusedAs(t, 422)
}

func TestInvitationsOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	resellerUID, reseller := s.reseller("Northwind")
	s.activate(resellerUID)
	uid := s.customerOf(reseller, "Alder")
	token := s.app.Tokens.Invitation(uid, 1)
	nobody := s.as("")
	ada := client.ActivationRequest{Name: new("Ada"), Password: password}
	expect(t, "invited to", when(nobody.GetActivation(ctx, token)).Then(t).JSON200.Account.Name, "Alder")
	when(nobody.GetActivation(ctx, "guess")).Refused(t, 404, "not_found")

	when(reseller.ResendInvitation(ctx, uid, nil, client.Reason{})).Then(t)
	when(nobody.ActivateAccount(ctx, token, ada)).Refused(t, 404, "not_found")
	token = s.app.Tokens.Invitation(uid, 2)
	s.clock.Advance(8 * 24 * time.Hour)
	when(nobody.ActivateAccount(ctx, token, ada)).RefusedAs(t, 422)
	when(reseller.ResendInvitation(ctx, uid, nil, client.Reason{})).Then(t)
	when(nobody.ActivateAccount(ctx, s.app.Tokens.Invitation(uid, 3), ada)).Then(t)
	reseller.After(nobody.Position())
	active := when(reseller.GetAccount(ctx, uid, nil)).Then(t).JSON200
	if active.Status != "active" || active.Administrators[0].Name != "Ada" || active.InvitationExpires != nil {
		t.Errorf("%+v", active)
	}
}

func TestAnOperationFromFileToResults(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	_, reseller := s.reseller("Northwind")
	uid := s.customerOf(reseller, "Alder")
	var file strings.Builder
	file.WriteString("TARGET_COMPANY,GATEWAY[SERIAL NUMBER],GATEWAY[IMEI]\n")
	for n := range 250 {
		number := imei(n)
		if n%100 == 7 {
			number = "bad"
		}
		fmt.Fprintf(&file, "%s,%s,%s\n", uid, mp70(n), number)
	}
	accepted := when(reseller.RegisterDevicesWithBody(ctx, &client.RegisterDevicesParams{Prefer: new("respond-async")},
		"text/csv", strings.NewReader(file.String()))).Then(t)
	id, at := accepted.JSON202.Id, accepted.Header.Get("Location")
	operation := s.finished(reseller, id)
	if operation.Progress.Done != 250 || *operation.Summary.Created != 247 || operation.Summary.Refused != 3 {
		t.Errorf("%+v", operation)
	}
	page := when(reseller.GetOperationResults(ctx, id, &client.GetOperationResultsParams{Limit: new(5), Cursor: new("5")})).Then(t).JSON200
	if len(page.Items) != 5 || page.Items[2].Problems[0].Code != "imei_invalid" || page.NextCursor == nil {
		t.Errorf("%+v", page)
	}
	lines := strings.Split(strings.TrimSpace(string(reseller.get(at+"/results", "Accept: application/x-ndjson").is(200).body)), "\n")
	rows := strings.Split(strings.TrimSpace(string(reseller.get(at+"/results", "Accept: text/csv").is(200).body)), "\r\n")
	if len(lines) != 250 || len(rows) != 251 || !strings.HasPrefix(rows[250], "249,line 251,") {
		t.Errorf("%d lines, %d rows, the last %q", len(lines), len(rows), rows[len(rows)-1])
	}
	refused := when(reseller.GetOperationResults(ctx, id, &client.GetOperationResultsParams{Limit: new(2), Outcome: &[]openapi.Outcome{"refused"}})).Then(t).JSON200
	expect(t, "refused", fmt.Sprint(len(refused.Items), refused.Items[1].Index, refused.Total, *refused.NextCursor), "2 107 3207")
	refused = when(reseller.GetOperationResults(ctx, id, &client.GetOperationResultsParams{Cursor: refused.NextCursor, Outcome: &[]openapi.Outcome{"refused"}})).Then(t).JSON200
	expect(t, "the last", fmt.Sprint(len(refused.Items), refused.Items[0].Index, refused.NextCursor == nil), "1 207 true")
	either := when(reseller.GetOperationResults(ctx, id, &client.GetOperationResultsParams{Outcome: &[]openapi.Outcome{"refused", "created"}})).Then(t).JSON200
	expect(t, "either", either.Total, 250)
	rows = strings.Split(strings.TrimSpace(string(reseller.get(at+"/results?outcome=refused", "Accept: text/csv").is(200).body)), "\r\n")
	expect(t, "rows of refused ones", len(rows), 4)
	none := reseller.get(at + "/results?outcome=unchanged").is(200)
	expect(t, "none", into[openapi.ResultList](none).Total, 0)
	reseller.get(at + "/results?outcome=lost").is(400)
	export := reseller.get("/v1/devices?account="+uid.String()+"&minPosition="+reseller.get(at).header.Get("X-Position"), "Accept: text/csv").is(200)
	if n := strings.Count(string(export.body), "\r\n"); n != 248 {
		t.Errorf("%d lines exported", n)
	}
	_, stranger := s.reseller("Stranger")
	when(stranger.GetOperation(ctx, id, nil)).Refused(t, 404, "not_found")
	when(stranger.GetOperationResults(ctx, id, nil)).Refused(t, 404, "not_found")
}

func TestPagesFitTogether(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	_, reseller := s.reseller("Northwind")
	for _, name := range []string{"Delta", "alder", "Charlie", "Bravo", "Echo"} {
		s.customerOf(reseller, name)
	}
	list := func(p client.ListCustomersParams) *client.CustomerList {
		t.Helper()
		return when(reseller.ListCustomers(ctx, &p)).Then(t).JSON200
	}
	var names []string
	params := client.ListCustomersParams{Limit: new(2), Sort: new("-name")}
	for {
		page := list(params)
		for _, c := range page.Items {
			names = append(names, c.Name)
		}
		expect(t, "total", page.Total, 5)
		if params.Cursor = page.NextCursor; params.Cursor == nil {
			break
		}
	}
	expect(t, "names", names, []string{"Echo", "Delta", "Charlie", "Bravo", "alder"})
	params.Cursor = list(client.ListCustomersParams{Limit: new(2)}).NextCursor // of another order
	when(reseller.ListCustomers(ctx, &params)).Refused(t, 400, "cursor_invalid")
	when(reseller.ListCustomers(ctx, &client.ListCustomersParams{Cursor: new("nonsense")})).Refused(t, 400, "cursor_invalid")
	if found := list(client.ListCustomersParams{Search: new("ALD")}); found.Total != 1 || found.Items[0].Name != "alder" {
		t.Errorf("%+v", found)
	}
	expect(t, "customers before there were any", list(client.ListCustomersParams{AsOf: new("2026-01-01T00:00:00Z")}).Total, 0)
}
