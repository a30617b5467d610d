package user_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/domaintest"
	"github.com/fleetledger/fleetledger/domain/user"
)

var (
	uid, owner, credential = uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3}
	ada                    = account.Person{ID: uid, Email: "ada@x.example", Name: "Ada"}
	sent                   = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	invitation             = account.Invitation{Number: 1, TokenHash: []byte("first"), Expires: sent.AddDate(0, 0, 7)}
	invited                = user.UserInvited{User: uid, Account: owner, Person: ada, Profiles: []string{"renewals"}, Invitation: invitation}
	joined                 = user.UserActivated{User: uid, Account: owner, Person: ada, Credential: credential}
)

type decision = domaintest.Decision[user.State]

func given(t *testing.T, events ...domain.Event) *domaintest.Scenario[user.State] {
	t.Helper()
	return domaintest.Given(t, user.Evolve, events...)
}

func invite(profiles []string, administrator bool) decision {
	return func(s user.State) ([]domain.Event, error) {
		return user.DecideInvite(s, user.Invite{
			UID: uid, Account: owner, Person: ada, Profiles: profiles, Administrator: administrator, Invitation: invitation,
		})
	}
}

func accept(token, name string, at time.Time) decision {
	return func(s user.State) ([]domain.Event, error) {
		return user.DecideActivate(s, []byte(token), name, credential, at)
	}
}

func resend(token string) decision {
	return func(s user.State) ([]domain.Event, error) {
		return user.DecideResend(s, account.Invitation{Number: 2, TokenHash: []byte(token), Expires: sent.AddDate(0, 0, 14)}, sent)
	}
}

func lapse(now time.Time) decision {
	return func(s user.State) ([]domain.Event, error) { return user.DecideLapse(s, now) }
}

func assign(administrator bool, profiles ...string) decision {
	return func(s user.State) ([]domain.Event, error) {
		return user.DecideProfiles(s, profiles, administrator)
	}
}

func access(withdrawn bool) decision {
	return func(s user.State) ([]domain.Event, error) { return user.DecideAccess(s, withdrawn) }
}

func erase(s user.State) ([]domain.Event, error) {
	return user.DecideErase(s, "reservation-email-0011")
}

// Accounts 4: invited with profiles, seven days, resent, revoked.
func TestInvitation(t *testing.T) {
	t.Parallel()
	given(t).When(invite([]string{"renewals"}, false)).Then(invited).When(invite(nil, false)).Then()
	given(t).When(invite(nil, false)).ThenRefused(user.CodeProfileMissing)
	given(t).When(invite(nil, true)).ThenDone()
	given(t, user.UserInvitationAbandoned{User: uid}).When(invite(nil, true)).ThenRefused(user.CodeInvitationAbandoned)

	last := invitation.Expires.Add(-time.Nanosecond)
	given(t, invited).When(accept("first", "", last)).Then(joined).
		When(accept("first", "", last)).ThenRefused(user.CodeUserActive)
	given(t, invited).When(accept("first", "", invitation.Expires)).ThenRefused(account.CodeInvitationExpired)
	given(t, invited).When(accept("other", "", sent)).ThenRefused(account.CodeInvitationUnknown)
	given(t).When(accept("", "", sent)).ThenRefused(account.CodeInvitationUnknown)
	again := given(t, invited).When(resend("second")).ThenDone()
	again.When(resend("second")).Then()
	again.When(accept("first", "", sent)).ThenRefused(account.CodeInvitationUnknown)
	if got := again.When(accept("second", "Ada L.", invitation.Expires)).ThenDone().State.Person.Name; got != "Ada L." {
		t.Errorf("joined as %q", got)
	}
	revoked := given(t, invited).When(user.DecideRevoke).Then(user.UserInvitationRevoked{User: uid})
	revoked.When(user.DecideRevoke).Then()
	revoked.When(resend("second")).ThenRefused(user.CodeInvitationRevoked)
	revoked.When(accept("first", "", sent)).ThenRefused(user.CodeInvitationRevoked)
	revoked.When(assign(false, "full")).ThenRefused(user.CodeInvitationRevoked)
	given(t, invited, joined).When(user.DecideRevoke).ThenRefused(user.CodeUserActive)
	given(t).When(user.DecideRevoke).ThenRefused(account.CodeInvitationUnknown)
}

