package api_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/adapters/identity/issuer/issuertest"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

func TestErasePersonOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	_, reseller := s.reseller("Northwind")
	uid := s.customerOf(reseller, "Alder")
	administrator := func() openapi.Person {
		t.Helper()
		return when(reseller.GetAccount(ctx, uid, nil)).Then(t).JSON200.Administrators[0]
	}
	person := administrator()

	when(reseller.ErasePerson(ctx, person.Id, nil, client.Reason{})).Refused(t, 403, "forbidden")
	when(s.signIn(uid, "").ErasePerson(ctx, person.Id, nil, client.Reason{})).Refused(t, 403, "forbidden")
	when(s.as("nobody").ErasePerson(ctx, person.Id, nil, client.Reason{})).Refused(t, 401, "unauthenticated")
	when(s.ErasePerson(ctx, uuid.New(), nil, client.Reason{})).Refused(t, 404, "not_found")
	when(s.ErasePerson(ctx, uid, nil, client.Reason{})).Refused(t, 404, "not_found")
	s.post("/v1/persons/ada:erase", "").is(400)
	s.get("/v1/persons/" + person.Id.String() + ":erase").is(405)
	expect(t, "still there", administrator(), person)

	gone := openapi.Person{Id: person.Id, Email: "erased", Name: "erased"}
	for range 2 {
		done := when(s.ErasePerson(ctx, person.Id, &client.ErasePersonParams{IdempotencyKey: new("erase-1")},
			client.Reason{Reason: new("asked for by the person")})).Then(t).JSON200
		expect(t, "erased in", done.Uid, uid)
		reseller.After(s.Position())
		expect(t, "erased", administrator(), gone)
	}
	expect(t, "revision", when(s.ErasePerson(ctx, person.Id, nil, client.Reason{})).Then(t).JSON200.Revision, int64(1))

	customers := when(reseller.ListCustomers(ctx, nil)).Then(t).JSON200
	expect(t, "on the Customers page", customers.Items[0].Administrators.Items, []openapi.Person{gone})
	token := s.app.Tokens.Invitation(uid, 1)
	when(s.as("").ActivateAccount(ctx, token, client.ActivationRequest{Name: new("Ada"), Password: password})).Refused(t, 422, "person_erased")
	expect(t, "invitation", when(s.as("").GetActivation(ctx, token)).Then(t).JSON200.Person, gone)
}

// An erased user is out at once, whichever way.
func TestAnErasedUserIsOut(t *testing.T) {
	t.Parallel()
	s := newIssuerStack(t)
	ctx := t.Context()
	_, email := s.activated("Northwind")
	s.issuer.SignsIn(issuertest.Person{Subject: "ada", Email: email, Verified: true})
	ada := s.enter(email)
	atIssuer := s.as(into[openapi.SignedIn](s.browser().signIn().is(200)).Token)
	personal := s.as(when(ada.CreateToken(ctx, nil, client.NewToken{
		Label: "ci", Profile: new("full"), ExpiresAt: s.clock.Now().AddDate(0, 1, 0),
	})).Then(t).JSON201.Token)
	me := when(personal.GetMe(ctx, nil)).Then(t).JSON200
	when(s.ErasePerson(ctx, uuid.MustParse(me.Id), nil, client.Reason{})).Then(t)
	for _, c := range []*caller{ada, atIssuer, personal} {
		c.isOut()
	}
	when(s.as("").SignIn(ctx, client.SignIn{Email: email, Password: password})).Refused(t, 401, "sign_in_failed")
	s.browser().signIn().refusedWith(401, "sign_in_failed")
}
