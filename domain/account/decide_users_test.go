package account_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
)

var second = account.Person{ID: uuid.UUID{4}, Email: "second@customer.example"}

func name(p account.Person) decision {
	return func(s account.State) ([]domain.Event, error) { return account.DecideName(s, p) }
}

func about(decide func(account.State, uuid.UUID) ([]domain.Event, error), user uuid.UUID) decision {
	return func(s account.State) ([]domain.Event, error) { return decide(s, user) }
}

// One administrator remains, whichever way one would go.
func TestAdministrators(t *testing.T) {
	t.Parallel()
	active := func(t *testing.T) []domain.Event {
		t.Helper()
		return []domain.Event{created, account.AccountActivated{Account: uid, Administrator: administrator}}
	}
	remove, withdraw, restore := account.DecideRemove, account.DecideWithdraw, account.DecideRestore
	given(t, active(t)...).When(about(remove, administrator.ID)).ThenRefused(account.CodeLastAdministrator)
	given(t, active(t)...).When(about(withdraw, administrator.ID)).ThenRefused(account.CodeLastAdministrator)
	two := given(t, active(t)...).When(name(second)).Then(account.AdministratorNamed{Account: uid, Administrator: second})
	two.When(name(second)).Then()
	two.When(about(remove, administrator.ID)).Then(account.AdministratorRemoved{Account: uid, User: administrator.ID}).
		When(about(remove, administrator.ID)).Then().
		When(about(withdraw, second.ID)).ThenRefused(account.CodeLastAdministrator)
	out := two.When(about(withdraw, second.ID)).Then(account.AccessWithdrawn{Account: uid, User: second.ID})
	out.When(about(withdraw, second.ID)).Then().
		When(name(second)).ThenRefused(account.CodeUserDeactivated)
	if out.State.Administers(second.ID) || !out.State.KeepsOut(second.ID) {
		t.Error("who is kept out is no administrator")
	}
	back := out.When(about(restore, second.ID)).Then(account.AccessRestored{Account: uid, User: second.ID})
	back.When(about(restore, second.ID)).Then()
	if back.State.Administers(second.ID) || back.State.KeepsOut(second.ID) {
		t.Error("comes back as an ordinary user")
	}
	given(t, created, account.AccountClosed{Account: uid}).When(name(second)).ThenRefused(account.CodeAccountClosed)
	given(t).When(name(second)).ThenRefused(account.CodeNotFound)
	given(t).When(about(withdraw, second.ID)).ThenRefused(account.CodeNotFound)
	given(t).When(about(remove, second.ID)).Then()
}

// An administrator who was invited into the account may be there before the one
// that it was opened for.
func TestAdministratorBeforeTheFirst(t *testing.T) {
	t.Parallel()
	early := given(t, created, account.AdministratorNamed{Account: uid, Administrator: second}) // as versions before did
	s := account.Evolve(early.State, account.AccountActivated{Account: uid, Administrator: administrator})
	if !s.Administers(administrator.ID) || !s.Administers(second.ID) {
		t.Errorf("administrators: %v", s.Administrators)
	}
	early.When(name(second)).Then(account.AccountActivated{Account: uid, Administrator: second}).When(name(second)).Then()
}
