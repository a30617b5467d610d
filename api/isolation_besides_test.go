package api_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/eventlog"
)

// What is beside the answers themselves tells nothing either: counts, cursors,
// errors of whatever kind, idempotency keys, operations, positions.
func TestNothingIsToldBesides(t *testing.T) { //nolint:tparallel // the parts share tenants and take turns
	t.Parallel()
	long(t)
	s := newStack(t, apitest.Patience(50*time.Millisecond))
	w := newTenants(t, s)
	w.submit()
	for name, part := range map[string]func(*testing.T, *tenants){
		"counts": countsTellNothing, "cursors": cursorsTellNothing, "errors": errorsTellNothing,
		"idempotency keys": keysTellNothing, "operations": operationsTellNothing, "positions": positionsTellNothing,
	} {
		t.Run(name, func(t *testing.T) { part(t, w) })
	}
}

// asking is a caller whose failures are those of a part of the test.
func (w *tenants) asking(t *testing.T, kind string) *caller {
	c := *w.clients[kind]
	c.t = t
	return &c
}

// future is a position that no read model reaches.
const future = "minPosition=9000000000000000-9000000000000000"

// Whatever of others a list is searched and filtered for, it counts none.
func countsTellNothing(t *testing.T, w *tenants) {
	for kind, want := range map[string]int{"reseller": 6, "customer": 2, "stranger": 2, "auditor": 4, "signedIn": 2} {
		c := w.asking(t, kind)
		if all := into[openapi.DeviceList](c.get("/v1/devices?limit=1&minPosition=" + w.position).is(200)); all.Total != want {
			t.Errorf("%s counts %d devices, want %d", kind, all.Total, want)
		}
	}
	for kind, headers := range map[string][]string{
		"customer": nil, "stranger": nil, "auditor": {"X-Account: " + w.accounts["reseller"].uid}, // who has no page of customers itself
	} {
		c := w.asking(t, kind)
		for who, words := range w.secrets(kind) {
			for _, word := range words {
				q := url.QueryEscape(word)
				for _, list := range []string{"/v1/devices?search=" + q, "/v1/devices?label=" + q, "/v1/accounts?search=" + q, "/v1/customers?search=" + q} {
					if found := into[openapi.AccountList](c.get(list, headers...).is(200)); found.Total != 0 || found.NextCursor != nil {
						t.Errorf("%s finds %s of %s: %d", kind, list, who, found.Total)
					}
				}
			}
		}
	}
}

// A cursor says where a list goes on, not whose list it is.
func cursorsTellNothing(t *testing.T, w *tenants) {
	reseller, stranger := w.asking(t, "reseller"), w.asking(t, "stranger")
	seen := "&minPosition=" + w.position
	cursor := into[openapi.DeviceList](reseller.get("/v1/devices?limit=1&sort=-name" + seen).is(200)).NextCursor
	page := into[openapi.DeviceList](stranger.get("/v1/devices?sort=-name&cursor=" + *cursor + seen).is(200))
	if page.Total != 2 {
		t.Errorf("total %d", page.Total)
	}
	for _, d := range page.Items {
		if d.Account.Uid.String() != w.accounts["foreign"].uid {
			t.Errorf("a device of another account: %+v", d)
		}
	}
	for list, own := range map[string]int{
		"/v1/accounts?limit=1&sort=-name":                  1,
		"/v1/accounts/{account}/users?limit=1&sort=-email": 3,
	} {
		cursor := into[openapi.UserList](reseller.get(w.fill("reseller").Replace(list) + seen).is(200)).NextCursor
		got := stranger.get(w.fill("foreign").Replace(list) + "&cursor=" + *cursor + seen).is(200)
		if total := into[openapi.UserList](got).Total; total != own {
			t.Errorf("%s counts %d, want %d", list, total, own)
		}
		w.tellsNothing(t, "stranger", list, reply{body: string(got.body), ResponseRecorder: httptest.NewRecorder()})
	}
}

// variation is another way to ask what a row asks.
type variation struct {
	name   string
	fits   func(row) bool
	change func(*question)
}

