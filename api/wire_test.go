package api_test

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/operations"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/app/transfers"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

const serial = "LD72997819284879"

var person = account.Person{ID: uuid.MustParse("33333333-3333-4333-8333-333333333333"), Email: "a@alder.example", Name: "Ada"}

func aDevice(name string) query.DeviceRow {
	return query.DeviceRow{
		State: device.State{
			UID: device.UID(serial), SerialNumber: serial, Factor: device.Factor{Kind: device.IMEI, Value: "004491972154667"},
			Model: "MP70", Account: customer, Name: name, Labels: []string{"south", "fixed"}, LifeCycle: device.Active,
			FirstRegistered: calendar.On(2026, 3, 1),
			Service: device.Service{
				Offer: catalogue.Complete, Start: calendar.On(2026, 3, 1), End: calendar.On(2027, 2, 28), AnchorDay: 1,
			},
		},
		AccountName: "Alder", Revision: 4,
	}
}

func aRetiredBasicDevice() query.DeviceRow {
	d := aDevice("old")
	d.State.Factor = device.Factor{Kind: device.MAC, Value: "00A0D5FFFF01"}
	d.State.LifeCycle, d.State.Labels, d.State.Service.Offer = device.OutOfService, nil, catalogue.Basic
	return d
}

func aCustomer(name string) query.CustomerRow {
	return query.CustomerRow{
		UID: customer, Name: name, Status: account.Activated, TotalSystems: 12, ActiveSystems: 11,
		InitialRenewal: calendar.On(2026, 4, 1), RenewalSystems: 3, LastRenewal: calendar.On(2027, 2, 28),
		Windows: [3]int{3, 1, 0}, Expired: 2, AutoRenewing: 1, PartnerProfile: rights.Resolve(rights.ReadOnly, nil),
		LastLogin: now.Add(-time.Hour), Administrators: []account.Person{person},
	}
}

var at9 = eventlog.Position{Commit: 9, Prepare: 9}

