package account_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/domaintest"
)

var (
	uid           = uuid.UUID{1}
	credential    = uuid.UUID{3}
	administrator = account.Person{ID: uuid.UUID{2}, Email: "admin@customer.example"}
	sent          = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	invitation    = account.Invitation{Number: 1, TokenHash: []byte("first"), Expires: sent.AddDate(0, 0, 7)}
	created       = account.AccountCreated{
		Account: uid, Name: "Prairie Fire", Type: account.Standard, Administrator: administrator,
		Offers: []catalogue.Offer{catalogue.Complete}, Reseller: uuid.UUID{9}, Invitation: invitation,
	}
)

type decision = domaintest.Decision[account.State]

func given(t *testing.T, events ...domain.Event) *domaintest.Scenario[account.State] {
	t.Helper()
	return domaintest.Given(t, account.Evolve, events...)
}

func create(s account.State) ([]domain.Event, error) {
	return account.DecideCreate(s, account.Create{
		UID: uid, Name: "Prairie Fire", Type: account.Standard, Administrator: administrator,
		Offers: []catalogue.Offer{catalogue.Complete}, Reseller: uuid.UUID{9}, Invitation: invitation,
	})
}

func activate(token string, now time.Time) decision {
	return func(s account.State) ([]domain.Event, error) {
		return account.DecideActivate(s, []byte(token), administrator, credential, now)
	}
}

func invite(number int, token string) decision {
	return func(s account.State) ([]domain.Event, error) {
		return account.DecideInvite(s, account.Invitation{Number: number, TokenHash: []byte(token), Expires: sent.AddDate(0, 0, 14)}, sent)
	}
}

func lapse(now time.Time) decision {
	return func(s account.State) ([]domain.Event, error) { return account.DecideLapse(s, now) }
}

func closing(s account.State) ([]domain.Event, error) {
	return account.DecideClose(s, account.Close{Reason: "asked for"})
}

func TestCreate(t *testing.T) {
	t.Parallel()
	given(t).When(create).Then(created).When(create).Then()
	given(t, account.AccountCreationAbandoned{Account: uid}).When(create).ThenRefused(account.CodeCreationAbandoned)
}

// Accounts 3: seven days to activate, a token that works once.
func TestActivate(t *testing.T) {
	t.Parallel()
	last := invitation.Expires.Add(-time.Nanosecond)
	done := account.AccountActivated{Account: uid, Administrator: administrator, Credential: credential}
	given(t, created).When(activate("first", last)).Then(done).
		When(activate("first", last)).ThenRefused(account.CodeAlreadyActive)
	given(t, created).When(activate("first", invitation.Expires)).ThenRefused(account.CodeInvitationExpired)
	given(t, created).When(activate("other", sent)).ThenRefused(account.CodeInvitationUnknown)
	given(t, created).When(activate("", sent)).ThenRefused(account.CodeInvitationUnknown)
	given(t).When(activate("", sent)).ThenRefused(account.CodeInvitationUnknown)
	given(t, created, account.AccountClosed{Account: uid}).When(activate("first", sent)).ThenRefused(account.CodeAccountClosed)
}

// Accounts 3: sent again, the token before is void.
func TestInvite(t *testing.T) {
	t.Parallel()
	again := given(t, created).When(invite(2, "second")).ThenDone()
	again.When(invite(2, "second")).Then()
	again.When(activate("first", sent)).ThenRefused(account.CodeInvitationUnknown)
	again.When(activate("second", invitation.Expires.AddDate(0, 0, 1))).ThenDone().
		When(invite(3, "third")).ThenRefused(account.CodeAlreadyActive)
	given(t, created, account.AccountClosed{Account: uid}).When(invite(2, "second")).ThenRefused(account.CodeAccountClosed)
}

// Accounts 3: closing a never-activated account frees its name and e-mail.
func TestClose(t *testing.T) {
	t.Parallel()
	never := given(t, created).When(closing).Then(account.AccountClosed{Account: uid, Reason: "asked for"})
	never.When(closing).Then()
	if !never.State.NeverActivated() {
		t.Error("a closed account that was never activated keeps its name")
	}
	if given(t, created).When(activate("first", sent)).ThenDone().When(closing).ThenDone().State.NeverActivated() {
		t.Error("a closed account that was active gives its name away")
	}
	given(t).When(closing).ThenRefused(account.CodeNotFound)
	given(t).When(invite(1, "first")).ThenRefused(account.CodeNotFound)
}

