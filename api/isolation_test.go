package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// Tenant isolation: every route of openapi.yaml, asked by every kind of caller
// about things of its own, of partners, of strangers and about nothing at all.
// The right answers are in isolation_rows_test.go and the files beside it, a row
// for each way to ask; the accounts that they speak of, and the callers, in
// isolation_tenants_test.go.

// row is one way to use a route, and the one right answer to each caller.
type row struct {
	route string // method and path, as openapi.yaml has them
	// send is the address, body and headers what goes with it. In all of them
	// {account}, {device} and so on stand for what the thing has, see
	// tenants.fill; {unique} is another text each time.
	send    string
	body    string
	headers []string
	// right has the right answers for each thing, a column for each caller, as
	// STATUS or STATUS:WHAT. WHAT is the code of a problem (404 alone means
	// not_found, 403 missing_right), of a bulk answer the first item's outcome
	// and codes joined by +, of a list its total.
	right map[string]string
	// fresh gives each caller that may do it tenants of its own: it changes what
	// the others see.
	fresh  bool
	number int
	// told is why a stranger may tell the foreign thing from the missing one.
	told string
}

// rows are all rows, in the order in which they are asked.
func rows() []row {
	return slices.Concat(isolationRows, deviceRows, orderRows, peopleRows, profileRows, externalRows, signingInRows, auditRows, wishRows, noticeRows, webhookRows)
}

// kinds of callers, in the order of the columns.
var kinds = []string{"operator", "reseller", "resellerReader", "customer", "customerReader", "stranger", "auditor", "signedIn"}

// unseen are the things that a kind of caller must not be able to tell from a
// missing one.
var unseen = map[string][]string{
	"reseller": {"foreign"}, "resellerReader": {"foreign"},
	"customer": {"shown", "foreign"}, "customerReader": {"shown", "foreign"}, "signedIn": {"shown", "foreign"},
	"stranger": {"reseller", "customer", "shown"},
	"auditor":  {"customer", "foreign"},
}

// things are what a route with something in its path is asked about.
var things = []string{"reseller", "customer", "shown", "foreign", "missing"}

func TestTenantIsolation(t *testing.T) { //nolint:tparallel // the rows share tenants and take turns
	t.Parallel()
	doc, err := apitest.Description()
	must(t, err)
	routes := map[string]bool{} // whether they are public
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			routes[method+" "+path] = op.Security != nil
		}
	}
	s := newStack(t)
	made := tenantsAhead(t, s, 1+changing())
	shared := <-made
	shared.submit()
	walked := map[string]map[string]bool{} // things, by route
	for i, r := range rows() {
		r.number = i
		public, ok := routes[r.route]
		if !ok {
			t.Errorf("openapi.yaml has no route %s: take its row out of isolation_rows_test.go", r.route)
			continue
		}
		if walked[r.route] == nil {
			walked[r.route] = map[string]bool{}
		}
		for thing := range r.right {
			walked[r.route][thing] = true
		}
		if sampled(i) {
			t.Run(r.route+" "+r.send, func(t *testing.T) { r.walk(t, made, shared, public) })
		}
	}
	for _, route := range slices.Sorted(maps.Keys(routes)) {
		switch missed := slices.DeleteFunc(slices.Clone(things), func(thing string) bool { return walked[route][thing] }); {
		case walked[route] != nil && strings.Contains(route, "{") && len(missed) > 0:
			t.Errorf("the rows of %s do not say what is right about %s", route, strings.Join(missed, ", "))
		case walked[route] == nil:
			t.Errorf("%s has no row: who may ask it about what, and what is the right answer? Add to isolation_rows_test.go:\n%s", route, template(route))
		}
	}
}

// template is a row to be filled in.
func template(route string) string {
	_, path, _ := strings.Cut(route, " ")
	about := []string{""}
	if strings.Contains(path, "{") {
		about = things
	}
	b := fmt.Sprintf("\t{\n\t\troute: %q,\n\t\tsend:  %q,\n\t\t// %s\n\t\tright: map[string]string{\n", route, path, strings.Join(kinds, " "))
	for _, thing := range about {
		b += fmt.Sprintf("\t\t\t%q: %q,\n", thing, alike("?"))
	}
	return b + "\t\t},\n\t},"
}

func (r row) walk(t *testing.T, made <-chan *tenants, shared *tenants, public bool) {
	for thing, answers := range r.right {
		if n := len(strings.Fields(answers)); n > len(kinds) {
			t.Fatalf("the row has %d answers about %q for %d callers", n, thing, len(kinds))
		}
	}
	for column, kind := range kinds {
		w := shared
		if r.fresh && r.changes(column) {
			w = <-made
		}
		c := w.caller(kind)
		seen := map[string]reply{}
		for _, thing := range slices.Sorted(maps.Keys(r.right)) {
			got := r.ask(t, w, c, thing)
			want, ok := r.answer(thing, column)
			switch said := got.short(); {
			case !ok:
				t.Errorf("the row says nothing about %s asking about %q: the service says %s, is that right? Add a column.", kind, thing, said)
			case !right(said, want):
				t.Errorf("%s about %s: %s, want %s\n%s", kind, thing, said, want, got.body)
			}
			if !public {
				w.tellsNothing(t, kind, thing, got)
			}
			seen[thing] = got
		}
		missing, ok := seen["missing"]
		for _, thing := range unseen[kind] {
			hidden, asked := seen[thing]
			if !ok || !asked || r.told != "" {
				continue
			}
			if diff := cmp.Diff(missing.plain(), hidden.plain()); diff != "" {
				t.Errorf("%s can tell the %s thing from a missing one (-missing +%s):\n%s", kind, thing, thing, diff)
			}
		}
	}
	for thing := range r.right {
		r.needsACaller(t, shared, thing, public)
	}
}