// The golden files are what clients parse: a change in one is a change of the
// interface.
func TestWireFormats(t *testing.T) {
	t.Parallel()
	pending := aCustomer("Beacon")
	pending.Status, pending.LastLogin, pending.InitialRenewal, pending.LastRenewal = account.Pending, time.Time{}, 0, 0
	pending.Administrators = nil
	f := &fake{
		position:  at9,
		customers: query.List[query.CustomerRow]{Items: []query.CustomerRow{aCustomer("Alder"), pending}, NextCursor: "next", Total: 7, Position: at9},
		devices:   []query.List[query.DeviceRow]{{Items: []query.DeviceRow{aDevice("gate"), aRetiredBasicDevice()}, Total: 2, Position: at9}},
		account: query.AccountRow{
			UID: customer, Name: "Alder", Type: account.Standard, Status: account.Pending, Offers: []catalogue.Offer{catalogue.Complete},
			Administrators: []account.Person{person}, CreatedAt: now, InvitationExpires: now.AddDate(0, 0, 7), Revision: 2,
		},
		partners: []query.PartnershipRow{{
			UID: uuid.MustParse("44444444-4444-4444-8444-444444444444"), Reseller: reseller, Customer: customer, Profile: rights.Resolve(rights.ReadOnly, nil),
			PartnerName: "Alder", PartnerType: account.Standard, Administrators: []account.Person{person},
		}},
		history: []devices.HistoryItem{
			{
				Position: eventlog.Position{Commit: 3, Prepare: 3}, ID: uuid.MustParse("55555555-5555-4555-8555-555555555555"), Type: "Registered",
				OccurredAt: now, RecordedAt: now, Actor: domain.Actor{Kind: domain.ActorToken, ID: "token-1", Account: reseller},
				Account: customer, Reason: "first", CorrelationID: "c1", CausationID: "c0",
				Changes: []devices.Change{{Field: "name", After: "gate"}}, LeafHash: tlog.Hash{1},
			},
			{
				Position: at9, Revision: 1, LeafHash: tlog.Hash{2}, Redacted: true,
			},
		},
		operation: ports.Operation{
			ID: uuid.MustParse("77777777-7777-4777-8777-777777777777"), Kind: ports.OperationTransfer, Account: reseller, State: ports.OperationRunning,
			Total: 2000, Done: 500, Counters: map[domain.Outcome]int{domain.OutcomeTransferred: 480, domain.OutcomeRefused: 20},
			CreatedAt: now, StartedAt: now.Add(time.Second), Position: at9,
		},
		results: []command.ItemResult{
			{Index: 0, Name: serial, Outcome: domain.OutcomeUnchanged},
			{Index: 1, Ref: "=r", Name: customer.String(), Outcome: domain.OutcomeRefused, Problems: []domain.Problem{device.NotFound(), device.Busy()}},
		},
	}
	c := newClient(t, options(f))
	golden(t, "customers.json", c.get("/v1/customers").is(200).body)
	golden(t, "customers.csv", c.get("/v1/customers?limit=2", "Accept: text/csv").is(200).body)
	golden(t, "devices.json", c.get("/v1/devices").is(200).body)
	golden(t, "devices.csv", c.get("/v1/devices", "Accept: text/csv;q=0.9, */*;q=0.1").is(200).body)
	got := c.get("/v1/devices/" + serial).is(200)
	golden(t, "device.json", got.body)
	if got.header.Get("ETag") != `"4"` || got.header.Get("X-Position") != "9-9" {
		t.Errorf("headers: %v", got.header)
	}
	golden(t, "account.json", c.get("/v1/accounts/"+customer.String()).is(200).body)
	golden(t, "partners.json", c.get("/v1/accounts/"+reseller.String()+"/partners").is(200).body)
	golden(t, "activation.json", c.as("").get("/v1/activations/secret").is(200).body)
	golden(t, "history.json", c.get("/v1/devices/"+serial+"/history").is(200).body)
	golden(t, "me.json", c.get("/v1/me").is(200).body)
	golden(t, "operation.json", c.get("/v1/operations/"+f.operation.ID.String()).is(200).body)
	results := "/v1/operations/" + f.operation.ID.String() + "/results"
	golden(t, "results.json", c.get(results+"?limit=1").is(200).body)
	golden(t, "results-end.json", c.get(results+"?cursor=1").is(200).body)
	golden(t, "results.ndjson", c.get(results, "Accept: application/x-ndjson").is(200).body)
	golden(t, "results.csv", c.get(results, "Accept: text/csv").is(200).body)
	golden(t, "catalogue.json", c.get("/v1/catalogue").is(200).body)
	golden(t, "projections.json", c.as(operatorToken).get("/v1/projections").is(200).body)
	c.get("/v1/projections").refusedWith(403, "forbidden")
	golden(t, "me-operator.json", c.as(operatorToken).get("/v1/me", "X-Account: "+customer.String()).is(200).body)
}

func TestBulkResultsOnTheWire(t *testing.T) {
	t.Parallel()
	row := aDevice("gate")
	f := &fake{bulk: command.BulkResult{
		ID:       uuid.MustParse("88888888-8888-4888-8888-888888888888"),
		Position: at9,
		Results: []command.ItemResult{
			{Index: 0, Ref: "r1", Name: serial, Outcome: domain.OutcomeTransferred, Device: &row.State, Revision: 5},
			{Index: 1, Name: "LD00000000000000", Outcome: domain.OutcomeRefused, Problems: []domain.Problem{
				device.NotFound(), device.MissingRight("devices.transfer", customer),
			}},
		},
	}}
	c := newClient(t, options(f))
	body := `{"from":"` + reseller.String() + `","to":"` + customer.String() + `","devices":["` + serial + `","LD00000000000000"],"offer":"complete","reason":"sold"}`
	got := c.post("/v1/transfers", body, "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").is(201)
	golden(t, "transfer.json", got.body)
	sent, ok := f.got.(transfers.Transfer)
	if !ok {
		t.Fatalf("%T", f.got)
	}
	if sent.ID == uuid.Nil || sent.Traceparent != got.header.Get("Traceparent") || !strings.Contains(sent.Traceparent, "0af7651916cd43dd") {
		t.Errorf("command %+v", sent.Command)
	}
	sent.Command = command.Command{Reason: sent.Reason}
	want := transfers.Transfer{
		Command: command.Command{Reason: "sold"}, From: reseller, To: customer, Devices: []string{serial, "LD00000000000000"}, Offer: catalogue.Complete,
	}
	if diff := cmp.Diff(want, sent); diff != "" {
		t.Errorf("command (-want +got):\n%s", diff)
	}
	c.post("/v1/transfers?dryRun=true&atomic=true", body).is(200)
	if sent, _ = f.got.(transfers.Transfer); !sent.DryRun || !sent.Atomic {
		t.Errorf("flags lost: %+v", sent)
	}
}

