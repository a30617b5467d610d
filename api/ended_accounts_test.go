package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
)

// An account that nobody has activated in time has no callers, until it is invited again:
// while it is pending its tokens work by their rights. Its partner goes on.
func TestAnExpiredAccountHasNoAccess(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	resellerUID, reseller := s.reseller("Northwind")
	s.activate(resellerUID)
	customerUID := s.customerOf(reseller, "Alder")
	expect(t, "registration", reseller.registers(newDevice(1, customerUID)), []string{"created"})
	administrator, reads := s.signIn(customerUID, ""), s.signIn(customerUID, "read-only")
	member := s.invitedUser(customerUID)
	feed := when(member.CreateCalendar(ctx, nil, client.NewCalendar{Label: "Renewals"})).Then(t).JSON201.Address
	_, feed, _ = strings.Cut(feed, "/v1/")
	callers := []*caller{administrator, reads, member}
	reads.After(reseller.Position())
	member.After(reseller.Position())
	for _, c := range callers {
		when(c.GetDevice(ctx, mp70(1), nil)).Then(t)
	}
	when(reads.EditDevice(ctx, mp70(1), nil, client.DeviceEdit{Name: new("x")})).Refused(t, 403, "missing_right")
	s.as("").get("/v1/" + feed).is(200)
	s.clock.Advance(7 * 24 * time.Hour)
	for _, c := range callers {
		when(c.GetMe(ctx, nil)).Refused(t, 401, "unauthenticated")
		when(c.GetDevice(ctx, mp70(1), nil)).Refused(t, 401, "unauthenticated")
		when(c.GetDevice(ctx, mp70(1), &client.GetDeviceParams{XAccount: &customerUID})).Refused(t, 401, "unauthenticated")
		when(c.RegisterDevices(ctx, nil, request(newDevice(2)))).Refused(t, 401, "unauthenticated")
	}
	s.as("").get("/v1/" + feed).is(404)
	when(reseller.GetDevice(ctx, mp70(1), nil)).Then(t)
	when(reseller.ResendInvitation(ctx, customerUID, nil, client.Reason{})).Then(t)
	when(administrator.GetDevice(ctx, mp70(1), nil)).Then(t)
}

// invitedUser invites somebody into an account, accepts and signs in.
func (s *stack) invitedUser(uid uuid.UUID) *caller {
	s.t.Helper()
	email := "member@" + uuid.NewString() + ".example"
	invited := when(s.InviteUser(s.t.Context(), uid, nil, client.NewUser{Email: email, Profiles: &[]string{"read-only"}})).Then(s.t).JSON201.Uid
	s.accept(s.app.Tokens.UserInvitation(invited, 1))
	return s.enter(email)
}

// All access of an account ends with it: by tokens of the account and of its users, by
// sessions, by partners; at once, not when reactions come round.
func TestAccessEndsWithTheAccount(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	resellerUID, administrator := s.reseller("Northwind")
	customerUID := s.customerOf(administrator, "Alder")
	s.fullAccess(resellerUID, customerUID)
	customer := s.signIn(customerUID, "")
	reads := s.signIn(resellerUID, "read-only")
	expect(t, "registration", administrator.registers(newDevice(1, customerUID)), []string{"created"})
	for _, c := range []*caller{administrator, reads} {
		when(c.GetDevice(ctx, mp70(1), nil)).Then(t)
	}
	when(s.CloseAccount(ctx, resellerUID, nil, client.CloseAccountJSONRequestBody{Confirm: new(true)})).Then(t)
	for _, c := range []*caller{administrator, reads} {
		when(c.GetDevice(ctx, mp70(1), nil)).Refused(t, 401, "unauthenticated")
		when(c.GetDevice(ctx, mp70(1), &client.GetDeviceParams{XAccount: &customerUID})).Refused(t, 401, "unauthenticated")
		when(c.ListCustomers(ctx, nil)).Refused(t, 401, "unauthenticated")
		when(c.ListDevices(ctx, nil)).Refused(t, 401, "unauthenticated")
		when(c.GetAccount(ctx, customerUID, nil)).Refused(t, 401, "unauthenticated")
		when(c.GetOperation(ctx, uuid.New(), nil)).Refused(t, 401, "unauthenticated")
	}
	when(customer.GetDevice(ctx, mp70(1), nil)).Then(t)
}