var variations = []variation{
	{"with a parameter that is not known", anyRow, func(q *question) { q.query("unknown=1") }},
	{"as CSV", reading, func(q *question) { q.headers = append(q.headers, "Accept: text/csv") }},
	{"line by line", reading, func(q *question) { q.headers = append(q.headers, "Accept: application/x-ndjson") }},
	{"in the future", taking("query", "minPosition"), func(q *question) { q.query(future) }},
	{"in the past", taking("query", "asOf"), func(q *question) { q.query("asOf=2026-03-15T11:00:00Z") }},
	{"with a cursor of nobody's", taking("query", "cursor"), func(q *question) { q.query("cursor=7") }},
	{"page by page", taking("query", "limit"), func(q *question) { q.query("limit=1") }},
	{"for a stale revision", taking("header", "If-Match"), func(q *question) { q.headers = append(q.headers, `If-Match: "99"`) }},
	{"for a revision that is none", taking("header", "If-Match"), func(q *question) { q.headers = append(q.headers, `If-Match: 99`) }},
	{"with a broken body", writing, func(q *question) { q.body = `{"unknown":1}` }},
	{"without a body", writing, func(q *question) { q.body = "" }},
}

func anyRow(row) bool    { return true }
func reading(r row) bool { return strings.HasPrefix(r.route, "GET ") }
func writing(r row) bool { return !reading(r) }

func taking(in, parameter string) func(row) bool {
	return func(r row) bool {
		return r.takes(in, parameter) && !strings.Contains(r.send, parameter+"=")
	}
}

// However it is asked, and whatever is wrong with the request besides: what is
// hidden answers as what is not there.
func errorsTellNothing(t *testing.T, w *tenants) {
	var all errgroup.Group
	all.SetLimit(16) // some wait for a position that never comes
	for i, r := range rows() {
		_, missing := r.right["missing"]
		if !missing || r.told != "" || !sampled(i) {
			continue
		}
		for _, v := range variations {
			for _, kind := range []string{"reseller", "customer", "auditor"} {
				if v.fits(r) {
					all.Go(func() error { w.sameAsMissing(t, r, v, kind); return nil })
				}
			}
		}
	}
	_ = all.Wait()
}

func (w *tenants) sameAsMissing(t *testing.T, r row, v variation, kind string) {
	about := []string{"missing"}
	for _, thing := range unseen[kind] {
		if _, asked := r.right[thing]; asked {
			about = append(about, thing)
		}
	}
	ask := func() []map[string]string {
		answers := make([]map[string]string, len(about))
		var asking errgroup.Group
		for i, thing := range about {
			asking.Go(func() error {
				q := r.question(w, thing)
				v.change(&q)
				got := q.put(w.asking(t, kind))
				w.tellsNothing(t, kind, thing, got)
				answers[i] = got.plain()
				return nil
			})
		}
		_ = asking.Wait()
		return answers
	}
	answers := ask()
	for again := 0; again < 5 && differOutOfHaste(answers); again++ {
		answers = ask()
	}
	for i, thing := range about {
		if diff := cmp.Diff(answers[0], answers[i]); diff != "" {
			t.Errorf("%s %s: asking %s, %s can tell the %s thing from a missing one (-missing +%s):\n%s", r.route, r.send, v.name, kind, thing, thing, diff)
		}
	}
}

// differOutOfHaste reports whether one of unequal answers is that of a service
// that is too busy, which says nothing about what was asked for.
func differOutOfHaste(answers []map[string]string) bool {
	busy, equal := false, true
	for _, a := range answers {
		busy = busy || a["status"] == strconv.Itoa(http.StatusServiceUnavailable)
		equal = equal && maps.Equal(a, answers[0])
	}
	return busy && !equal
}

// A key that others have used is as fresh as any, for the same request and for
// another one; used on what is hidden it is as one used on what is missing.
func keysTellNothing(t *testing.T, w *tenants) {
	key := "Idempotency-Key: " + w.name + "/besides"
	order := func(kind, term string) answer {
		body := fmt.Sprintf(`{"devices":[%q],"term":%q}`, w.accounts["reseller"].serial, term)
		return w.asking(t, kind).post("/v1/renewals", body, key)
	}
	expect(t, "the first", outcomes(into[openapi.BulkResult](order("reseller", "P1Y").is(200))), []string{"ordered"})
	order("reseller", "P3Y").refusedWith(422, "idempotency_key_reused")
	for kind, term := range map[string]string{
		"resellerReader": "P1Y", "customer": "P1Y", "stranger": "P3Y", "auditor": "P1Y", "signedIn": "P3Y",
	} {
		got := order(kind, term)
		if kept := got.header.Get("Idempotent-Replayed"); kept != "" || got.status != 200 && got.status != 403 {
			t.Errorf("%s with the reseller's key: %d, replayed %q: %s", kind, got.status, kept, got.body)
		}
		order(kind, "P5Y").refusedWith(422, "idempotency_key_reused") // its own by now
	}
	for kind, hidden := range unseen {
		labelled := func(thing string) (answers []map[string]string) {
			q := question{method: http.MethodPatch, target: "/v1/devices/" + w.accounts[thing].device, headers: []string{key + "/" + thing}}
			for _, labels := range []string{"[]", "[]", `["other"]`} {
				q.body = `{"labels":` + labels + `}`
				answers = append(answers, q.put(w.asking(t, kind)).plain())
			}
			return answers
		}
		missing := labelled("missing")
		expect(t, "repeated", []string{missing[1]["Idempotent-Replayed"], missing[2]["status"]}, []string{"true", "422"})
		for _, thing := range hidden {
			expect(t, kind+" about "+thing, labelled(thing), missing)
		}
	}
}

