package api_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/app/command"
)

const newCustomer = `{"name":"Alder","administrator":{"email":"a@alder.example"}}`

func TestBadBodiesAreRefusedBeforeTheApplication(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"name":`, 40) + "1" + strings.Repeat("}", 40)
	for name, c := range map[string]struct {
		target, body string
		status       int
		codes        []string
	}{
		"no body":               {"/v1/customers", "", 400, []string{"body_missing"}},
		"not JSON":              {"/v1/customers", `{"name":`, 400, []string{"json_invalid"}},
		"trailing data":         {"/v1/customers", newCustomer + "{}", 400, []string{"json_invalid"}},
		"trailing comma":        {"/v1/customers", `{"name":"a",}`, 400, []string{"json_invalid"}},
		"depth bomb":            {"/v1/customers", deep, 400, []string{"json_too_deep"}},
		"huge depth bomb":       {"/v1/device-registrations", strings.Repeat("[", 1<<20), 400, []string{"json_too_deep"}},
		"a million numbers":     {"/v1/device-registrations", `{"items":[` + strings.Repeat("1,", 1_000_000) + `1]}`, 400, []string{"/items too_many_items"}},
		"nested lists":          {"/v1/device-registrations", `{"items":[` + strings.Repeat(`[`+strings.Repeat("1,", 90_000)+`1],`, 40) + `1]}`, 400, []string{"too_many_items"}},
		"thousands of fields":   {"/v1/customers", manyFields(2000), 400, []string{"too_many_items"}},
		"an array":              {"/v1/customers", `[]`, 400, []string{"wrong_type"}},
		"null":                  {"/v1/customers", `null`, 400, []string{"wrong_type"}},
		"duplicate field":       {"/v1/customers", `{"name":"a","name":"b","administrator":{"email":"e"}}`, 400, []string{"/name duplicate_field"}},
		"unknown field":         {"/v1/customers", `{"name":"a","administrator":{"email":"e","age":3},"Name":"b"}`, 400, []string{"/Name unknown_field", "/administrator/age unknown_field"}},
		"everything at once":    {"/v1/customers", `{"name":7,"offers":["gold"],"x":1}`, 400, []string{"/name wrong_type", "/x unknown_field", "/administrator field_missing", "/offers/0 invalid_value"}},
		"raw NUL":               {"/v1/customers", "{\"name\":\"a\x00b\"}", 400, []string{"nul_character"}},
		"escaped NUL":           {"/v1/customers", `{"name":"a\u0000b","administrator":{"email":"e"}}`, 400, []string{"/name nul_character"}},
		"half a UTF-8 rune":     {"/v1/customers", "{\"name\":\"a\xc3\"}", 400, []string{"invalid_utf8"}},
		"half a surrogate":      {"/v1/customers", `{"name":"\ud83d","administrator":{"email":"e"}}`, 400, []string{"invalid_utf8"}},
		"low surrogate alone":   {"/v1/customers", `{"name":"\udE00x","administrator":{"email":"e"}}`, 400, []string{"invalid_utf8"}},
		"wrong type in an item": {"/v1/device-registrations", `{"items":[{"serialNumber":"LD1"},{"serialNumber":5}]}`, 400, []string{"/items/1/serialNumber wrong_type"}},
		"malformed uid":         {"/v1/transfers", `{"from":"x","to":"22222222-2222-4222-8222-222222222222","devices":[]}`, 400, []string{"/from invalid_format"}},
		"uid in other form":     {"/v1/transfers", `{"from":"{11111111-1111-4111-8111-111111111111}","to":"22222222222242228222222222222222","devices":[]}`, 400, []string{"/from invalid_format", "/to invalid_format"}},
		"30 February":           {"/v1/renewals", `{"devices":["a"],"until":"2027-02-30"}`, 400, []string{"/until date_invalid"}},
		"date out of range":     {"/v1/renewals", `{"devices":["a"],"until":"0000-01-01","term":"P1X"}`, 400, []string{"/term term_invalid", "/until date_invalid"}},
		"year of five digits":   {"/v1/renewals", `{"devices":["a"],"until":"20270-01-01"}`, 400, []string{"/until out_of_range"}},
		"empty edit":            {"/v1/devices/X", `{}`, 400, []string{"out_of_range"}},
		"null edit":             {"/v1/devices/X", `{"name":null}`, 400, []string{"/name wrong_type"}},
		"no password":           {"/v1/activations/abc", `{"name":"A"}`, 400, []string{"/password field_missing"}},
		"long password":         {"/v1/activations/abc", `{"name":"A","password":"` + strings.Repeat("x", 1001) + `"}`, 400, []string{"/password out_of_range"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fake{}
			method := http.MethodPost
			if strings.HasPrefix(c.target, "/v1/devices/") {
				method = http.MethodPatch
			}
			got := newClient(t, options(f)).send(method, c.target, c.body)
			got.refusedWith(c.status, c.codes...)
			if f.calls != 0 {
				t.Error("the application was asked")
			}
		})
	}
}

func TestBadParametersAreRefused(t *testing.T) {
	t.Parallel()
	for target, codes := range map[string][]string{
		"/v1/customers?foo=1&bar=2":                              {"#/query/bar unknown_parameter", "#/query/foo unknown_parameter"},
		"/v1/customers?limit=0":                                  {"#/query/limit out_of_range"},
		"/v1/customers?limit=1001":                               {"#/query/limit out_of_range"},
		"/v1/customers?limit=ten":                                {"#/query/limit wrong_type"},
		"/v1/customers?limit=99999999999999999999":               {"#/query/limit wrong_type"},
		"/v1/customers?limit=1&limit=2":                          {"#/query/limit duplicate_parameter"},
		"/v1/customers?status=open":                              {"#/query/status invalid_value"},
		"/v1/customers?search=%00":                               {"#/query/search nul_character"},
		"/v1/customers?search=%c3":                               {"#/query/search invalid_utf8"},
		"/v1/customers?search=%zz":                               {"query_invalid"},
		"/v1/customers?a=1;b=2":                                  {"query_invalid"},
		"/v1/customers?%c3=1":                                    {"#/query/? unknown_parameter"},
		"/v1/customers?sort=weight":                              {"#/query/sort sort_unknown"},
		"/v1/customers?sort=name,-name":                          {"#/query/sort sort_unknown"},
		"/v1/customers?minPosition=soon":                         {"#/query/minPosition position_invalid"},
		"/v1/customers?minPosition=-1--1":                        {"#/query/minPosition position_invalid"},
		"/v1/customers?asOf=yesterday":                           {"#/query/asOf instant_invalid"},
		"/v1/customers?asOf=2036-03-16":                          {"#/query/asOf forecast_too_far"},
		"/v1/customers?asOf=2026-02-30":                          {"#/query/asOf instant_invalid"},
		"/v1/customers?asOf=2036-03-16T00:00:00Z":                {"#/query/asOf forecast_too_far"},
		"/v1/customers?asOf=9999-12-31T23:59:59Z":                {"#/query/asOf forecast_too_far"},
		"/v1/forecast?at=2036-03-16&months=0":                    {"#/query/months out_of_range"},
		"/v1/forecast?at=2036-03-16&months=61":                   {"#/query/months out_of_range"},
		"/v1/forecast?at=2036-03-16":                             {"#/query/at forecast_too_far"},
		"/v1/forecast?at=soon":                                   {"#/query/at instant_invalid"},
		"/v1/forecast?account=me":                                {"#/query/account invalid_format"},
		"/v1/forecast?asOf=2026-03-16":                           {"#/query/asOf unknown_parameter"},
		"/v1/devices?renewal=never":                              {"#/query/renewal invalid_value"},
		"/v1/customers?asOf=x&minPosition=y&sort=z":              {"#/query/minPosition position_invalid", "#/query/asOf instant_invalid", "#/query/sort sort_unknown"},
		"/v1/devices?serviceEndFrom=2026-13-01":                  {"#/query/serviceEndFrom date_invalid"},
		"/v1/devices?expired=yes":                                {"#/query/expired wrong_type"},
		"/v1/devices?window=blue":                                {"#/query/window window_unknown"},
		"/v1/devices?account=me":                                 {"#/query/account invalid_format"},
		"/v1/accounts/not-a-uid":                                 {"#/path/uid invalid_format"},
		"/v1/operations/1":                                       {"#/path/id invalid_format"},
		"/v1/devices/%00":                                        {"#/path nul_character"},
		"/v1/devices/%c3":                                        {"#/path invalid_utf8"},
		"/v1/operations/" + reseller.String() + "?minPosition=1": {"#/query/minPosition position_invalid"},
	} {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			f := &fake{}
			newClient(t, options(f)).get(target).refusedWith(http.StatusBadRequest, codes...)
			if f.calls != 0 {
				t.Error("the application was asked")
			}
		})
	}
}

func TestTheEdgesOfHTTP(t *testing.T) {
	t.Parallel()
	c := newClient(t, options(&fake{}))
	c.get("/v1/nothing").refusedWith(404, "not_found")
	c.get("/").refusedWith(404, "not_found")
	got := c.send(http.MethodDelete, "/v1/customers", "").refusedWith(405, "method_not_allowed")
	if allow := got.header.Get("Allow"); !strings.Contains(allow, "GET") || !strings.Contains(allow, "POST") {
		t.Errorf("Allow: %q", allow)
	}
	c.post("/v1/customers", newCustomer, "Content-Type: text/xml").refusedWith(415, "content_type_unsupported")
	c.post("/v1/customers", newCustomer, "Content-Type: application/json; charset=latin1").refusedWith(415, "content_type_unsupported")
	c.post("/v1/customers", newCustomer, "Content-Type: ").refusedWith(415, "content_type_unsupported")
	c.post("/v1/customers", newCustomer, "Content-Encoding: gzip").refusedWith(415, "content_type_unsupported")
	c.post("/v1/customers", newCustomer, "X-Account: me").refusedWith(400, "#/header/X-Account invalid_format")
	c.post("/v1/customers", newCustomer, "Idempotency-Key: "+strings.Repeat("k", 201)).refusedWith(400, "#/header/Idempotency-Key out_of_range")
	c.post("/v1/customers", newCustomer, "Idempotency-Key: a b").refusedWith(400, "#/header/Idempotency-Key invalid_format")
	for _, tag := range []string{"7", `W/"7"`, `"7", "8"`} {
		c.post("/v1/devices/X:suspend", "", "If-Match: "+tag).refusedWith(400, "#/header/If-Match if_match_invalid")
	}
}

var inBraces = regexp.MustCompile(`\{[^}]+\}`)

func TestEveryRouteNeedsACallerExceptThePublicOnes(t *testing.T) {
	t.Parallel()
	doc, err := apitest.Description()
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(t, options(&fake{})).as("")
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if op.Security != nil {
				continue
			}
			if method != http.MethodGet && op.Parameters.GetByInAndName("header", "Idempotency-Key") == nil {
				t.Errorf("%s %s: nothing checks its idempotency key", method, path)
			}
			target := inBraces.ReplaceAllString(path, reseller.String())
			got := c.send(method, target, "").refusedWith(401, "unauthenticated")
			if got.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s %s: no WWW-Authenticate", method, path)
			}
			c.as("guess").send(method, target, "").refusedWith(401, "unauthenticated")
		}
	}
	c.get("/v1/me", "Authorization: Basic b3BlcmF0b3I6").refusedWith(401, "unauthenticated")
	c.get("/v1/me", "Authorization: Bearer ").refusedWith(401, "unauthenticated")
}

func TestACallerGoneWildIsSlowedDown(t *testing.T) {
	t.Parallel()
	o := options(&fake{})
	o.RequestsPerMinute = 60
	c := newClient(t, o)
	got := c.get("/v1/catalogue")
	for n := 0; got.status == http.StatusOK && n < 1000; n++ {
		got = c.get("/v1/catalogue")
	}
	got.refusedWith(http.StatusTooManyRequests, "too_many_requests")
	for _, name := range []string{"Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"} {
		if got.header.Get(name) == "" {
			t.Errorf("no %s", name)
		}
	}
	c.as(operatorToken).get("/v1/catalogue").is(http.StatusOK)
}

// Over a real connection, as clients do: announced or chunked, the answer to a
// body that is too large arrives, and the next request is served.
func TestABodyOf30MBIsRefused(t *testing.T) {
	t.Parallel()
	f := &fake{created: command.Receipt{UID: customer}}
	server := httptest.NewServer(newClient(t, options(f)).handler)
	t.Cleanup(server.Close)
	for _, c := range []struct {
		chunked bool
		token   string
		status  int
		code    string
	}{
		{false, resellerToken, http.StatusRequestEntityTooLarge, "body_too_large"},
		{true, resellerToken, http.StatusRequestEntityTooLarge, "body_too_large"},
		{false, "guess", http.StatusUnauthorized, "unauthenticated"},
	} {
		t.Run(fmt.Sprintf("chunked=%t %s", c.chunked, c.code), func(t *testing.T) {
			t.Parallel()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/v1/customers",
				io.LimitReader(neverEnding('x'), 30_000_000))
			if err != nil {
				t.Fatal(err)
			}
			if !c.chunked {
				r.ContentLength = 30_000_000
			}
			r.Header.Set("Authorization", "Bearer "+c.token)
			r.Header.Set("Content-Type", "application/json")
			response, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			got := answer{t, response.StatusCode, response.Header, readAll(t, response.Body)}
			got.refusedWith(c.status, c.code)
			if f.calls != 0 {
				t.Error("the application was asked")
			}
		})
	}
}

func manyFields(n int) string {
	fields := make([]string, n)
	for i := range fields {
		fields[i] = fmt.Sprintf(`"f%d":1`, i)
	}
	return "{" + strings.Join(fields, ",") + "}"
}

type neverEnding byte

func (b neverEnding) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(b)
	}
	return len(p), nil
}
