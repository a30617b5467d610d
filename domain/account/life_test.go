package account_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

func correct(email string, number int) decision {
	i := account.Invitation{Number: number, TokenHash: []byte(email), Expires: sent.AddDate(0, 0, 14)}
	return func(s account.State) ([]domain.Event, error) { return account.DecideCorrectEmail(s, email, i, sent) }
}

func withdrawPending(s account.State) ([]domain.Event, error) {
	return account.DecideWithdrawPending(s, account.Close{Reason: "typo"})
}

func reopen(name string) decision {
	return func(s account.State) ([]domain.Event, error) {
		return account.DecideReopen(s, name, "by mistake")
	}
}

func follow(name, email string) decision {
	return func(s account.State) ([]domain.Event, error) {
		return account.DecideFollow(s, account.Person{ID: administrator.ID, Name: name, Email: email})
	}
}

// Accounts 3: the first administrator who accepts activates the account. The one
// whom it was created with can still join.
func TestAnotherAdministratorActivates(t *testing.T) {
	t.Parallel()
	s := given(t, created).When(name(second)).Then(
		account.AdministratorNamed{Account: uid, Administrator: second}, account.AccountActivated{Account: uid, Administrator: second})
	s.When(name(second)).Then()
	if s.State.Status != account.Activated || s.State.Administers(administrator.ID) || s.State.Administrator != administrator {
		t.Errorf("%+v", s.State)
	}
	late := invitation.Expires
	s.When(activate("first", late)).ThenRefused(account.CodeInvitationExpired)
	s.When(activate("other", sent)).ThenRefused(account.CodeInvitationUnknown)
	s.When(invite(2, "second")).ThenDone().When(activate("second", late)).ThenDone()
	s.When(correct("right@customer.example", 2)).ThenRefused(account.CodeAlreadyActive)
	s.When(lapse(late)).Then()

	joined := s.When(activate("first", sent)).Then(account.AdministratorJoined{Account: uid, Administrator: administrator, Credential: credential})
	joined.When(activate("first", sent)).ThenRefused(account.CodeAlreadyActive)
	joined.When(invite(2, "second")).ThenRefused(account.CodeAlreadyActive)
	if !joined.State.Administers(administrator.ID) || !joined.State.Administers(second.ID) {
		t.Errorf("%+v", joined.State.Administrators)
	}

	out := s.When(about(account.DecideWithdraw, administrator.ID)).ThenDone()
	out.When(activate("first", sent)).ThenRefused(account.CodeUserDeactivated)
	out.When(invite(2, "second")).ThenRefused(account.CodeUserDeactivated)
	gone := given(t, created, account.PersonErased{Account: uid, Person: administrator.ID})
	gone.When(name(second)).ThenDone()

	// An account whose invitation has run out is not lost: whoever has another one activates it.
	given(t, created, account.InvitationExpired{Account: uid, Number: 1}).When(name(second)).ThenDone()
}

func TestWhomAnAccountLetsIn(t *testing.T) {
	t.Parallel()
	s := given(t, created)
	late := s.State
	late.Invitation.Expires = sent
	for title, c := range map[string]struct {
		state account.State
		want  bool
	}{
		"none":    {account.State{}, false},
		"pending": {s.State, true},
		"expired": {late, false},
		"active":  {s.When(activate("first", sent)).ThenDone().State, true},
		"closed":  {s.When(closing).ThenDone().State, false},
		"reopen":  {s.When(closing).ThenDone().When(reopen("")).ThenDone().State, true},
		"kept out": {
			s.When(about(account.DecideWithdraw, second.ID)).ThenDone().State, false,
		},
		"erased": {given(t, created, account.PersonErased{Account: uid, Person: second.ID}).State, false},
	} {
		if got := c.state.LetsIn(second.ID, sent); got != c.want {
			t.Errorf("%s: %v", title, got)
		}
	}
}