// An erased administrator is nobody to invite any more, and stays erased.
func TestErase(t *testing.T) {
	t.Parallel()
	erase := func(person uuid.UUID) decision {
		return func(s account.State) ([]domain.Event, error) {
			return account.DecideErase(s, person, "reservation-email-1")
		}
	}
	gone := account.PersonErased{Account: uid, Person: administrator.ID, EmailReservation: "reservation-email-1"}
	given(t).When(erase(administrator.ID)).ThenRefused(account.CodeNotFound)
	given(t, created).When(erase(uuid.New())).ThenRefused(account.CodePersonNotFound)
	pending := given(t, created).When(erase(administrator.ID)).Then(gone)
	pending.When(erase(administrator.ID)).Then()
	pending.When(activate("first", sent)).ThenRefused(account.CodePersonErased)
	pending.When(invite(2, "second")).ThenRefused(account.CodePersonErased)
	pending.When(closing).ThenDone()
	given(t, created).When(closing).ThenDone().When(erase(administrator.ID)).Then(gone)

	// Whoever else the account names can be erased too, and keeps no address taken.
	contact := account.Person{ID: uuid.New(), Email: "sales@vendor.example", Name: "Val Vendor"}
	named := given(t, created, account.ChannelContactAssigned{Account: uid, Contact: contact},
		account.BillingChanged{Account: uid, Mode: account.Direct, Contact: contact})
	left := named.When(erase(contact.ID)).Then(account.PersonErased{Account: uid, Person: contact.ID})
	left.When(erase(contact.ID)).Then()
	if s := left.State; !s.ChannelContacts[0].IsErased() || !s.Billing.Contact.IsErased() || s.Forgotten() || s.Administrator.IsErased() {
		t.Errorf("erased a contact: %+v", s)
	}
	if named.State.ChannelContacts[0].IsErased() || named.State.Billing.Contact.IsErased() {
		t.Error("the state before changed too")
	}

	late := given(t, created, gone, account.AccountActivated{Account: uid, Administrator: administrator}).State
	if late.Administrator != administrator.Erase() || late.Status != account.Activated {
		t.Errorf("a late event brought the person back: %+v", late)
	}
	if _, _, p := account.NormaliseEmail(account.Erased); p == nil {
		t.Error("somebody could have the address that stands for erased ones")
	}
}

func TestStatusAt(t *testing.T) {
	t.Parallel()
	pending := given(t, created).State
	for at, want := range map[time.Time]account.Status{
		sent: account.Pending, invitation.Expires.Add(-1): account.Pending, invitation.Expires: account.Expired,
	} {
		if got := pending.StatusAt(at); got != want {
			t.Errorf("at %v: %s", at, got)
		}
	}
	if got := given(t, created).When(activate("first", sent)).ThenDone().State.StatusAt(sent.AddDate(9, 0, 0)); got != account.Activated {
		t.Errorf("an active account is %s", got)
	}
}

// TestHistories: on its own result a command gives no events, and folding takes
// events in any order.
func TestHistories(t *testing.T) {
	t.Parallel()
	commands := []decision{create, activate("first", sent), activate("second", sent), invite(2, "second"), invite(3, "third"), closing}
	events := []domain.Event{
		account.AccountReopened{}, account.AdministratorEmailCorrected{Administrator: administrator}, account.AdministratorJoined{Administrator: administrator},
		account.AdministratorEmailChanged{Administrator: administrator},
		account.PersonErased{Account: uid, Person: administrator.ID}, account.AccountCreationAbandoned{Account: uid}, account.AccountClosed{}, account.AccountActivated{}, account.InvitationSent{}, nil,
	}
	commands = append(commands, correct("right@customer.example", 4), withdrawPending, reopen(""), reopen("Prairie Wind"), name(second),
		about(account.DecideWithdraw, administrator.ID), follow("Ada", "ada@customer.example"), account.DecideAllServices)
	commands = append(commands, func(s account.State) ([]domain.Event, error) {
		return account.DecideErase(s, administrator.ID, "")
	})
	rapid.Check(t, func(t *rapid.T) {
		var s account.State
		for range 20 {
			if rapid.IntRange(0, 9).Draw(t, "anything") == 0 {
				s = account.Evolve(s, rapid.SampledFrom(events).Draw(t, "event"))
			}
			decide := commands[rapid.IntRange(0, len(commands)-1).Draw(t, "command")]
			for _, e := range domaintest.Allowed(decide(s)) {
				s = account.Evolve(s, e)
			}
			if again := domaintest.Allowed(decide(s)); len(again) > 0 {
				t.Fatalf("on its own result: %+v", again)
			}
		}
	})
}

// An invitation runs out once; a new one begins afresh.
func TestInvitationRunsOut(t *testing.T) {
	t.Parallel()
	end := invitation.Expires
	given(t).When(lapse(end)).Then()
	s := given(t, created)
	s.When(lapse(end.Add(-time.Nanosecond))).Then()
	over := s.When(lapse(end)).Then(account.InvitationExpired{Account: uid, Number: 1})
	over.When(lapse(end.AddDate(9, 0, 0))).Then()
	anew := over.When(invite(2, "second")).ThenDone()
	anew.When(lapse(end)).Then()
	anew.When(lapse(sent.AddDate(0, 0, 14))).Then(account.InvitationExpired{Account: uid, Number: 2})
	s.When(closing).ThenDone().When(lapse(end)).Then()
	s.When(activate("first", sent)).ThenDone().When(lapse(end)).Then()

	// Replaced before anybody has noted it.
	second := account.Invitation{Number: 2, TokenHash: []byte("second"), Expires: sent.AddDate(0, 0, 21)}
	s.When(func(s account.State) ([]domain.Event, error) {
		return account.DecideInvite(s, second, end)
	}).Then(account.InvitationExpired{Account: uid, Number: 1}, account.InvitationSent{Account: uid, Invitation: second}).
		When(lapse(end)).Then()
}