func TestRegistrationsComeAsJSONAndAsCSV(t *testing.T) {
	t.Parallel()
	f := &fake{bulk: command.BulkResult{Results: []command.ItemResult{{Outcome: domain.OutcomeCreated, Name: serial}}, Position: at9}}
	c := newClient(t, options(f))
	want := []devices.Registration{
		{
			SerialNumber: serial, IMEI: "004491972154667", Model: "MP70", Name: "gate", Account: customer,
			Labels: []string{"south", "fixed"}, Offer: catalogue.Complete, OrderNumber: "PO 1",
		},
		{SerialNumber: "x", Problems: []domain.Problem{device.TargetUnknown()}},
	}
	got := c.post("/v1/device-registrations", `{"items":[
		{"serialNumber":"`+serial+`","imei":"004491972154667","model":"MP70","name":"gate","account":"`+strings.ToUpper(customer.String())+`",
		 "labels":["south","fixed"],"offer":"complete","orderNumber":"PO 1"},
		{"serialNumber":"x","account":"nobody"}]}`).is(200)
	golden(t, "registration.json", got.body)
	sent, _ := f.got.(devices.Register)
	if diff := cmp.Diff(want, sent.Items); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}

	want[0].Ref, want[1].Ref = "line 2", "line 3"
	c.post("/v1/device-registrations", "\ufeffgateway[serial number];Gateway[IMEI];TYPE;NAME;LABELS;OFFER;TARGET_COMPANY;order_number\r\n"+
		serial+";004491972154667;MP70;gate;south|fixed;Complete;"+customer.String()+";PO 1\r\nx;;;;;;nobody;\r\n",
		"Content-Type: text/csv; charset=UTF-8").is(200)
	sent, _ = f.got.(devices.Register)
	if diff := cmp.Diff(want, sent.Items); diff != "" {
		t.Errorf("CSV (-want +got):\n%s", diff)
	}
	c.post("/v1/device-registrations", "CUSTOMER,GATEWAY[SERIAL NUMBER],GATEWAY[SERIAL NUMBER]\n", "Content-Type: text/csv").
		refusedWith(400, "csv_header_unknown", "csv_header_duplicate")
}

func TestManyItemsOrAWishMakeAnOperation(t *testing.T) {
	t.Parallel()
	f := &fake{operation: ports.Operation{ID: uuid.MustParse("77777777-7777-4777-8777-777777777777"), Kind: ports.OperationRegistration, State: ports.OperationQueued, CreatedAt: now}}
	c := newClient(t, options(f))
	many := func(n int) string {
		return `{"items":[` + strings.TrimSuffix(strings.Repeat(`{"serialNumber":"LD1"},`, n), ",") + `]}`
	}
	for name, got := range map[string]answer{
		"1001 items":    c.post("/v1/device-registrations", many(1001)),
		"respond-async": c.post("/v1/renewals", `{"devices":["a"],"term":"P1Y"}`, "Prefer: wait=5, Respond-Async"),
	} {
		if got.is(202).header.Get("Location") != "/v1/operations/77777777-7777-4777-8777-777777777777" {
			t.Errorf("%s: Location %q", name, got.header.Get("Location"))
		}
		if _, ok := f.got.(operations.Submission); !ok {
			t.Errorf("%s: %T", name, f.got)
		}
	}
	c.post("/v1/device-registrations", many(1000)).is(200)
	c.post("/v1/device-registrations", many(100_001)).refusedWith(400, "/items too_many_items")
	csvFile := "GATEWAY[SERIAL NUMBER]\n" + strings.Repeat("LD1\n", 100_001)
	c.post("/v1/device-registrations", csvFile, "Content-Type: text/csv").refusedWith(400, "too_many_items")
}