// Nobody joins any more who was erased, and nobody is invited again.
func TestErasedUsersDoNotJoin(t *testing.T) {
	t.Parallel()
	gone := given(t, invited).When(erase).Then(user.UserErased{User: uid, Account: owner, EmailReservation: "reservation-email-0011"})
	gone.When(erase).Then()
	gone.When(accept("first", "Ada", sent)).ThenRefused(account.CodePersonErased)
	gone.When(resend("second")).ThenRefused(account.CodePersonErased)
	gone.When(user.DecideRevoke).ThenDone()
}

func TestProfilesAndAccess(t *testing.T) {
	t.Parallel()
	s := given(t, invited, joined)
	s.When(assign(false, "renewals")).Then()
	s.When(assign(false)).ThenRefused(user.CodeProfileMissing)
	s.When(assign(true)).Then(user.ProfilesAssigned{User: uid})
	s.When(access(false)).Then()
	out := s.When(access(true)).Then(user.UserDeactivated{User: uid})
	out.When(access(true)).Then()
	out.When(access(false)).Then(user.UserReactivated{User: uid})
	given(t, invited).When(access(true)).Then()
	join := func(s user.State) ([]domain.Event, error) {
		return user.DecideJoin(s, owner, ada, credential)
	}
	given(t).When(join).ThenDone().When(join).Then()
}

func TestNormaliseProfiles(t *testing.T) {
	t.Parallel()
	got, problems := user.NormaliseProfiles([]string{"renewals", "full", "renewals"}, account.State{})
	if diff := cmp.Diff([]string{"full", "renewals"}, got); diff != "" || problems != nil {
		t.Error(diff, problems)
	}
	for _, bad := range [][]string{{"king"}, {""}, make([]string, 51)} {
		if _, problems := user.NormaliseProfiles(bad, account.State{}); len(problems) != 1 || problems[0].Code != user.CodeProfileUnknown {
			t.Errorf("%v: %v", bad, problems)
		}
	}
}

func FuzzCheckPassword(f *testing.F) {
	for _, seed := range []string{"", "correct horse battery", "ada@x.example", "\xff\x00", strings.Repeat("ﬁ", 300), "パスワードは長いほど良い"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, password string) {
		problems := user.CheckPassword(password, 12, ada, "Prairie Fire")
		if again := user.CheckPassword(user.NormalisePassword(password), 12, ada, "Prairie Fire"); len(problems) != len(again) {
			t.Errorf("%q: %v, normalised %v", password, problems, again)
		}
		if len(problems) == 0 && len(password) < 12 {
			t.Errorf("%q is accepted", password)
		}
	})
}

// An invitation runs out once; a new one begins afresh.
func TestInvitationRunsOut(t *testing.T) {
	t.Parallel()
	end := invitation.Expires
	s := given(t, invited)
	s.When(lapse(end.Add(-time.Nanosecond))).Then()
	over := s.When(lapse(end)).Then(user.UserInvitationExpired{User: uid, Number: 1})
	over.When(lapse(end.AddDate(9, 0, 0))).Then()
	anew := over.When(resend("second")).ThenDone()
	anew.When(lapse(end)).Then()
	anew.When(lapse(sent.AddDate(0, 0, 14))).Then(user.UserInvitationExpired{User: uid, Number: 2})
	for _, other := range []domain.Event{joined, user.UserInvitationRevoked{User: uid}} {
		given(t, invited, other).When(lapse(end)).Then()
	}

	// Replaced before anybody has noted it.
	second := account.Invitation{Number: 2, TokenHash: []byte("second"), Expires: sent.AddDate(0, 0, 21)}
	s.When(func(s user.State) ([]domain.Event, error) {
		return user.DecideResend(s, second, end)
	}).Then(user.UserInvitationExpired{User: uid, Number: 1}, user.UserInvitationSent{User: uid, Invitation: second})
}