// answer is the right answer about a thing in a column, if the row has one.
func (r row) answer(thing string, column int) (string, bool) {
	answers := strings.Fields(r.right[thing])
	if column >= len(answers) {
		return "", false
	}
	return answers[column], true
}

// changes reports whether the caller of a column can do anything, as far as the
// row says.
func (r row) changes(column int) bool {
	for thing := range r.right {
		if answer, ok := r.answer(thing, column); !ok || answer < "300" {
			return true
		}
	}
	return false
}

// changing is how many tenants the rows spoil.
func changing() (n int) {
	for i, r := range rows() {
		for column := range kinds {
			if sampled(i) && r.fresh && r.changes(column) {
				n++
			}
		}
	}
	return n
}

// long leaves a test out with -short: with the race detector it takes long, and much of
// what it calls is called by others, too.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("left out with -short")
	}
}

// sampled reports whether a row is walked: with -short one in five is, for the race
// detector takes minutes to watch them all.
func sampled(i int) bool { return !testing.Short() || i%5 == 0 }

// right takes STATUS alone for any answer of that status that is no problem.
func right(said, want string) bool {
	return said == want || want < "300" && !strings.Contains(want, ":") && strings.HasPrefix(said, want+":")
}

// needsACaller asks without a token and with one that nobody has.
func (r row) needsACaller(t *testing.T, w *tenants, thing string, public bool) {
	want := "401:unauthenticated"
	switch {
	case public && r.fresh: // any caller before was as good as none
		return
	case public:
		want, _ = r.answer(thing, 0)
	}
	for _, token := range []string{"", "guessed"} {
		if said := r.ask(t, w, w.s.as(token), thing).short(); !right(said, want) {
			t.Errorf("token %q about %s: %s, want %s", token, thing, said, want)
		}
	}
}

// reply is an answer and the request it answers.
type reply struct {
	*httptest.ResponseRecorder
	body    string
	request string // all that the caller has said itself
}

func (r row) ask(t *testing.T, w *tenants, c *caller, thing string) reply {
	t.Helper()
	q := r.question(w, thing)
	method := q.method
	if method != http.MethodGet && c.token != "" { // one key for all callers: each must get its own answer
		q.headers = append(q.headers, fmt.Sprintf("Idempotency-Key: %s/%d/%s", w.name, r.number, thing))
	} else if r.takes("query", "minPosition") {
		q.query("minPosition=" + w.position)
	}
	got := q.put(c)
	path, _, _ := strings.Cut(q.target, "?")
	apitest.Described(t, method, path, got.Code, got.Header(), []byte(got.body))
	if at := got.Header().Get("X-Position"); method != http.MethodGet && at != "" && at != "0-0" {
		w.position = at
	}
	if got.Header().Get("Idempotent-Replayed") != "" {
		t.Errorf("%s: the answer to somebody else's request", r.route)
	}
	return got
}

// question is a request about a thing.
type question struct {
	method, target, body string
	headers              []string
}

func (r row) question(w *tenants, thing string) question {
	fill := w.fill(thing)
	q := question{target: fill.Replace(r.send), body: fill.Replace(r.body)}
	q.method, _, _ = strings.Cut(r.route, " ")
	for _, h := range r.headers {
		q.headers = append(q.headers, fill.Replace(h))
	}
	return q
}

// query adds a parameter.
func (q *question) query(parameter string) {
	separator := "?"
	if strings.Contains(q.target, "?") {
		separator = "&"
	}
	q.target += separator + parameter
}

func (q *question) put(c *caller) reply {
	recorded := c.raw(q.method, q.target, q.body, q.headers...)
	return reply{recorded, recorded.Body.String(), q.target + q.body + strings.Join(q.headers, "\n")}
}

// takes reports whether the route has a parameter, in the query or a header.
func (r row) takes(in, parameter string) bool {
	doc, _ := apitest.Description()
	method, path, _ := strings.Cut(r.route, " ")
	return doc.Paths.Value(path).GetOperation(method).Parameters.GetByInAndName(in, parameter) != nil
}

// short is the answer in the form of the table.
func (r reply) short() string {
	status := strconv.Itoa(r.Code)
	var body struct {
		Code    string
		Total   *int
		Results []struct {
			openapi.ItemResult
			Verdict string // of a plan
		}
	}
	_ = json.Unmarshal([]byte(r.body), &body) // what is no JSON has none of them
	switch {
	case status+body.Code == "404not_found" || status+body.Code == "403missing_right":
		return status
	case body.Code != "":
		return status + ":" + body.Code
	case len(body.Results) > 0:
		said := []string{string(body.Results[0].Outcome) + body.Results[0].Verdict}
		for _, p := range body.Results[0].Problems {
			said = append(said, p.Code)
		}
		return status + ":" + strings.Join(said, "+")
	case body.Total != nil:
		return status + ":" + strconv.Itoa(*body.Total)
	}
	return status
}

var (
	anyUID    = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	anySerial = regexp.MustCompile(`LD[0-9]{14}`)
)

// plain is the answer without what differs in each: the request's id and trace,
// where the log has what the request itself wrote, what is left of the limit of whoever
// asks, and the names that it has.
func (r reply) plain() map[string]string {
	hide := func(s string) string { return anySerial.ReplaceAllString(anyUID.ReplaceAllString(s, "UID"), "SERIAL") }
	plain := map[string]string{"status": strconv.Itoa(r.Code), "body": hide(r.body)}
	for name, values := range r.Header() {
		if name != "X-Request-Id" && name != "Traceparent" && !strings.HasPrefix(name, "Ratelimit-") && (name != "X-Position" || r.Code != http.StatusCreated) {
			plain[name] = hide(strings.Join(values, ", "))
		}
	}
	return plain
}