func TestVerbsInPaths(t *testing.T) {
	t.Parallel()
	f := &fake{receipt: command.Receipt{UID: customer, Revision: 3, Position: at9}}
	c := newClient(t, options(f))
	got := c.post("/v1/devices/"+serial+":suspend", `{"reason":"lost"}`, `If-Match: "2"`).is(200)
	sent, _ := f.got.(devices.LifeCycle)
	if sent.Device != serial || sent.Reason != "lost" || sent.IfRevision == nil || *sent.IfRevision != 2 || got.header.Get("ETag") != `"3"` {
		t.Errorf("%+v, ETag %q", sent, got.header.Get("ETag"))
	}
	c.post("/v1/devices/"+serial+"%3Asuspend", "").is(200)
	c.post("/v1/accounts/"+customer.String()+":close", "", "If-Match: *").is(200)
	calls := f.calls
	c.post("/v1/devices/"+serial+"/:suspend", "").refusedWith(404, "not_found")
	c.post("/v1/devices/"+serial+":explode", "").refusedWith(405, "method_not_allowed")
	c.post("/v1/customers/"+serial+":close", "").refusedWith(404, "not_found")
	if got := c.get("/v1/devices/"+serial+":suspend").refusedWith(405, "method_not_allowed"); !strings.Contains(got.header.Get("Allow"), "POST") {
		t.Errorf("Allow %q", got.header.Get("Allow"))
	}
	if f.calls != calls {
		t.Error("the application was asked")
	}
}

