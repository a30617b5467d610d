package api_test

import (
	"strings"
	"testing"

	"github.com/fleetledger/fleetledger/api/openapi"
)

// HEAD is GET without a body, OPTIONS names the methods, and what a client has
// already is not sent again.
func TestMethodsAndConditionalReads(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	uid, desk := s.reseller("Northwind")
	at := "/v1/accounts/" + uid.String()
	got := desk.get(at + "?minPosition=" + s.Position()).is(200) // the operator wrote it
	tag := got.header.Get("ETag")

	for _, path := range []string{at, "/v1/devices", "/healthz", "/openapi.json"} {
		head := desk.raw("HEAD", path, "")
		expect(t, path, head.Code, 200)
		expect(t, path+" body", head.Body.Len(), 0)
		expect(t, path+" type", head.Header().Get("Content-Type"), desk.raw("GET", path, "").Header().Get("Content-Type"))
	}
	expect(t, "HEAD has the tag", desk.raw("HEAD", at, "").Header().Get("ETag"), tag)
	missing := desk.raw("HEAD", "/v1/devices/"+mp70(1), "")
	expect(t, "missing", missing.Code, 404)
	expect(t, "missing body", missing.Body.Len(), 0)
	expect(t, "nobody", s.as("").raw("HEAD", at, "").Code, 401)

	for path, methods := range map[string][]string{
		at: {"GET", "HEAD", "PATCH", "OPTIONS"}, at + ":close": {"POST", "OPTIONS"}, "/healthz": {"GET", "HEAD", "OPTIONS"},
	} {
		options := desk.raw("OPTIONS", path, "")
		expect(t, "OPTIONS "+path, options.Code, 204)
		allowed := strings.Split(strings.ReplaceAll(options.Header().Get("Allow"), " ", ""), ",")
		for _, m := range methods {
			if !strings.Contains(","+strings.Join(allowed, ",")+",", ","+m+",") {
				t.Errorf("%s allows %v, not %s", path, allowed, m)
			}
		}
		expect(t, "number of methods "+path, len(allowed), len(methods))
	}

	for _, known := range []string{tag, "W/" + tag, `"nothing", ` + tag, "*"} {
		same := desk.get(at, "If-None-Match: "+known).is(304)
		expect(t, "body of a 304", len(same.body), 0)
		expect(t, "tag of a 304", same.header.Get("ETag"), tag)
	}
	desk.get(at, `If-None-Match: "77"`).is(200)
	desk.get("/v1/devices", "If-None-Match: *").is(200)
	desk.get(at+"?x=1", "If-None-Match: *").is(400)
	desk.send("PATCH", at, `{"name":"Northwind Traders"}`).is(200)
	expect(t, "after a change", into[openapi.Account](desk.get(at, "If-None-Match: "+tag).is(200)).Name, "Northwind Traders")
}

func TestCursorsOfResults(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, desk := s.reseller("Northwind")
	made := desk.post("/v1/device-registrations", `{"items":[{"serialNumber":"`+mp70(1)+`","imei":"`+imei(1)+`"}]}`, "Prefer: respond-async").is(202)
	results := made.header.Get("Location") + "/results?cursor="
	for _, cursor := range []string{"99999999999", "99999999999999999999999", "2", "-1", "x"} {
		desk.get(results+cursor).refusedWith(400, "cursor_invalid")
	}
	desk.get(results + "1").is(200)
}
