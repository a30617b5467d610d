package user_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/reservation"
	"github.com/fleetledger/fleetledger/domain/user"
)

// A user who was invited holds the address; that of an account's first
// administrator, who was not, is the account's.
func TestReservationsOfAUser(t *testing.T) {
	t.Parallel()
	taken := account.EmailTaken()
	taken.Pointer = "/email"
	want := []reservation.Held{{Key: reservation.Unique(reservation.Email, "ada@x.example"), Account: owner, Taken: taken}}
	for title, c := range map[string]struct {
		events []domain.Event
		want   []reservation.Held
	}{
		"none":        {nil, nil},
		"invited":     {[]domain.Event{invited}, want},
		"active":      {[]domain.Event{invited, joined}, want},
		"deactivated": {[]domain.Event{invited, joined, user.UserDeactivated{User: uid}}, want},
		"revoked":     {[]domain.Event{invited, user.UserInvitationRevoked{User: uid}}, nil},
		"erased":      {[]domain.Event{invited, joined, user.UserErased{User: uid}}, nil},
		"the first":   {[]domain.Event{joined}, nil},
	} {
		s := given(t, c.events...).State
		if diff := cmp.Diff(c.want, user.Aggregate.Reservations(s, reservation.Limits{})); diff != "" {
			t.Errorf("%s (-want +got)\n%s", title, diff)
		}
		if _, ok := s.EmailKey(); ok != (c.want != nil) {
			t.Errorf("%s: has a key: %v", title, ok)
		}
	}
	refused := given(t).When(invite(nil, false))
	refused.ThenRefused(user.CodeProfileMissing)
	if diff := cmp.Diff(want, user.Aggregate.Wanted(user.State{}, refused.After().State, reservation.Limits{})); diff != "" {
		t.Errorf("beside a refused invitation (-want +got)\n%s", diff)
	}
}

func TestFence(t *testing.T) {
	t.Parallel()
	if got, want := user.Aggregate.Fence(user.State{}, uid, true, "x"), (user.UserInvitationAbandoned{User: uid}); got != want {
		t.Errorf("%+v", got)
	}
	if got, want := user.Aggregate.Fence(given(t, invited).State, uid, false, "x"), (user.UserClaimAbandoned{User: uid, Reservation: "x"}); got != want {
		t.Errorf("%+v", got)
	}
}