func TestQueriesReachTheApplication(t *testing.T) {
	t.Parallel()
	f := &fake{}
	c := newClient(t, options(f))
	expired := true
	c.get("/v1/devices?account=" + customer.String() + "&state=active&model=MP70&offer=complete&label=south&serviceEndFrom=2026-04-20" +
		"&label=north&state=suspended&window=amber&window=red&expired=true&search=z%C3%B6&limit=5&cursor=abc&sort=-serviceEnd,name&minPosition=4-4&asOf=2026-03-01T00:00:00%2B01:00").is(200)
	want := query.DeviceQuery{
		Freshness: query.Freshness{MinPosition: eventlog.Position{Commit: 4, Prepare: 4}, AsOf: time.Date(2026, 2, 28, 23, 0, 0, 0, time.UTC)},
		Page:      query.Page{Limit: 5, Cursor: "abc", Sort: []string{"-serviceEnd", "name"}},
		Accounts:  []uuid.UUID{customer}, LifeCycles: []device.LifeCycle{device.Active, device.InSuspension}, Models: []string{"MP70"},
		Offers: []catalogue.Offer{catalogue.Complete}, Labels: []string{"south", "north"}, ServiceEndFrom: calendar.On(2026, 4, 20),
		Ends: []query.Window{query.DefaultWindows[1], query.DefaultWindows[0]}, Expired: &expired, Due: true, Search: "zö",
	}
	if diff := cmp.Diff(want, f.got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFiltersAreCheckedOneByOne(t *testing.T) {
	t.Parallel()
	c := newClient(t, options(&fake{}))
	for query, code := range map[string]string{
		"state=active&state=asleep":                       "#/query/state invalid_value",
		"account=" + customer.String() + "&account=x":     "#/query/account invalid_format",
		"window=red&window=blue":                          "#/query/window window_unknown",
		"label=a&label=%00":                               "#/query/label nul_character",
		"label=a&label=%FF":                               "#/query/label invalid_utf8",
		"search=a&search=b":                               "#/query/search duplicate_parameter",
		"expired=true&expired=false":                      "#/query/expired duplicate_parameter",
		"label=a" + strings.Repeat("&label=a", 100):       "#/query/label too_many_items",
		"serviceEndTo=2026-01-01&serviceEndTo=2026-01-02": "#/query/serviceEndTo duplicate_parameter",
	} {
		c.get("/v1/devices?"+query).refusedWith(400, code)
	}
}

func TestServiceStatusIsThatOfTheDayAskedFor(t *testing.T) {
	t.Parallel()
	d := aDevice("a")
	d.State.Service.End = calendar.On(2026, 3, 10) // the clock stands at 2026-03-15
	f := &fake{devices: []query.List[query.DeviceRow]{{Items: []query.DeviceRow{d}}}}
	c := newClient(t, options(f))
	for query, want := range map[string]string{"": "expired", "?asOf=2026-03-10T23:00:00Z": "active"} {
		if got := into[openapi.Device](c.get("/v1/devices/" + serial + query).is(200)); *got.ServiceStatus != want {
			t.Errorf("%q: %s", query, *got.ServiceStatus)
		}
		if got := into[openapi.DeviceList](c.get("/v1/devices" + query).is(200)); *got.Items[0].ServiceStatus != want {
			t.Errorf("list %q: %s", query, *got.Items[0].ServiceStatus)
		}
		if got := string(c.get("/v1/devices"+query, "Accept: text/csv").is(200).body); !strings.Contains(got, ","+want+",") {
			t.Errorf("csv %q: %s", query, got)
		}
	}
}

func TestExportsHaveAllRowsAndNoFormulas(t *testing.T) {
	t.Parallel()
	f := &fake{devices: []query.List[query.DeviceRow]{
		{Items: []query.DeviceRow{aDevice(`=cmd|"x"`), aDevice("@a")}, NextCursor: "2", Position: at9},
		{Items: []query.DeviceRow{aDevice("-1"), aDevice("a, b\nc"), aDevice("a;=cmd"), aDevice("＝cmd")}},
	}}
	got := newClient(t, options(f)).get("/v1/devices", "Accept: text/csv").is(200)
	rows, err := csv.NewReader(strings.NewReader(string(got.body))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, row := range rows {
		names = append(names, row[6])
	}
	if diff := cmp.Diff([]string{"NAME", `'=cmd|"x"`, "'@a", "'-1", "a, b\nc", "a;'=cmd", "'＝cmd"}, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.header.Get("X-Position") != "9-9" {
		t.Errorf("X-Position %q", got.header.Get("X-Position"))
	}
}

func TestRequestIDAndTraceAreCleanedAndReturned(t *testing.T) {
	t.Parallel()
	c := newClient(t, options(&fake{}))
	const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	got := c.get("/healthz", "X-Request-Id: my-id.1", "Traceparent: "+trace)
	if got.header.Get("X-Request-Id") != "my-id.1" || got.header.Get("Traceparent") != trace {
		t.Errorf("%v", got.header)
	}
	for _, bad := range []string{"a b", "<script>", strings.Repeat("x", 129), "ä"} {
		got := c.get("/v1/nothing", "X-Request-Id: "+bad, "Traceparent: 00-zz")
		if id := got.header.Get("X-Request-Id"); id == bad || len(id) != 36 || into[openapi.Problem](got).RequestId != id {
			t.Errorf("%q became %q", bad, id)
		}
	}
}

func TestServiceRoutes(t *testing.T) {
	t.Parallel()
	o := options(&fake{err: query.ErrNotFound})
	c := newClient(t, o).as("")
	c.get("/healthz").is(200)
	c.get("/readyz").is(200)
	if got := c.get("/openapi.json").is(200).json(); got["openapi"] != "3.0.3" {
		t.Errorf("openapi %v", got["openapi"])
	}
	c.as(resellerToken).get("/v1/devices/SECRETSERIAL")
	metrics := string(c.as(operatorToken).get("/metrics").is(200).body)
	if !strings.Contains(metrics, `fleetledger_http_requests_total{method="GET",route="/v1/devices/{id}"`) || strings.Contains(metrics, "SECRETSERIAL") {
		t.Errorf("metrics:\n%s", metrics)
	}
	o = options(&fake{})
	o.Service = service{ready: false}
	newClient(t, o).get("/readyz").is(http.StatusServiceUnavailable)
}
