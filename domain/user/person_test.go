package user_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/domaintest"
	"github.com/fleetledger/fleetledger/domain/reservation"
	"github.com/fleetledger/fleetledger/domain/user"
)

var (
	ends = sent.Add(24 * time.Hour)
	lin  = account.Person{ID: uid, Email: "lin@x.example", Name: "Ada"}
)

func rename(name string) decision {
	return func(s user.State) ([]domain.Event, error) { return user.DecideRename(s, name) }
}

func emailChange(number int) user.EmailChange {
	return user.EmailChange{Number: number, TokenHash: []byte{byte(number)}, Expires: ends}
}

func ask(email string, number int) decision {
	return func(s user.State) ([]domain.Event, error) {
		return user.DecideRequestEmail(s, email, emailChange(number))
	}
}

func confirm(number int, at time.Time) decision {
	return func(s user.State) ([]domain.Event, error) {
		return user.DecideConfirmEmail(s, []byte{byte(number)}, at)
	}
}

func lapseEmail(at time.Time) decision {
	return func(s user.State) ([]domain.Event, error) { return user.DecideLapseEmail(s, at) }
}

func signIn(day calendar.Date) decision {
	return func(s user.State) ([]domain.Event, error) { return user.DecideSignIn(s, day) }
}

// holds compares the addresses that a user holds.
func holds(t *testing.T, s user.State, emails ...string) {
	t.Helper()
	var want, got []string
	for _, e := range emails {
		want = append(want, reservation.Unique(reservation.Email, e).Stream)
	}
	for _, h := range user.Aggregate.Reservations(s, reservation.Limits{}) {
		got = append(got, h.Key.Stream)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("held (-want +got)\n%s", diff)
	}
}

func TestPeopleRenameThemselves(t *testing.T) {
	t.Parallel()
	named := ada
	named.Name = "Ada L."
	s := given(t, invited, joined)
	s.When(rename("Ada L.")).Then(user.UserRenamed{User: uid, Person: named}).When(rename("Ada L.")).Then()
	s.When(rename("Ada")).Then()
	given(t).When(rename("Eve")).ThenRefused(user.CodeUserUnknown)
	given(t, invited).When(rename("Eve")).ThenRefused(user.CodeUserPending)
	given(t, invited, user.UserInvitationRevoked{User: uid}).When(rename("Eve")).ThenRefused(account.CodeUserDeactivated)
	s.When(access(true)).ThenDone().When(rename("Eve")).ThenRefused(account.CodeUserDeactivated)
	gone := s.When(erase).ThenDone()
	gone.When(rename("Eve")).ThenRefused(account.CodePersonErased)
	if s := user.Evolve(gone.State, user.UserRenamed{User: uid, Person: named}); !s.Person.IsErased() || s.Person.Name != account.Erased {
		t.Errorf("a late event brought the person back: %+v", s.Person)
	}
}

// The new address is reserved while it is to be confirmed, the old one until then.
func TestEmailChange(t *testing.T) {
	t.Parallel()
	s := given(t, invited, joined)
	holds(t, s.State, "ada@x.example")
	s.When(ask("ADA@x.example", 1)).Then()
	given(t, invited).When(ask("lin@x.example", 1)).ThenRefused(user.CodeUserPending)
	asked := s.When(ask("lin@x.example", 1)).Then(user.EmailChangeRequested{User: uid, Person: lin, Change: emailChange(1)})
	asked.When(ask("lin@x.example", 1)).Then()
	holds(t, asked.State, "ada@x.example", "lin@x.example")

	asked.When(confirm(2, sent)).ThenRefused(user.CodeEmailChangeUnknown)
	asked.When(confirm(1, ends)).ThenRefused(user.CodeEmailChangeExpired)
	s.When(func(s user.State) ([]domain.Event, error) { return user.DecideConfirmEmail(s, nil, sent) }).ThenRefused(user.CodeEmailChangeUnknown)
	out := asked.When(access(true)).ThenDone()
	out.When(confirm(1, sent)).ThenRefused(user.CodeEmailChangeUnknown)

	done := asked.When(confirm(1, ends.Add(-time.Nanosecond))).Then(user.EmailChanged{User: uid, Person: lin, Number: 1})
	done.When(confirm(1, sent)).ThenRefused(user.CodeEmailChangeUnknown)
	holds(t, done.State, "lin@x.example")
	if done.State.Person != lin {
		t.Errorf("%+v", done.State.Person)
	}
	other := asked.When(ask("kim@x.example", 2)).ThenDone()
	holds(t, other.State, "ada@x.example", "kim@x.example")
	other.When(confirm(1, sent)).ThenRefused(user.CodeEmailChangeUnknown)

	asked.When(lapseEmail(ends.Add(-time.Nanosecond))).Then()
	over := asked.When(lapseEmail(ends)).Then(user.EmailChangeExpired{User: uid, Number: 1})
	over.When(lapseEmail(ends)).Then()
	holds(t, over.State, "ada@x.example")
	done.When(lapseEmail(ends)).Then()

	// Whoever knows of the password only since then has not asked for the address.
	changed := asked.When(change(credential, uuid.UUID{4})).ThenDone()
	changed.When(confirm(1, sent)).ThenRefused(user.CodeEmailChangeUnknown)
	holds(t, changed.State, "ada@x.example")

	// A reset that went to the old address is void.
	asked.When(request(1, "one")).ThenDone().When(confirm(1, sent)).ThenDone().
		When(reset("one", uuid.UUID{4}, sent)).ThenRefused(user.CodeResetUnknown)
}