// A pending account with a mistyped address is corrected or withdrawn.
func TestPendingAccounts(t *testing.T) {
	t.Parallel()
	email := func(s account.State) string {
		key, _ := s.EmailKey()
		return key.Stream
	}
	right := administrator
	right.Email = "right@customer.example"
	i := account.Invitation{Number: 2, TokenHash: []byte(right.Email), Expires: sent.AddDate(0, 0, 14)}
	s := given(t, created)
	corrected := s.When(correct(right.Email, 2)).Then(account.AdministratorEmailCorrected{Account: uid, Administrator: right, Invitation: i})
	corrected.When(correct(right.Email, 3)).Then()
	corrected.When(activate("first", sent)).ThenRefused(account.CodeInvitationUnknown)
	if freed := account.Aggregate.Freed(s.State, corrected.State, reservation.Limits{}); len(freed) != 1 || freed[0].Key.Stream != email(s.State) {
		t.Errorf("freed: %+v", freed)
	}
	if wanted := account.Aggregate.Wanted(s.State, corrected.State, reservation.Limits{}); len(wanted) != 1 || wanted[0].Key.Stream != email(corrected.State) {
		t.Errorf("wanted: %+v", wanted)
	}
	expired := func(s account.State) ([]domain.Event, error) {
		return account.DecideCorrectEmail(s, right.Email, i, invitation.Expires)
	}
	s.When(expired).Then(account.InvitationExpired{Account: uid, Number: 1},
		account.AdministratorEmailCorrected{Account: uid, Administrator: right, Invitation: i})
	given(t).When(correct(right.Email, 2)).ThenRefused(account.CodeNotFound)

	gone := s.When(withdrawPending).Then(account.AccountClosed{Account: uid, Reason: "typo"})
	gone.When(withdrawPending).Then()
	gone.When(correct(right.Email, 2)).ThenRefused(account.CodeAccountClosed)
	active := s.When(activate("first", sent)).ThenDone()
	active.When(withdrawPending).ThenRefused(account.CodeAlreadyActive)
	active.When(closing).ThenDone().When(withdrawPending).ThenRefused(account.CodeAccountClosed)
	given(t).When(withdrawPending).ThenRefused(account.CodeNotFound)
}

// Closing tells what the account holds, and asks again where devices are active.
func TestCloseNeedsToBeConfirmed(t *testing.T) {
	t.Parallel()
	closeHolding := func(confirm bool, active int) decision {
		return func(s account.State) ([]domain.Event, error) {
			return account.DecideClose(s, account.Close{Confirm: confirm, Holds: account.Holdings{
				Devices: 3, ActiveDevices: active, Users: 2, Partnerships: 1, Orders: 2, Releases: 1, Operations: 1,
			}})
		}
	}
	s := given(t, created)
	refused := s.When(closeHolding(false, 2))
	refused.ThenRefused(account.CodeConfirmRequired)
	p := refused.Problems()[0]
	want := map[string]string{"devices": "3", "activeDevices": "2", "users": "2", "partnerships": "1",
		"open": "4", "orders": "2", "releaseRequests": "1", "operations": "1"}
	if diff := cmp.Diff(want, p.Facts); diff != "" || !strings.Contains(p.Detail, "2 active devices") {
		t.Errorf("%s %s", p.Detail, diff)
	}
	s.When(closeHolding(true, 2)).ThenDone().When(closeHolding(false, 2)).Then()
	s.When(closeHolding(false, 0)).ThenDone()
}

// The operator reopens an account; what the closing freed has to be free still.
func TestReopen(t *testing.T) {
	t.Parallel()
	closedPending := given(t, created).When(closing).ThenDone()
	s := closedPending.When(reopen("")).Then(account.AccountReopened{Account: uid, Reason: "by mistake"})
	s.When(reopen("")).Then()
	if wanted := account.Aggregate.Wanted(closedPending.State, s.State, reservation.Limits{}); len(wanted) != 2 || wanted[0].Taken.Code != account.CodeNameTaken {
		t.Errorf("wanted: %+v", wanted)
	}
	if s.State.Status != account.Pending || !s.State.NeverActivated() {
		t.Errorf("%s", s.State.Status)
	}
	other := closedPending.When(reopen("Prairie Wind")).Then(
		account.AccountReopened{Account: uid, Reason: "by mistake"}, account.AccountRenamed{Account: uid, Name: "Prairie Wind"})
	other.When(reopen("Prairie Wind")).Then()
	active := given(t, created).When(activate("first", sent)).ThenDone()
	again := active.When(closing).ThenDone().When(reopen("")).ThenDone()
	if diff := cmp.Diff(active.State, again.State); diff != "" {
		t.Errorf("not what it was: %s", diff)
	}
	given(t).When(reopen("")).ThenRefused(account.CodeNotFound)
	if account.Aggregate.Fence(closedPending.State, uid, false, "x") == nil {
		t.Error("a late reopening is not fenced off")
	}
}

