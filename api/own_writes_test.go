package api_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/fleetledger/fleetledger/api/openapi"
)

// Whoever wrote reads it at once, at any instance, without minPosition.
func TestReadsSeeTheCallersOwnWrites(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, desk := s.reseller("Northwind")
	there := callerOf(t, s.service.Another(), desk.token)
	for i := range 20 {
		made := desk.raw("POST", "/v1/customers", fmt.Sprintf(`{"name":"Customer %d","administrator":{"email":"a%d@x.example"}}`, i, i))
		expect(t, "created", made.Code, 201)
		at := "/v1/accounts/" + string(made.Body.Bytes()[strings.Index(made.Body.String(), `"uid":"`)+7:][:36])
		expect(t, "read", there.raw("GET", at, "").Code, 200)
		expect(t, "read", desk.raw("GET", at, "").Code, 200)
		expect(t, "listed", into[openapi.CustomerList](there.get("/v1/customers?limit=1")).Total, i+1)
	}
}

// A read waits for its caller's writes alone, and not for long.
func TestReadsDoNotWaitForever(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	uid, desk := s.reseller("Northwind")
	_, other := s.reseller("Southwind")
	at := "/v1/accounts/" + uid.String()
	name := func(c *caller, query string) string { return into[openapi.Account](c.get(at + query).is(200)).Name }
	expect(t, "before", name(desk, "?minPosition="+s.Position()), "Northwind")

	behind, err := s.service.Pool.Begin(t.Context()) // the read model stands still
	must(t, err)
	defer func() { _ = behind.Rollback(context.WithoutCancel(t.Context())) }()
	_, err = behind.Exec(t.Context(), `SELECT FROM ops.projector_checkpoint FOR UPDATE`)
	must(t, err)
	wrote := desk.send("PATCH", at, `{"name":"Northwind Traders"}`).is(200).header.Get("X-Position")
	expect(t, "what is there after a second", name(desk, ""), "Northwind")
	expect(t, "what is there now", name(desk, "?minPosition=0"), "Northwind")
	expect(t, "somebody else", other.get("/v1/customers").is(200).header.Get("X-Position") != wrote, true)
	must(t, behind.Rollback(t.Context()))
	expect(t, "after", name(desk, ""), "Northwind Traders")
	expect(t, "after a refusal", desk.get(at+"?minPosition=zero").is(400).codes(), []string{"#/query/minPosition position_invalid"})
}

// What was not written is not noted, and the token is not kept.
func TestOnlyWritesAreNoted(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	uid, desk := s.reseller("Northwind")
	noted := func() (n int) {
		must(t, s.service.Pool.QueryRow(t.Context(), `SELECT count(*) FROM ops.own_writes`).Scan(&n))
		return n
	}
	before := noted()
	desk.get("/v1/customers").is(200)
	desk.post("/v1/customers?dryRun=true", `{"name":"C","administrator":{"email":"c@x.example"}}`).is(200)
	desk.post("/v1/customers", `{"name":"","administrator":{"email":"c@x.example"}}`).is(422)
	expect(t, "noted of reads, dry runs and refusals", noted(), before)
	desk.send("PATCH", "/v1/accounts/"+uid.String(), `{"name":"N"}`).is(200)
	expect(t, "noted of a write", noted(), before+1)
	if strings.Contains(dumpOf(t, s.service.Pool), desk.token) {
		t.Error("the token is kept")
	}
}

// Whoever was refused since others were faster is told the ETag of now and where to
// read it, and reads it again without saying where.
func TestReadAgainAfterAChangeByOthers(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, desk := s.reseller("Northwind")
	_, stranger := s.reseller("Southwind")
	expect(t, "registered", desk.registers(newDevice(1)), []string{"created"})
	at := "/v1/devices/" + mp70(1)
	there := desk.get(at).is(200).header.Get("ETag")
	ifMatch := func(tag string) string { return "If-Match: " + tag }
	label := func(c *caller, n int, headers ...string) answer {
		return c.send("PATCH", at, fmt.Sprintf(`{"labels":["%d"]}`, n), headers...)
	}
	for n := range 20 {
		theirs := label(s.caller, n).is(200)
		refused := label(desk, -1, ifMatch(there)).refusedWith(412, "revision_mismatch")
		for _, header := range []string{"ETag", "X-Position"} {
			expect(t, header, refused.header.Get(header), theirs.header.Get(header))
		}
		again := desk.raw("GET", at, "")
		if there = again.Header().Get("ETag"); there != theirs.header.Get("ETag") {
			t.Fatalf("read again: %s, now it is %s", there, theirs.header.Get("ETag"))
		}
	}
	dry := desk.send("PATCH", at+"?dryRun=true", `{"labels":[]}`, ifMatch(`"77"`)).is(412)
	expect(t, "of a dry run", dry.header.Get("ETag"), there)
	unseen := label(stranger, 1, ifMatch(`"77"`)).is(404) // is told nothing
	expect(t, "of what is not seen", unseen.header.Get("ETag")+unseen.header.Get("X-Position"), "")
	desk.send("POST", at+":suspend", `{}`, ifMatch(there), "Idempotency-Key: k").is(200)
	again := desk.send("POST", at+":suspend", `{}`, ifMatch(there), "Idempotency-Key: k2").is(412)
	replayed := desk.send("POST", at+":suspend", `{}`, ifMatch(there), "Idempotency-Key: k2").is(412)
	expect(t, "replayed", replayed.header.Get("X-Position"), again.header.Get("X-Position"))

	tag := s.get("/v1/catalogue/LX40").is(200).header.Get("ETag")
	model := `{"serialPattern":"^ZX[0-9]{14}$","offers":["basic"],"defaultOffer":"basic","includedMonths":12}`
	mine := s.send("PUT", "/v1/catalogue/ZX90", model, ifMatch(tag)).is(200)
	refused := s.send("DELETE", "/v1/catalogue/ZX90", "", ifMatch(tag)).is(412)
	expect(t, "the catalogue's", refused.header.Get("ETag"), mine.header.Get("ETag"))
}

// Whoever is refused for what others have done reads it without saying where, and others
// read it at the position that the refusal tells.
func TestReadAfterARefusal(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, desk := s.reseller("Northwind")
	_, stranger := s.reseller("Southwind")
	expect(t, "registered", desk.registers(newDevice(1)), []string{"created"})
	at := "/v1/devices/" + mp70(1)
	state := func(c *caller, query string) string {
		return string(into[openapi.Device](c.get(at + query).is(200)).LifeCycleState)
	}
	for range 10 {
		retired := s.post(at+":retire", `{}`).is(200).header.Get("X-Position")
		refused := desk.post(at+":suspend", `{}`).refusedWith(422, "device_retired").header.Get("X-Position")
		expect(t, "where it was decided", refused, retired)
		expect(t, "read by whoever was refused", state(desk, ""), "retired")
		expect(t, "read by others", state(s.caller, "?minPosition="+refused), "retired")
		s.post(at+":reinstate", `{}`).is(200)
	}
	kept := func() answer { return desk.send("POST", at+":suspend", `{}`, "Idempotency-Key: k") }
	s.post(at+":retire", `{}`).is(200)
	first := kept().is(422).header.Get("X-Position")
	s.post(at+":reinstate", `{}`).is(200)
	expect(t, "replayed", kept().is(422).header.Get("X-Position"), first)
	expect(t, "of what is not seen", stranger.post(at+":suspend", `{}`).is(404).header.Get("X-Position"), "")
}
