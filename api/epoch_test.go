package api_test

import (
	"regexp"
	"testing"

	"github.com/fleetledger/fleetledger/api/client"
)

// What was given out in a future of the log that a restore has undone is refused, and
// never taken for what has its numbers now.
func TestWhatALostFutureGaveOutIsRefused(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	uid, desk := s.reseller("Northwind")
	at := "/v1/accounts/" + uid.String()
	end := s.service.Node.Node().Position()
	const customer = `{"name":"Lost","administrator":{"email":"lost@x.example"}}`
	const key = "Idempotency-Key: once"
	made := desk.post("/v1/customers", customer, key).is(201)
	lost := desk.send("PATCH", at, `{"name":"Gone"}`).is(200)
	tag, position := lost.header.Get("ETag"), lost.header.Get("X-Position")

	now := callerOf(t, s.service.SetBack(end), desk.token)
	again := now.send("PATCH", at, `{"name":"Northwind Traders"}`).is(200)
	held := again.header.Get("ETag")
	expect(t, "the same revision in another epoch", bare(held), bare(tag))
	expect(t, "another tag", held != tag, true)
	now.send("PATCH", at, `{"name":"Overwritten"}`, "If-Match: "+tag).refusedWith(412, "revision_mismatch")
	now.send("PATCH", at, `{"name":"Overwritten"}`, "If-Match: "+bare(tag)).refusedWith(412, "revision_mismatch")
	now.send("PATCH", at, `{"name":"Overwritten"}`, `If-Match: "x`).refusedWith(400, "#/header/If-Match if_match_invalid")
	wrote, err := s.service.Epoch.ParsePosition(
		now.send("PATCH", at, `{"name":"Northwind Trading"}`, "If-Match: "+held).is(200).header.Get("X-Position"))
	must(t, err)
	var kept bool
	must(t, s.service.Pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM ops.own_writes WHERE commit_position = $1)`,
		int64(wrote.Commit)).Scan(&kept))
	expect(t, "its next read waits for this, not for what it wrote in the lost future", kept, true)

	now.get("/v1/customers?minPosition="+position).refusedWith(410, "log_restored")
	now.get("/v1/customers?minPosition="+bare(position)).refusedWith(410, "log_restored")
	now.get("/v1/customers?minPosition=soon").refusedWith(400, "#/query/minPosition position_invalid")
	now.get("/v1/customers?minPosition=0&minPosition=" + position).is(400)
	now.as("").get("/v1/customers?minPosition=" + position).is(401)

	repeated := now.post("/v1/customers", customer, key).is(201)
	expect(t, "kept answer", repeated.header.Get("Idempotent-Replayed"), "")
	expect(t, "the same customer", repeated.header.Get("Location"), made.header.Get("Location"))
	expect(t, "another position", repeated.header.Get("X-Position") != made.header.Get("X-Position"), true)
	expect(t, "a repeat of it", now.post("/v1/customers", customer, key).is(201).header.Get("Idempotent-Replayed"), "true")
	expect(t, "its position", now.post("/v1/customers", customer, key).header.Get("X-Position"), repeated.header.Get("X-Position"))
}

// Positions and tags of the version before have no epoch. They go on until the log is
// restored for the first time.
func TestPositionsAndTagsOfBefore(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	uid, desk := s.reseller("Northwind")
	at := "/v1/accounts/" + uid.String()
	wrote := desk.send("PATCH", at, `{"name":"N"}`).is(200)
	for _, name := range []string{"X-Position", "ETag"} {
		if epoch := wrote.header.Get(name); !regexp.MustCompile(`^"?[0-9a-f]{8}-`).MatchString(epoch) {
			t.Errorf("%s %s", name, epoch)
		}
	}
	position, tag := wrote.header.Get("X-Position"), wrote.header.Get("ETag")
	desk.get(at + "?minPosition=" + position).is(200)
	desk.get(at + "?minPosition=" + bare(position)).is(200)
	expect(t, "the same after 304", desk.get(at, "If-None-Match: "+bare(tag)).is(304).header.Get("ETag"), tag)
	desk.get(at, "If-None-Match: W/"+tag+`, "x"`).is(304)
	desk.send("PATCH", at, `{"name":"M"}`, "If-Match: "+bare(tag)).is(200)
	desk.send("PATCH", at, `{"name":"L"}`, "If-Match: "+bare(tag)).refusedWith(412, "revision_mismatch")
	desk.send("PATCH", at, `{"name":"L"}`, "If-Match: "+tag).refusedWith(412, "revision_mismatch")
	desk.send("PATCH", at, `{"name":"L"}`, "If-Match: *").is(200)
}

// The generated client waits for a lost write once, at most.
func TestClientForgetsALostFuture(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, desk := s.reseller("Northwind")
	end := s.service.Node.Node().Position()
	when(desk.CreateCustomer(t.Context(), nil, customerNamed("Lost"))).Then(t)
	now := callerOf(t, s.service.SetBack(end), desk.token)
	now.After(desk.Position())
	when(now.ListCustomers(t.Context(), nil)).Refused(t, 410, "log_restored")
	expect(t, "position", now.Position(), "")
	when(now.CreateCustomer(t.Context(), nil, client.NewCustomer{Name: "Lost", Administrator: somebody()})).Then(t)
}

// bare takes the epoch off a position or a tag.
func bare(s string) string { return regexp.MustCompile(`[0-9a-f]{8}-`).ReplaceAllString(s, "") }