// The first address of an account's first administrator is the account's; one that
// it was changed to is the user's.
func TestEmailOfTheFirst(t *testing.T) {
	t.Parallel()
	s := given(t, joined).When(ask("lin@x.example", 1)).ThenDone()
	holds(t, s.State, "lin@x.example")
	if _, ok := s.State.EmailKey(); ok {
		t.Error("holds the account's address")
	}
	holds(t, s.When(confirm(1, sent)).ThenDone().State, "lin@x.example")
	holds(t, s.When(lapseEmail(ends)).ThenDone().State)
}

// Both addresses of an erased user are free, and told by the erasure.
func TestErasedWithAChangeToConfirm(t *testing.T) {
	t.Parallel()
	s := given(t, invited, joined).When(ask("lin@x.example", 1)).ThenDone()
	key, _ := s.State.WantedKey()
	gone := s.When(erase).Then(user.UserErased{
		User: uid, Account: owner, EmailReservation: "reservation-email-0011", WantedReservation: key.Stream,
	})
	// Also those that it had before, which perhaps nobody has released yet.
	other := s.When(ask("kim@x.example", 2)).ThenDone().When(confirm(2, sent)).ThenDone()
	other.When(erase).Then(user.UserErased{
		User: uid, Account: owner, EmailReservation: "reservation-email-0011",
		EarlierReservations: []string{key.Stream, reservation.Unique(reservation.Email, "ada@x.example").Stream},
	})
	holds(t, gone.State)
	gone.When(confirm(1, sent)).ThenRefused(user.CodeEmailChangeUnknown)
	gone.When(lapseEmail(ends)).Then()
	if late := user.Evolve(gone.State, user.EmailChanged{User: uid, Person: lin}); !late.Person.IsErased() {
		t.Errorf("a late event brought the person back: %+v", late.Person)
	}
	// What a destroyed key has left of the stream.
	left := given(t, invited, joined, user.EmailChangeRequested{User: uid, Person: ada.Erase(), Change: emailChange(1)})
	if _, ok := left.State.WantedKey(); ok {
		t.Error("knows an erased address")
	}
}

// One event a user and day, however often they come.
func TestSignIns(t *testing.T) {
	t.Parallel()
	day := calendar.On(2026, 11, 23)
	s := given(t, invited, joined).When(signIn(day)).Then(user.UserSignedIn{User: uid, Account: owner, Day: day})
	s.When(signIn(day)).Then()
	s.When(signIn(day - 1)).Then() // the clock was set back
	if got := s.When(signIn(day + 1)).ThenDone().State.LastSeen; got != day+1 {
		t.Errorf("last seen %v", got)
	}
	given(t).When(signIn(day)).Then()
	s.When(erase).ThenDone().When(signIn(day + 1)).Then()
}

func TestHistories(t *testing.T) {
	t.Parallel()
	commands := []decision{
		invite([]string{"renewals"}, false), accept("first", "", sent), access(true), access(false), user.DecideRevoke, resend("second"),
		rename("Eve"), rename("Ada"), ask("lin@x.example", 1), ask("kim@x.example", 2), confirm(1, sent), confirm(2, sent), lapseEmail(ends),
		signIn(calendar.On(2026, 11, 23)), signIn(calendar.On(2026, 11, 24)), erase,
	}
	rapid.Check(t, func(t *rapid.T) {
		var s user.State
		for range 25 {
			decide := commands[rapid.IntRange(0, len(commands)-1).Draw(t, "command")]
			for _, e := range domaintest.Allowed(decide(s)) {
				s = user.Evolve(s, e)
			}
			if again := domaintest.Allowed(decide(s)); len(again) > 0 {
				t.Fatalf("on its own result: %+v", again)
			}
			if held := user.Aggregate.Reservations(s, reservation.Limits{}); len(held) > 2 || s.Erased && len(held) > 0 {
				t.Fatalf("holds %+v", held)
			}
		}
	})
}
