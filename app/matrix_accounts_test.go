package app_test

import (
	"fmt"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/mail"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/partnerships"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
)

const (
	oneAppend = "one append to one stream, without a reservation and without a person"
	oneWrite  = "one statement in one store"
)

// numbered is the command to create the account of a round.
func numbered(round int, kind account.Type) accounts.Create {
	c := accountNamed(fmt.Sprintf("Account %d", round), kind)
	c.Administrator.Name = "Ada"
	return c
}

// pending opens the account of a round, which nobody has activated.
func (w *world) pending(round int) uuid.UUID {
	w.t.Helper()
	created, err := w.Accounts.Create(w.ctx, operator(), numbered(round, account.Reseller))
	require.NoError(w.t, err)
	return created.UID
}

// activated opens the account of a round, and its administrator has accepted.
func (w *world) activated(round int) uuid.UUID {
	w.t.Helper()
	uid := w.pending(round)
	_, err := w.People.Activate(w.ctx, w.Tokens.Invitation(uid, 1), people.Activate{Command: newCommand(), Password: password})
	require.NoError(w.t, err)
	return uid
}

func accountRows() []row {
	return []row{
		{name: "create an account", covers: "Accounts.Create", begin: func(w *world, round int) func(process) error {
			c := numbered(round, account.Standard)
			return func(on process) error {
				_, err := on.Accounts.Create(w.ctx, operator(), c)
				return err
			}
		}},
		{name: "create a customer", covers: "Accounts.CreateCustomer", begin: func(w *world, round int) func(process) error {
			reseller, c := w.fixed("North Radio"), numbered(round, "")
			return func(on process) error {
				_, err := on.Accounts.CreateCustomer(w.ctx, administratorOf(reseller), c)
				return err
			}
		}},
		{name: "activate an account", covers: "People.Activate", begin: func(w *world, round int) func(process) error {
			token, c := w.Tokens.Invitation(w.pending(round), 1), people.Activate{Command: newCommand(), Name: "Bea", Password: password}
			return func(on process) error {
				_, err := on.People.Activate(w.ctx, token, c)
				return err
			}
		}},
		{name: "invite again to an account", covers: "Accounts.ResendInvitation", single: oneAppend, begin: func(w *world, round int) func(process) error {
			uid, c := w.pending(round), newCommand()
			return func(on process) error {
				_, err := on.Accounts.ResendInvitation(w.ctx, operator(), uid, c)
				return err
			}
		}},
		{name: "close an account that nobody activated", covers: "Accounts.Close", begin: func(w *world, round int) func(process) error {
			uid, c := w.pending(round), newCommand()
			return func(on process) error {
				_, err := on.Accounts.Close(w.ctx, operator(), accounts.Close{Command: c, Account: uid, Confirm: true})
				return err
			}
		}},
		{name: "close an account where much is open", covers: "Accounts.Close", begin: func(w *world, round int) func(process) error {
			open, c := w.muchOpen(round), newCommand()
			return func(on process) error {
				_, err := on.Accounts.Close(w.ctx, operator(), accounts.Close{Command: c, Account: open.customer, Confirm: true})
				return err
			}
		}},
		{name: "withdraw a pending account", covers: "Accounts.WithdrawPending", begin: func(w *world, round int) func(process) error {
			c := accounts.Close{Command: newCommand(), Account: w.pending(round), Confirm: true}
			return func(on process) error {
				_, err := on.Accounts.WithdrawPending(w.ctx, operator(), c)
				return err
			}
		}},
		{name: "reopen an account", covers: "Accounts.Reopen", begin: func(w *world, round int) func(process) error {
			c := accounts.Reopen{Command: newCommand(), Account: w.pending(round), Name: fmt.Sprintf("Reopened %d", round)}
			_, err := w.Accounts.Close(w.ctx, operator(), accounts.Close{Command: newCommand(), Account: c.Account, Confirm: true})
			require.NoError(w.t, err)
			return func(on process) error {
				_, err := on.Accounts.Reopen(w.ctx, operator(), c)
				return err
			}
		}},
		{name: "correct the address of an administrator", covers: "Accounts.CorrectEmail", begin: func(w *world, round int) func(process) error {
			c := accounts.CorrectEmail{Command: newCommand(), Account: w.pending(round), Email: fmt.Sprintf("right%d@x.example", round)}
			return func(on process) error {
				_, err := on.Accounts.CorrectEmail(w.ctx, operator(), c)
				return err
			}
		}},
		{name: "edit an account", covers: "Accounts.Edit", begin: func(w *world, round int) func(process) error {
			name := fmt.Sprintf("Renamed %d", round)
			c := accounts.Edit{Command: newCommand(), Account: w.pending(round), Name: &name, Billing: &accounts.EditBilling{
				Mode: account.Direct, Contact: &account.Contact{Email: "bills@x.example", Name: "Bill"},
			}}
			return func(on process) error {
				_, err := on.Accounts.Edit(w.ctx, operator(), c)
				return err
			}
		}},
		{name: "assign a channel contact", covers: "Accounts.AssignChannelContact", begin: func(w *world, round int) func(process) error {
			uid, c := w.pending(round), newCommand()
			return func(on process) error {
				_, err := on.Accounts.AssignChannelContact(w.ctx, operator(), uid, c, account.Contact{Email: "sales@x.example"})
				return err
			}
		}},
		{name: "remove a channel contact", covers: "Accounts.RemoveChannelContact", single: oneAppend, begin: func(w *world, round int) func(process) error {
			uid, c := w.pending(round), newCommand()
			made, err := w.Accounts.AssignChannelContact(w.ctx, operator(), uid, newCommand(), account.Contact{Email: "sales@x.example"})
			require.NoError(w.t, err)
			return func(on process) error {
				_, err := on.Accounts.RemoveChannelContact(w.ctx, operator(), uid, made.Contact.ID, c)
				return gone(err)
			}
		}},
		{name: "secure an account", covers: "Accounts.Secure", single: oneAppend, begin: func(w *world, round int) func(process) error {
			minutes := 30
			c := accounts.Secure{Command: newCommand(), Account: w.pending(round), Options: account.Secure{SessionMinutes: &minutes}}
			return func(on process) error {
				_, err := on.Accounts.Secure(w.ctx, operator(), c)
				return err
			}
		}},
		{name: "assign a partner profile", covers: "Partnerships.Assign", single: oneAppend, begin: func(w *world, _ int) func(process) error {
			c := partnerships.Assign{Command: newCommand(), Reseller: w.fixed("North Radio"), Customer: w.fixed("Delta Rail"), Profile: "full"}
			return func(on process) error {
				_, err := on.Partnerships.Assign(w.ctx, operator(), c)
				return err
			}
		}},
		{name: "end a partnership", covers: "Partnerships.End", single: oneAppend, begin: func(w *world, _ int) func(process) error {
			reseller, customer, c := w.fixed("North Radio"), w.fixed("Delta Rail"), newCommand()
			return func(on process) error {
				_, err := on.Partnerships.End(w.ctx, operator(), reseller, customer, c)
				return err
			}
		}},
		{name: "mail the invitations to accounts", covers: "Mailings.HandleBatch", begin: func(w *world, round int) func(process) error {
			before := w.end()
			w.pending(2 * round)
			w.pending(2*round + 1)
			events := eventlog.Batch{Events: w.after(before, "account-")}
			outbox, sent := w.outbox()
			return func(on process) error {
				err := on.Mailings(on.mailer(outbox), "http://fleet.example").HandleBatch(w.ctx, events)
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
