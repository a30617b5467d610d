package api_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// standard opens a standard account, and its administrator signs in.
func (s *stack) standard(name string) (uuid.UUID, *caller) {
	s.t.Helper()
	who := somebody()
	uid := when(s.CreateAccount(s.t.Context(), nil, client.NewAccount{Name: name, Type: client.Standard, Administrator: who})).Then(s.t).JSON201.Uid
	s.accept(s.app.Tokens.Invitation(uid, 1))
	return uid, s.enter(who.Email)
}

func TestPartnershipRequestsOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	reseller, desk := s.reseller("Northwind")
	uid, admin := s.standard("Contoso")
	last := ""
	did := func(a answer) answer {
		last = a.header.Get("X-Position")
		return a
	}
	body := `{"account":"` + uid.String() + `","profile":"renewals","until":"2027-03-15T12:00:00Z","note":"as agreed"}`
	desk.post("/v1/partnership-requests", `{"account":"contoso"}`).is(400)
	desk.post("/v1/partnership-requests", `{"note":"x"}`).refusedWith(400, "/account field_missing")
	desk.post("/v1/partnership-requests", `{"account":"`+uid.String()+`","profile":"king","until":"2020-01-01T00:00:00Z"}`).
		refusedWith(422, "/profile profile_unknown", "/until until_in_past")
	made := did(desk.post("/v1/partnership-requests", body).is(201))
	at := made.header.Get("Location")
	desk.post("/v1/partnership-requests", body).is(201)
	get := func(c *caller) openapi.PartnershipRequest {
		t.Helper()
		return into[openapi.PartnershipRequest](c.get(at + "?minPosition=" + last).is(200))
	}
	shown := get(desk)
	expect(t, "asked", []any{shown.State, shown.Account.Name, *shown.Profile, shown.Note, shown.AnsweredAt == nil},
		[]any{openapi.PartnershipRequestState("open"), (*string)(nil), "renewals", "as agreed", true})
	expect(t, "who asks", get(admin).Reseller, openapi.AccountRef{Uid: reseller, Name: "Northwind", Type: "reseller"})
	did(desk.post("/v1/partnership-requests", `{"account":"`+uuid.NewString()+`"}`).is(201))
	all := into[openapi.PartnershipRequestList](desk.get("/v1/partnership-requests?limit=1&sort=-requestedAt").is(200))
	expect(t, "a page", []any{all.Total, len(all.Items), all.NextCursor != nil}, []any{2, 1, true})
	desk.get("/v1/partnership-requests?limit=1&sort=-requestedAt&cursor=" + *all.NextCursor).is(200)
	desk.get("/v1/partnership-requests?cursor=7").refusedWith(400, "cursor_invalid")
	expect(t, "declined ones", into[openapi.PartnershipRequestList](desk.get("/v1/partnership-requests?state=declined").is(200)).Total, 0)
	desk.get("/v1/partnership-requests?state=lost").is(400)

	desk.post(at+":accept", `{}`).refusedWith(403, "request_not_yours")
	admin.post(at+":accept", `{"until":"soon"}`).is(400)
	did(admin.post(at+":accept", `{"profile":"device-manager","until":null}`).is(200))
	admin.post(at+":decline", `{}`).is(404)
	accepted := get(desk)
	expect(t, "accepted", []any{accepted.State, *accepted.Account.Name}, []any{openapi.PartnershipRequestState("accepted"), "Contoso"})
	partners := into[openapi.PartnerList](admin.get("/v1/accounts/" + uid.String() + "/partners").is(200))
	expect(t, "partner", []any{partners.Items[0].Profile.Id, partners.Items[0].Until == nil}, []any{"device-manager", true})
	desk.post("/v1/partnership-requests", body).refusedWith(409, "already_partnered")
}
