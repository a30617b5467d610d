package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/rights"
)

func TestInvitationToActivation(t *testing.T) {
	t.Parallel()
	w := newWorldWithPeople(t)
	reseller := w.reseller("North Radio")
	customer := w.readOnlyCustomer(reseller, "Delta Rail")
	token := w.InvitationToken(customer, 1)

	row, err := w.Invitation(w.ctx, token)
	require.NoError(t, err)
	require.Equal(t, "Delta Rail", row.Account.Name)
	require.Equal(t, account.Pending, row.Status)
	for _, wrong := range []string{"", "x", w.InvitationToken(customer, 2), w.InvitationToken(seed(1), 1), token + "A"} {
		_, err = w.Invitation(w.ctx, wrong)
		require.ErrorIs(t, err, query.ErrNotFound)
		_, err = w.ActivateAccount(w.ctx, wrong, app.ActivateAccount{Command: command(), Password: password})
		require.ErrorIs(t, err, query.ErrNotFound)
	}

	w.clock.advance(8 * 24 * time.Hour)
	_, err = w.ActivateAccount(w.ctx, token, app.ActivateAccount{Command: command(), Password: password})
	refused(t, err, account.CodeInvitationExpired)
	_, err = w.ResendInvitation(w.ctx, withRights(reseller, rights.CustomersRead), customer, command())
	require.ErrorIs(t, err, access.ErrForbidden)
	_, err = w.ResendInvitation(w.ctx, administratorOf(w.reseller("South Radio")), customer, command())
	require.ErrorIs(t, err, query.ErrNotFound)
	_, err = w.ResendInvitation(w.ctx, administratorOf(reseller), customer, command())
	require.NoError(t, err)
	_, err = w.Invitation(w.ctx, token)
	require.ErrorIs(t, err, query.ErrNotFound, "a new invitation replaces the old one")

	token = w.InvitationToken(customer, 2)
	activate := app.ActivateAccount{Command: command(), Name: "Ada", Password: password}
	first, err := w.ActivateAccount(w.ctx, token, activate)
	require.NoError(t, err)
	again, err := w.ActivateAccount(w.ctx, token, activate)
	require.NoError(t, err, "the same command again")
	require.Equal(t, first.Revision, again.Revision)
	activate.Command = command()
	_, err = w.ActivateAccount(w.ctx, token, activate)
	refused(t, err, account.CodeAlreadyActive)
	row, err = w.Invitation(w.ctx, token)
	require.NoError(t, err)
	require.Equal(t, account.Activated, row.Status)
	require.Equal(t, "Ada", row.Person.Name)
}

func TestClosingFreesTheNameOfWhatNeverWasActive(t *testing.T) {
	t.Parallel()
	w := newWorldWithPeople(t)
	c := accountNamed("Delta Rail", account.Standard)
	created, err := w.CreateAccount(w.ctx, operator(), c)
	require.NoError(t, err)
	revision := eventlog.Revision(3)
	_, err = w.CloseAccount(w.ctx, operator(), created.UID, command(), &revision)
	require.ErrorIs(t, err, app.ErrPrecondition)
	revision = 0
	closed, err := w.CloseAccount(w.ctx, operator(), created.UID, command(), &revision)
	require.NoError(t, err)
	require.Equal(t, eventlog.Revision(1), closed.Revision)
	_, err = w.CloseAccount(w.ctx, operator(), seed(1), command(), nil)
	require.ErrorIs(t, err, query.ErrNotFound)
	_, err = w.CloseAccount(w.ctx, administratorOf(created.UID), created.UID, command(), nil)
	require.ErrorIs(t, err, access.ErrForbidden)

	c.Command = command()
	second, err := w.CreateAccount(w.ctx, operator(), c)
	require.NoError(t, err)
	_, err = w.ActivateAccount(w.ctx, w.InvitationToken(second.UID, 1), app.ActivateAccount{Command: command(), Password: password})
	require.NoError(t, err)
	_, err = w.CloseAccount(w.ctx, operator(), second.UID, command(), nil)
	require.NoError(t, err)
	c.Command = command()
	_, err = w.CreateAccount(w.ctx, operator(), c)
	refused(t, err, "name_taken", "email_taken")
}

func TestCreateAccountNamesAllThatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := app.CreateAccount{Command: command(), Name: "a\x00b", Type: "shop", Offers: []catalogue.Offer{"gold"}}
	c.Administrator.Email = "nobody"
	c.Reason = "\xff"
	_, err := w.CreateAccount(w.ctx, operator(), c)
	refused(t, err, "name_invalid", "email_invalid", "type_invalid", "offer_invalid", "reason_invalid")
	require.Empty(t, w.everything())
}

// The same command at the same time is one account, and one after a death that
// the processes have cleared up after.
func TestSameCommandIsOneAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	c := accountNamed("Delta Rail", "")
	created := make([]app.CreatedAccount, 5)
	errs := make([]error, 5)
	together(5, func(i int) { created[i], errs[i] = w.CreateCustomer(w.ctx, administratorOf(reseller), c) })
	for i := range created {
		require.NoError(t, errs[i])
		require.Equal(t, created[0].UID, created[i].UID)
	}
	w.later()
	w.invariants()

	c = accountNamed("Alder Ambulance", "")
	_, err := w.dying(3, true).CreateCustomer(w.ctx, administratorOf(reseller), c)
	require.ErrorIs(t, err, errDead)
	w.later()
	_, err = w.CreateCustomer(w.ctx, administratorOf(reseller), c)
	require.NoError(t, err, "the abandoned creation does not stand in the way")
	w.later()
	w.invariants()
}
