package api_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/fleetledger/fleetledger/api/client"
)

// A kept answer is for those who may still see it.
func TestRepeatsAfterRightsWereLost(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	reseller, desk := s.reseller("Northwind")
	customer := s.customerOf(desk, "Contoso")
	s.fullAccess(reseller, customer)
	expect(t, "registered", desk.registers(newDevice(1, customer)), []string{"created"})
	at, key := "/v1/devices/"+mp70(1), "Idempotency-Key: rename"
	rename := func() answer { return desk.send(http.MethodPatch, at, `{"name":"Front"}`, key) }
	first := rename().is(200)
	again := rename().is(200)
	expect(t, "replayed", again.header.Get("Idempotent-Replayed"), "true")
	expect(t, "answer", seen(again), seen(first))

	s.partnerProfile(reseller, customer, "read-only")
	rename().refusedWith(403, "missing_right")
	s.partnerProfile(reseller, customer, "full")
	expect(t, "given back", rename().is(200).header.Get("Idempotent-Replayed"), "true")
	admin := s.signIn(customer, "")
	admin.send(http.MethodDelete, "/v1/accounts/"+customer.String()+"/partners/"+reseller.String(), "").is(200)
	rename().refusedWith(404, "not_found")
}

// The key is the user's, whichever token it comes with; the answer is not.
func TestRepeatsByANarrowerToken(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	uid, email := s.activated("Northwind")
	ada := s.enter(email)
	narrow := s.as(when(ada.CreateToken(t.Context(), nil, client.NewToken{
		Label: "script", Rights: &[]string{"devices.read"}, ExpiresAt: s.clock.Now().Add(time.Hour),
	})).Then(t).JSON201.Token)
	invite := func(by *caller) answer {
		return by.post("/v1/accounts/"+uid.String()+"/users", `{"email":"bo@x.example","administrator":true}`, "Idempotency-Key: invite")
	}
	invite(ada).is(201)
	invite(narrow).refusedWith(403, "missing_right")
	expect(t, "replayed", invite(ada).is(201).header.Get("Idempotent-Replayed"), "true")
}
