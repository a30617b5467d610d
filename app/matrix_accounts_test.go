package app_test

import (
	"fmt"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/mail"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
)

const (
	oneAppend = "one append to one stream, without a reservation and without a person"
	oneWrite  = "one statement in one store"
)

// numbered is the command to create the account of a round.
func numbered(round int, kind account.Type) app.CreateAccount {
	c := accountNamed(fmt.Sprintf("Account %d", round), kind)
	c.Administrator.Name = "Ada"
	return c
}

// pending opens the account of a round, which nobody has activated.
func (w *world) pending(round int) uuid.UUID {
	w.t.Helper()
	created, err := w.CreateAccount(w.ctx, operator(), numbered(round, account.Reseller))
	require.NoError(w.t, err)
	return created.UID
}

// activated opens the account of a round, and its administrator has accepted.
func (w *world) activated(round int) uuid.UUID {
	w.t.Helper()
	uid := w.pending(round)
	_, err := w.ActivateAccount(w.ctx, w.InvitationToken(uid, 1), app.ActivateAccount{Command: command(), Password: password})
	require.NoError(w.t, err)
	return uid
}

func accountRows() []row {
	return []row{
		{name: "create an account", covers: "CreateAccount", begin: func(w *world, round int) func(process) error {
			c := numbered(round, account.Standard)
			return func(on process) error {
				_, err := on.CreateAccount(w.ctx, operator(), c)
				return err
			}
		}},
		{name: "create a customer", covers: "CreateCustomer", begin: func(w *world, round int) func(process) error {
			reseller, c := w.fixed("North Radio"), numbered(round, "")
			return func(on process) error {
				_, err := on.CreateCustomer(w.ctx, administratorOf(reseller), c)
				return err
			}
		}},
		{name: "activate an account", covers: "ActivateAccount", begin: func(w *world, round int) func(process) error {
			token, c := w.InvitationToken(w.pending(round), 1), app.ActivateAccount{Command: command(), Name: "Bea", Password: password}
			return func(on process) error {
				_, err := on.ActivateAccount(w.ctx, token, c)
				return err
			}
		}},
		{name: "invite again to an account", covers: "ResendInvitation", single: oneAppend, begin: func(w *world, round int) func(process) error {
			uid, c := w.pending(round), command()
			return func(on process) error {
				_, err := on.ResendInvitation(w.ctx, operator(), uid, c)
				return err
			}
		}},
		{name: "close an account that nobody activated", covers: "CloseAccount", begin: func(w *world, round int) func(process) error {
			uid, c := w.pending(round), command()
			return func(on process) error {
				_, err := on.CloseAccount(w.ctx, operator(), uid, c, nil)
				return err
			}
		}},
		{name: "edit an account", covers: "EditAccount", begin: func(w *world, round int) func(process) error {
			name := fmt.Sprintf("Renamed %d", round)
			c := app.EditAccount{Command: command(), Account: w.pending(round), Name: &name, Billing: &app.EditBilling{
				Mode: account.Direct, Contact: &app.Contact{Email: "bills@x.example", Name: "Bill"},
			}}
			return func(on process) error {
				_, err := on.EditAccount(w.ctx, operator(), c)
				return err
			}
		}},
		{name: "assign a channel contact", covers: "AssignChannelContact", begin: func(w *world, round int) func(process) error {
			uid, c := w.pending(round), command()
			return func(on process) error {
				_, err := on.AssignChannelContact(w.ctx, operator(), uid, c, app.Contact{Email: "sales@x.example"})
				return err
			}
		}},
		{name: "remove a channel contact", covers: "RemoveChannelContact", single: oneAppend, begin: func(w *world, round int) func(process) error {
			uid, c := w.pending(round), command()
			made, err := w.AssignChannelContact(w.ctx, operator(), uid, command(), app.Contact{Email: "sales@x.example"})
			require.NoError(w.t, err)
			return func(on process) error {
				_, err := on.RemoveChannelContact(w.ctx, operator(), uid, made.Contact.ID, c)
				return gone(err)
			}
		}},
		{name: "secure an account", covers: "SecureAccount", single: oneAppend, begin: func(w *world, round int) func(process) error {
			minutes := 30
			c := app.SecureAccount{Command: command(), Account: w.pending(round), Options: account.Secure{SessionMinutes: &minutes}}
			return func(on process) error {
				_, err := on.SecureAccount(w.ctx, operator(), c)
				return err
			}
		}},
		{name: "assign a partner profile", covers: "AssignPartnerProfile", single: oneAppend, begin: func(w *world, _ int) func(process) error {
			c := app.AssignPartnerProfile{Command: command(), Reseller: w.fixed("North Radio"), Customer: w.fixed("Delta Rail"), Profile: "full"}
			return func(on process) error {
				_, err := on.AssignPartnerProfile(w.ctx, operator(), c)
				return err
			}
		}},
		{name: "end a partnership", covers: "EndPartnership", single: oneAppend, begin: func(w *world, _ int) func(process) error {
			reseller, customer, c := w.fixed("North Radio"), w.fixed("Delta Rail"), command()
			return func(on process) error {
				_, err := on.EndPartnership(w.ctx, operator(), reseller, customer, c)
				return err
			}
		}},
		{name: "mail the invitations to accounts", covers: "InvitationMails", begin: func(w *world, round int) func(process) error {
			before := w.end()
			w.pending(2 * round)
			w.pending(2*round + 1)
			events := eventlog.Batch{Events: w.after(before, "account-")}
			outbox, sent := w.outbox()
			return func(on process) error {
				err := on.InvitationMails(on.mailer(outbox), "http://fleet.example")(w.ctx, events)
				if err == nil {
					require.Len(w.t, sent(), 2)
				}
				return err
			}
		}},
	}
}

// gone lets the repeat of a removal find nothing.
func gone(err error) error {
	if err == query.ErrNotFound { //nolint:errorlint // as it is, not wrapped in something else
		return nil
	}
	return err
}

// outbox is a folder for mails, and tells which are in it.
func (w *world) outbox() (ports.Mailer, func() []string) {
	w.t.Helper()
	dir := w.t.TempDir()
	outbox, err := mail.NewOutbox(dir, "fleetledger@x.example")
	require.NoError(w.t, err)
	return outbox, func() []string { return filesIn(w.t, dir) }
}