// An operation about what is hidden goes as one about what is missing, and
// nobody comes by that of somebody else.
func operationsTellNothing(t *testing.T, w *tenants) {
	for kind, hidden := range unseen {
		c := w.asking(t, kind)
		carriedOut := func(thing string) string {
			body := fmt.Sprintf(`{"devices":[%q],"term":"P1Y"}`, w.accounts[thing].device)
			accepted := c.post("/v1/renewals?dryRun=true", body, "Prefer: respond-async", "Idempotency-Key: "+w.name+"/background/"+thing)
			if accepted.status != 202 {
				return fmt.Sprint(accepted.status, into[openapi.Problem](accepted).Code)
			}
			at := accepted.header.Get("Location")
			for _, other := range kinds[1:] {
				if accountOf[other] != accountOf[kind] {
					w.asking(t, other).get(at).refusedWith(404, "not_found")
					w.asking(t, other).get(at+"/results?cursor=0&limit=1").refusedWith(404, "not_found")
				}
			}
			op := w.s.finished(c, into[openapi.Operation](accepted).Id)
			results := c.get(at + "/results").is(200)
			w.tellsNothing(t, kind, thing, reply{body: string(results.body), request: body, ResponseRecorder: httptest.NewRecorder()})
			return fmt.Sprint(op.State, op.Progress, *op.Summary.Renewed, op.Summary.Refused, c.get(at).header.Get("X-Position"), " ",
				anyUID.ReplaceAllString(string(results.body), "UID"))
		}
		missing := carriedOut("missing")
		for _, thing := range hidden {
			expect(t, kind+" about "+thing, carriedOut(thing), missing)
		}
	}
}

// accountOf is the account whose operations a kind of caller sees.
var accountOf = map[string]string{
	"reseller": "reseller", "resellerReader": "reseller", "auditor": "reseller",
	"customer": "customer", "customerReader": "customer", "signedIn": "customer", "stranger": "foreign",
}

// Where in the log a foreign device was last written is not told, and what is
// hidden is refused before a read model is waited for, as what is missing.
func positionsTellNothing(t *testing.T, w *tenants) {
	stranger := w.asking(t, "stranger")
	for path, body := range map[string]string{
		"/v1/device-registrations":             `{"items":[{"serialNumber":"{serial}","imei":"{newIMEI}"}]}`,
		"/v1/device-registrations?dryRun=true": `{"items":[{"serialNumber":"{serial}","imei":"{newIMEI}"}]}`,
		"/v1/renewals":                         `{"devices":["{serial}"],"term":"P1Y"}`,
		"/v1/device-changes":                   `{"action":"suspend","devices":["{serial}"]}`,
		"/v1/renewals?atomic=true":             `{"devices":["{serial}"],"term":"P1Y"}`,
		"/v1/transfers?dryRun=true":            `{"from":"{foreign}","to":"{account}","devices":["{serial}"]}`,
	} {
		got := stranger.post(path, w.fill("reseller").Replace(body)).is(200)
		if at := got.header.Get("X-Position"); at != (eventlog.Position{}).String() {
			t.Errorf("%s: position %s", path, at)
		}
	}
	for _, thing := range append(unseen["stranger"], "missing") {
		for _, path := range []string{"", "/users", "/partners", "/profiles", "/channel-contacts", "/security", "/slots"} {
			stranger.get("/v1/accounts/"+w.accounts[thing].uid+path+"?"+future).refusedWith(404, "not_found")
		}
	}
}
