package account_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

func held(s account.State) []string {
	var all []string
	for _, h := range account.Aggregate.Reservations(s, reservation.Limits{}) {
		all = append(all, string(h.Key.Kind)+" "+h.Taken.Code+" "+h.Taken.Pointer)
	}
	return all
}

// Accounts 3: name and e-mail are unique; closing what was never activated frees
// both.
func TestReservationsOfAnAccount(t *testing.T) {
	t.Parallel()
	both := []string{"name name_taken /name", "email email_taken /administrator/email"}
	s := given(t, created)
	erase := account.PersonErased{Account: uid, Person: administrator.ID, EmailReservation: "reservation-email-1"}
	activated := account.AccountActivated{Account: uid, Administrator: administrator}
	for title, c := range map[string]struct {
		state account.State
		want  []string
	}{
		"none":              {account.State{}, nil},
		"pending":           {s.State, both},
		"closed at once":    {given(t, created, account.AccountClosed{}).State, nil},
		"closed later":      {given(t, created, activated, account.AccountClosed{}).State, both},
		"erased":            {given(t, created, erase).State, both},
		"erased, not known": {given(t, created, account.PersonErased{Person: administrator.ID}).State, both[:1]},
	} {
		if diff := cmp.Diff(c.want, held(c.state)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", title, diff)
		}
	}
	key, ok := s.State.EmailKey()
	if _, normal, _ := account.NormaliseEmail(administrator.Email); !ok || key != reservation.Unique(reservation.Email, normal) {
		t.Errorf("%+v %v", key, ok)
	}
	for _, h := range account.Aggregate.Reservations(s.State, reservation.Limits{}) {
		if h.Taken.Kind != domain.Conflict || h.Taken.Detail == "" || h.Account != uuid.Nil {
			t.Errorf("%+v", h)
		}
	}
}

func edit(name *string, billing *account.Billing, offers ...catalogue.Offer) decision {
	return func(s account.State) ([]domain.Event, error) {
		return account.DecideEdit(s, account.Edit{Name: name, Billing: billing, Offers: offers})
	}
}

// The details of an account are changed all or none. A name that is taken is
// told together with what else stands against the change.
func TestEdit(t *testing.T) {
	t.Parallel()
	name := "Prairie Wind"
	s := given(t, created)
	s.When(edit(&name, &account.Billing{Mode: account.Direct}, catalogue.Premium)).Then(
		account.AccountRenamed{Account: uid, Name: name},
		account.BillingChanged{Account: uid, Mode: account.Direct},
		account.OffersAssigned{Account: uid, Offers: []catalogue.Offer{catalogue.Premium}})
	s.When(edit(nil, nil)).Then()

	refused := s.When(edit(&name, &account.Billing{Mode: "credit"}))
	refused.ThenRefused(account.CodeBillingInvalid)
	if p := refused.Problems()[0]; p.Pointer != "/billing" {
		t.Errorf("points at %q", p.Pointer)
	}
	wanted := account.Aggregate.Wanted(s.State, refused.After().State, reservation.Limits{})
	if len(wanted) != 1 || wanted[0].Key != reservation.Unique(reservation.AccountName, "prairie wind") {
		t.Errorf("wanted beside the refusal: %+v", wanted)
	}
	closed := given(t, created, account.AccountActivated{Account: uid, Administrator: administrator}, account.AccountClosed{Account: uid})
	refused = closed.When(edit(&name, nil))
	refused.ThenRefused(account.CodeAccountClosed)
	if wanted := account.Aggregate.Wanted(closed.State, refused.After().State, reservation.Limits{}); len(wanted) != 1 {
		t.Errorf("wanted for a closed account: %+v", wanted)
	}
	given(t).When(edit(&name, nil)).ThenRefused(account.CodeNotFound)
}

// What others have is a conflict.
func TestKindsOfProblems(t *testing.T) {
	t.Parallel()
	refused := given(t, created).When(define(uuid.UUID{0x12}, "Read only"))
	refused.ThenRefused(account.CodeNameTaken)
	if got := refused.Problems()[0].Kind; got != domain.Conflict {
		t.Errorf("the name of a profile is taken: kind %d", got)
	}
	if p := account.EmailTaken(); p.Kind != domain.Conflict || p.Pointer != "" {
		t.Errorf("%+v", p)
	}
}