// Accounts 2: a reseller has all services.
func TestResellersHaveAllOffers(t *testing.T) {
	t.Parallel()
	open := func(of account.Type, offers ...catalogue.Offer) decision {
		return func(s account.State) ([]domain.Event, error) {
			return account.DecideCreate(s, account.Create{UID: uid, Name: "North", Type: of, Administrator: administrator, Offers: offers})
		}
	}
	given(t).When(open(account.Reseller, catalogue.Basic)).ThenRefused(account.CodeOffersOfResellers)
	given(t).When(open(account.Standard, catalogue.Basic)).ThenDone()
	all := given(t).When(open(account.Reseller, catalogue.Offers...)).ThenDone()
	all.When(account.DecideAllServices).Then()
	all.When(edit(nil, nil, catalogue.Basic)).ThenRefused(account.CodeOffersOfResellers)
	before := created
	before.Type = account.Reseller
	s := given(t, before).When(account.DecideAllServices).Then(account.OffersAssigned{Account: uid, Offers: catalogue.Offers})
	s.When(account.DecideAllServices).Then()
	given(t, before, account.AccountClosed{}).When(account.DecideAllServices).Then()
	given(t, created).When(account.DecideAllServices).Then()
	given(t).When(account.DecideAllServices).Then()
}

// The account knows its administrators as they are now. Who has changed the
// address as a user holds it; the account's is free.
func TestAccountsFollowTheirAdministrators(t *testing.T) {
	t.Parallel()
	s := given(t, created).When(activate("first", sent)).ThenDone()
	named := administrator
	named.Name = "Ada"
	changed := named
	changed.Email = "ada@customer.example"
	renamed := s.When(follow("Ada", administrator.Email)).Then(account.AdministratorRenamed{Account: uid, Administrator: named})
	if _, ok := renamed.State.EmailKey(); !ok || renamed.State.Administrators[0] != named || s.State.Administrators[0] == named {
		t.Errorf("%+v", renamed.State)
	}
	moved := renamed.When(follow("Ada", changed.Email)).Then(account.AdministratorEmailChanged{Account: uid, Administrator: changed})
	moved.When(follow("Ada", changed.Email)).Then()
	if freed := account.Aggregate.Freed(renamed.State, moved.State, reservation.Limits{}); len(freed) != 1 || freed[0].Key.Kind != reservation.Email {
		t.Errorf("freed: %+v", freed)
	}
	if moved.State.Administrator != changed || moved.State.Administrators[0] != changed {
		t.Errorf("%+v", moved.State)
	}
	s.When(func(s account.State) ([]domain.Event, error) {
		return account.DecideFollow(s, account.Person{ID: uuid.UUID{7}, Name: "Eve"})
	}).Then()
	given(t, created).When(follow("Ada", changed.Email)).Then() // not a user yet
	two := s.When(name(second)).ThenDone().When(func(s account.State) ([]domain.Event, error) {
		return account.DecideFollow(s, account.Person{ID: second.ID, Email: "new@customer.example"})
	}).ThenDone()
	if _, ok := two.State.EmailKey(); !ok {
		t.Error("another administrator's change took the account's address")
	}

	// Nothing brings an erased person back.
	gone := given(t, created, account.AccountActivated{Account: uid, Administrator: administrator}, account.PersonErased{Account: uid, Person: administrator.ID})
	gone.When(follow("Ada", changed.Email)).Then()
	for _, e := range []domain.Event{
		account.AdministratorRenamed{Account: uid, Administrator: named}, account.AdministratorEmailChanged{Account: uid, Administrator: changed},
		account.AdministratorJoined{Account: uid, Administrator: named}, account.AdministratorEmailCorrected{Account: uid, Administrator: named},
	} {
		if s := account.Evolve(gone.State, e); !s.Administrator.IsErased() || !s.Administrators[0].IsErased() {
			t.Errorf("after %s: %+v", e.EventType(), s)
		}
	}
}

func TestExpiredInvitationsTellWhen(t *testing.T) {
	t.Parallel()
	refused := given(t, created).When(activate("first", invitation.Expires.Add(time.Hour)))
	refused.ThenRefused(account.CodeInvitationExpired)
	if got := refused.Problems()[0].Facts["expired"]; got != "2026-11-30T12:00:00Z" {
		t.Errorf("expired %q", got)
	}
}
