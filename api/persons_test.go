package api_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/adapters/identity/issuer/issuertest"
	"github.com/fleetledger/fleetledger/api/openapi"
)

func TestErasePersonOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, reseller := s.reseller("Northwind")
	uid, position := s.customerOf(reseller, "Alder")
	administrator := func(query string) openapi.Person {
		t.Helper()
		return into[openapi.Account](reseller.get("/v1/accounts/" + uid + query).is(200)).Administrators[0]
	}
	person := administrator("?minPosition=" + position)
	erase := "/v1/persons/" + person.Id.String() + ":erase"

	reseller.post(erase, "").refusedWith(403, "forbidden")
	s.signIn(uid, "").post(erase, "").refusedWith(403, "forbidden")
	s.as("nobody").post(erase, "").refusedWith(401, "unauthenticated")
	s.post("/v1/persons/"+uuid.NewString()+":erase", "").refusedWith(404, "not_found")
	s.post("/v1/persons/"+uid+":erase", "").refusedWith(404, "not_found")
	s.post("/v1/persons/ada:erase", "").is(400)
	s.send("GET", erase, "").is(405)
	expect(t, "still there", administrator(""), person)

	gone := openapi.Person{Id: person.Id, Email: "erased", Name: "erased"}
	for range 2 {
		done := s.post(erase, `{"reason":"asked for by the person"}`, "Idempotency-Key: erase-1").is(200)
		expect(t, "erased in", into[openapi.Written](done).Uid.String(), uid)
		expect(t, "erased", administrator("?minPosition="+done.header.Get("X-Position")), gone)
	}
	again := into[openapi.Written](s.post(erase, "").is(200))
	expect(t, "revision", again.Revision, int64(1))

	customers := into[openapi.CustomerList](reseller.get("/v1/customers").is(200))
	expect(t, "on the Customers page", customers.Items[0].Administrators.Items, []openapi.Person{gone})
	token := s.app.InvitationToken(uuid.MustParse(uid), 1)
	s.as("").post("/v1/activations/"+token, `{"name":"Ada","password":"correct horse battery"}`).refusedWith(422, "person_erased")
	expect(t, "invitation", into[openapi.Activation](s.as("").get("/v1/activations/"+token).is(200)).Person, gone)
}

// An erased user is out at once, whichever way.
func TestAnErasedUserIsOut(t *testing.T) {
	t.Parallel()
	s := newIssuerStack(t)
	_, email := s.activated("Northwind")
	s.issuer.SignsIn(issuertest.Person{Subject: "ada", Email: email, Verified: true})
	ada := s.enter(email)
	atIssuer := s.as(into[openapi.SignedIn](s.browser().signIn().is(200)).Token)
	made := ada.post("/v1/tokens", fmt.Sprintf(`{"label":"ci","profile":"full","expiresAt":%q}`, s.clock.Now().AddDate(0, 1, 0).Format(time.RFC3339)))
	personal := s.as(into[openapi.CreatedToken](made.is(201)).Token)
	me := into[openapi.Me](personal.get("/v1/me").is(200))
	s.post("/v1/persons/"+me.Id+":erase", "").is(200)
	for _, c := range []*caller{ada, atIssuer, personal} {
		c.get("/v1/me").refusedWith(401, "unauthenticated")
	}
	s.as("").post("/v1/sessions", fmt.Sprintf(`{"email":%q,"password":%q}`, email, password)).refusedWith(401, "sign_in_failed")
	s.browser().signIn().refusedWith(401, "sign_in_failed")
}
