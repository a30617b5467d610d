package app_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/people"
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
	token := w.Tokens.Invitation(customer, 1)

	row, err := w.People.Invitation(w.ctx, token)
	require.NoError(t, err)
	require.Equal(t, "Delta Rail", row.Account.Name)
	require.Equal(t, account.Pending, row.Status)
	for _, wrong := range []string{"", "x", w.Tokens.Invitation(customer, 2), w.Tokens.Invitation(seed(1), 1), token + "A"} {
		_, err = w.People.Invitation(w.ctx, wrong)
		require.ErrorIs(t, err, query.ErrNotFound)
		_, err = w.People.Activate(w.ctx, wrong, people.Activate{Command: newCommand(), Password: password})
		require.ErrorIs(t, err, query.ErrNotFound)
	}

	w.clock.Advance(8 * 24 * time.Hour)
	_, err = w.People.Activate(w.ctx, token, people.Activate{Command: newCommand(), Password: password})
	refused(t, err, account.CodeInvitationExpired)
	_, err = w.Accounts.ResendInvitation(w.ctx, withRights(reseller, rights.CustomersRead), customer, newCommand())
	require.ErrorIs(t, err, access.ErrForbidden)
	_, err = w.Accounts.ResendInvitation(w.ctx, administratorOf(w.reseller("South Radio")), customer, newCommand())
	require.ErrorIs(t, err, query.ErrNotFound)
	_, err = w.Accounts.ResendInvitation(w.ctx, administratorOf(reseller), customer, newCommand())
	require.NoError(t, err)
	_, err = w.People.Invitation(w.ctx, token)
	require.ErrorIs(t, err, query.ErrNotFound, "a new invitation replaces the old one")

	token = w.Tokens.Invitation(customer, 2)
	activate := people.Activate{Command: newCommand(), Name: "Ada", Password: password}
	first, err := w.People.Activate(w.ctx, token, activate)
	require.NoError(t, err)
	again, err := w.People.Activate(w.ctx, token, activate)
	require.NoError(t, err, "the same command again")
	require.Equal(t, first.Revision, again.Revision)
	activate.Command = newCommand()
	_, err = w.People.Activate(w.ctx, token, activate)
	refused(t, err, account.CodeAlreadyActive)
	row, err = w.People.Invitation(w.ctx, token)
	require.NoError(t, err)
	require.Equal(t, account.Activated, row.Status)
	require.Equal(t, account.Person{ID: row.Person.ID}, row.Person, "a used link tells of nobody")
}

func TestClosingFreesTheNameOfWhatNeverWasActive(t *testing.T) {
	t.Parallel()
	w := newWorldWithPeople(t)
	c := accountNamed("Delta Rail", account.Standard)
	created, err := w.Accounts.Create(w.ctx, operator(), c)
	require.NoError(t, err)
	revision := eventlog.Revision(3)
	_, err = w.Accounts.Close(w.ctx, operator(), accounts.Close{Command: newCommand(), Account: created.UID, Confirm: true, IfRevision: &revision})
	require.ErrorIs(t, err, command.ErrPrecondition)
	revision = 0
	closed, err := w.Accounts.Close(w.ctx, operator(), accounts.Close{Command: newCommand(), Account: created.UID, Confirm: true, IfRevision: &revision})
	require.NoError(t, err)
	require.Equal(t, eventlog.Revision(1), closed.Revision)
	_, err = w.Accounts.Close(w.ctx, operator(), accounts.Close{Command: newCommand(), Account: seed(1), Confirm: true})
	require.ErrorIs(t, err, query.ErrNotFound)
	_, err = w.Accounts.Close(w.ctx, administratorOf(created.UID), accounts.Close{Command: newCommand(), Account: created.UID, Confirm: true})
	require.ErrorIs(t, err, access.ErrForbidden)

	c.Command = newCommand()
	second, err := w.Accounts.Create(w.ctx, operator(), c)
	require.NoError(t, err)
	_, err = w.People.Activate(w.ctx, w.Tokens.Invitation(second.UID, 1), people.Activate{Command: newCommand(), Password: password})
	require.NoError(t, err)
	_, err = w.Accounts.Close(w.ctx, operator(), accounts.Close{Command: newCommand(), Account: second.UID, Confirm: true})
	require.NoError(t, err)
	c.Command = newCommand()
	_, err = w.Accounts.Create(w.ctx, operator(), c)
	refused(t, err, "name_taken", "email_taken")
}

func TestCreateAccountNamesAllThatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := accounts.Create{Command: newCommand(), Name: "a\x00b", Type: "shop", Offers: []catalogue.Offer{"gold"}}
	c.Administrator.Email = "nobody"
	c.Reason = "\xff"
	_, err := w.Accounts.Create(w.ctx, operator(), c)
	refused(t, err, "name_invalid", "email_invalid", "type_invalid", "offer_invalid", "reason_invalid")
	require.Empty(t, w.everything())
}

// The same command at the same time is one account, and one after a death that
// the finisher has cleared up after.
func TestSameCommandIsOneAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	c := accountNamed("Delta Rail", "")
	created := make([]command.Receipt, 5)
	errs := make([]error, 5)
	concurrently(5, func(i int) { created[i], errs[i] = w.Accounts.CreateCustomer(w.ctx, administratorOf(reseller), c) })
	for i := range created {
		require.NoError(t, errs[i])
		require.Equal(t, created[0].UID, created[i].UID)
	}
	w.later()
	w.invariants()

	c = accountNamed("Alder Ambulance", "")
	_, err := w.dying(3, true).Accounts.CreateCustomer(w.ctx, administratorOf(reseller), c)
	require.ErrorIs(t, err, errDead)
	w.later()
	_, err = w.Accounts.CreateCustomer(w.ctx, administratorOf(reseller), c)
	require.NoError(t, err, "the abandoned creation does not stand in the way")
	w.later()
	w.invariants()
}

// A creation that died half way and was fenced off does not stand in the way of
// its repeat.
func TestCreateMovesOnFromAnAbandonedCreation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := accountNamed("Delta Rail", account.Standard)
	first := uuid.NewSHA1(c.ID, []byte("account/0"))
	_, _, err := w.log.Append(w.ctx, account.Aggregate.Stream(first), eventlog.NoStream,
		eventlog.NewEvent{ID: uuid.New(), Event: account.AccountCreationAbandoned{Account: first}})
	require.NoError(t, err)
	created, err := w.Accounts.Create(w.ctx, operator(), c)
	require.NoError(t, err)
	require.Equal(t, uuid.NewSHA1(c.ID, []byte("account/1")), created.UID)
}

// A channel contact is told as the account knows it, and is there once.
func TestChannelContacts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	uid, before, c := w.reseller("North Radio"), w.end(), newCommand()
	first, err := w.Accounts.AssignChannelContact(w.ctx, operator(), uid, c, account.Contact{Email: "ada@x.example", Name: "Ada"})
	require.NoError(t, err)
	require.Equal(t, "Ada", first.Contact.Name)
	for _, again := range []command.Command{c, newCommand()} {
		same, err := w.Accounts.AssignChannelContact(w.ctx, operator(), uid, again, account.Contact{Email: "ADA@x.example", Name: "Ada"})
		require.NoError(t, err)
		require.Equal(t, first.Contact.ID, same.Contact.ID)
		require.Equal(t, first.Revision, same.Revision)
	}
	remove := newCommand()
	for range 2 {
		_, err = w.Accounts.RemoveChannelContact(w.ctx, operator(), uid, first.Contact.ID, remove)
		require.NoError(t, err)
	}
	_, err = w.Accounts.RemoveChannelContact(w.ctx, operator(), uid, first.Contact.ID, newCommand())
	require.ErrorIs(t, err, query.ErrNotFound)
	_, err = w.Accounts.RemoveChannelContact(w.ctx, operator(), uuid.New(), first.Contact.ID, newCommand())
	require.ErrorIs(t, err, query.ErrNotFound)
	require.Equal(t, []string{"account ChannelContactAssigned", "account ChannelContactRemoved"}, w.business(before))
}
