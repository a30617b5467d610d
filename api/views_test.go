package api_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/fleetledger/fleetledger/api/openapi"
)

// Filters of lists are saved for whoever has signed in, and gone with the user.
func TestSavedViews(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	uid, email := s.activated("Northwind")
	ada := s.enter(email)
	const at = "/v1/me/views"
	for _, who := range []*caller{s.caller, s.signIn(uid, "")} {
		who.get(at).refusedWith(403, "session_required")
		who.post(at, `{"page":"devices","name":"x","query":""}`).refusedWith(403, "session_required")
	}
	s.as("").get(at).refusedWith(401, "unauthenticated")
	ada.post(at, `{"page":"orders","name":"x","query":""}`).is(400)
	ada.post(at, `{"page":"devices","name":" ","query":"a=%zz"}`).refusedWith(422, "/name view_name_invalid", "/query view_query_invalid")
	body := `{"page":"devices","name":"Depot","query":"search=depot&sort=-serviceEnd&asOf=2026-01-01&cursor=x&from=101"}`
	ada.post(at+"?dryRun=true", body).is(200)
	expect(t, "after a dry run", into[openapi.SavedViewList](ada.get(at).is(200)).Total, 0)
	saved := into[openapi.SavedView](ada.post(at, body).is(201))
	expect(t, "query", saved.Query, "search=depot&sort=-serviceEnd")
	again := into[openapi.SavedView](ada.post(at, `{"page":"devices","name":"depot","query":"search=yard"}`).is(201))
	expect(t, "in place of the one before", again.Id, saved.Id)
	ada.post(at, `{"page":"customers","name":"Depot","query":""}`).is(201)
	expect(t, "of a page", into[openapi.SavedViewList](ada.get(at+"?page=devices").is(200)).Items, []openapi.SavedView{again})
	for i := range 19 {
		ada.post(at, fmt.Sprintf(`{"page":"devices","name":"%d","query":""}`, i)).is(201)
	}
	ada.post(at+"?dryRun=true", `{"page":"devices","name":"More","query":""}`).refusedWith(422, "too_many_views")
	ada.post(at, `{"page":"devices","name":"More","query":""}`).refusedWith(422, "too_many_views")
	ada.post(at, `{"page":"devices","name":"Depot","query":"search=x"}`).is(201)
	ada.speaks(at, "name")

	_, otherEmail := s.activated("Southwind")
	other := s.enter(otherEmail)
	expect(t, "another's", into[openapi.SavedViewList](other.get(at).is(200)).Total, 0)
	one := at + "/" + saved.Id.String()
	other.send(http.MethodDelete, one, "").refusedWith(404, "not_found")
	ada.send(http.MethodDelete, one+"?dryRun=true", "").is(200)
	ada.send(http.MethodDelete, one, "").is(200)
	ada.send(http.MethodDelete, one, "").refusedWith(404, "not_found")

	person := into[openapi.Me](ada.get("/v1/me").is(200)).Person.Id
	s.post("/v1/persons/"+person.String()+":erase", "").is(200)
	var left int
	s.until(func() bool {
		must(t, s.service.Pool.QueryRow(t.Context(), `SELECT count(*) FROM ops.views WHERE page = 'customers'`).Scan(&left))
		return left == 0
	})
}
