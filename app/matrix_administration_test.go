package app_test

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/catalogues"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/partnerships"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

// accountRow is a row about the account of a round.
func accountRow(name, covers, single string, do func(w *world, on process, uid uuid.UUID, c command.Command) error) row {
	return row{name: name, covers: covers, single: single, begin: func(w *world, round int) func(process) error {
		uid, c := w.activated(round), newCommand()
		return func(on process) error { return do(w, on, uid, c) }
	}}
}

// profileRow is a row about a profile of the account of a round.
func profileRow(name, covers string, do func(w *world, on process, uid uuid.UUID, profile string, c command.Command) error) row {
	return row{name: name, covers: covers, single: oneAppend, begin: func(w *world, round int) func(process) error {
		uid, c := w.activated(round), newCommand()
		made, err := w.Accounts.DefineProfile(w.ctx, operator(), accounts.DefineProfile{Command: newCommand(), Account: uid, Name: "Workshop", Rights: []string{"devices.read"}})
		require.NoError(w.t, err)
		return func(on process) error { return do(w, on, uid, made.UID.String(), c) }
	}}
}

// externalRow is a row about an external account of a customer.
func externalRow(name, covers string, do func(w *world, on process, uid, external uuid.UUID, c command.Command) error) row {
	return row{name: name, covers: covers, begin: func(w *world, round int) func(process) error {
		uid, c := w.fixed("Delta Rail"), newCommand()
		made, err := w.Accounts.AddExternalAccount(w.ctx, operator(), texting(newCommand(), uid, fmt.Sprint("Texts ", round), "first"))
		require.NoError(w.t, err)
		return func(on process) error { return do(w, on, uid, made.UID, c) }
	}}
}

func administrationRows() []row {
	name := "Depot"
	return []row{
		accountRow("define a profile", "Accounts.DefineProfile", oneAppend, func(w *world, on process, uid uuid.UUID, c command.Command) error {
			_, err := on.Accounts.DefineProfile(w.ctx, operator(), accounts.DefineProfile{Command: c, Account: uid, Name: name, Rights: []string{"devices.read"}})
			return err
		}),
		profileRow("edit a profile", "Accounts.EditProfile", func(w *world, on process, uid uuid.UUID, profile string, c command.Command) error {
			_, err := on.Accounts.EditProfile(w.ctx, operator(), accounts.EditProfile{Command: c, Account: uid, Profile: profile, Name: &name})
			return err
		}),
		profileRow("remove a profile", "Accounts.RemoveProfile", func(w *world, on process, uid uuid.UUID, profile string, c command.Command) error {
			_, err := on.Accounts.RemoveProfile(w.ctx, operator(), accounts.RemoveProfile{Command: c, Account: uid, Profile: profile})
			return gone(err)
		}),
		{name: "choose a partner", covers: "Partnerships.Establish", single: oneAppend, begin: func(w *world, round int) func(process) error {
			c := partnerships.Establish{Command: newCommand(), Reseller: w.pending(round), Customer: w.fixed("Delta Rail"), Profile: "renewals"}
			return func(on process) error {
				_, err := on.Partnerships.Establish(w.ctx, operator(), c)
				return err
			}
		}},
		{name: "add an external account", covers: "Accounts.AddExternalAccount", begin: func(w *world, round int) func(process) error {
			c := texting(newCommand(), w.fixed("Delta Rail"), fmt.Sprint("SIMs ", round), "secret")
			return func(on process) error {
				_, err := on.Accounts.AddExternalAccount(w.ctx, operator(), c)
				return err
			}
		}},
		externalRow("replace a secret", "Accounts.EditExternalAccount", func(w *world, on process, uid, external uuid.UUID, c command.Command) error {
			_, err := on.Accounts.EditExternalAccount(w.ctx, operator(), accounts.EditExternalAccount{Command: c, Account: uid, ExternalAccount: external, Secret: new("second")})
			return err
		}),
		externalRow("remove an external account", "Accounts.RemoveExternalAccount", func(w *world, on process, uid, external uuid.UUID, c command.Command) error {
			_, err := on.Accounts.RemoveExternalAccount(w.ctx, operator(), accounts.RemoveExternalAccount{Command: c, Account: uid, ExternalAccount: external})
			return gone(err)
		}),
		{name: "define a model", covers: "Catalogues.Put", single: oneAppend, begin: func(w *world, round int) func(process) error {
			c := catalogues.Put{Edit: catalogues.Edit{Command: newCommand()}, Model: modelNumber(round)}
			return func(on process) error {
				_, err := on.Catalogues.Put(w.ctx, operator(), c)
				return err
			}
		}},
		{name: "withdraw a model", covers: "Catalogues.Withdraw", single: oneAppend, begin: func(w *world, _ int) func(process) error {
			c := catalogues.Withdraw{Edit: catalogues.Edit{Command: newCommand()}, Model: "MG90"}
			return func(on process) error {
				_, err := on.Catalogues.Withdraw(w.ctx, operator(), c)
				return err
			}
		}},
		{name: "let an auditor read", covers: "Audits.Grant", begin: func(w *world, round int) func(process) error {
			c := w.grantFor(w.activated(round))
			return func(on process) error {
				_, err := on.Audits.Grant(w.ctx, operator(), c)
				return err
			}
		}},
		{name: "end an audit", covers: "Audits.Revoke", single: oneAppend, begin: func(w *world, round int) func(process) error {
			granted, c := w.granted(round), newCommand()
			return func(on process) error {
				_, err := on.Audits.Revoke(w.ctx, operator(), granted, c, nil)
				return err
			}
		}},
		{name: "erase an auditor", covers: "People.Erase", begin: func(w *world, round int) func(process) error {
			granted, c := w.granted(round), newCommand()
			return func(on process) error {
				_, err := on.People.Erase(w.ctx, operator(), granted, c)
				return err
			}
		}},
	}
}

func (w *world) granted(round int) uuid.UUID {
	w.t.Helper()
	granted, err := w.Audits.Grant(w.ctx, operator(), w.grantFor(w.activated(round)))
	require.NoError(w.t, err)
	return granted.UID
}

// vouching is an issuer that vouches for whoever has an address as the code.
type vouching struct{}

// SignInURL is nothing but the state, for the test to send back.
func (vouching) SignInURL(_ context.Context, a ports.IssuerAttempt) (string, error) {
	return a.State, nil
}

func (vouching) Identify(_ context.Context, code string, _ ports.IssuerAttempt) (ports.Identity, error) {
	return ports.Identity{Issuer: "https://issuer.example", Subject: "subject of " + code, Email: code, EmailVerified: true}, nil
}

func passwordRows() []row {
	const back = "https://fleet.example/back"
	return []row{
		{name: "sign in at an issuer", covers: "People.StartAtIssuer People.SignInAtIssuer", begin: func(w *world, round int) func(process) error {
			w.activated(round)
			return func(on process) error {
				start, err := on.People.StartAtIssuer(w.ctx, back)
				require.NoError(w.t, err)
				_, err = on.People.SignInAtIssuer(w.ctx, people.AtIssuer{
					Ticket: start.Ticket, State: start.URL, Code: numbered(round, "").Administrator.Email, RedirectURI: back, Address: fmt.Sprint("192.0.2.", round),
				})
				return err
			}
		}},
		{name: "change a password", covers: "People.ChangePassword", begin: func(w *world, round int) func(process) error {
			m := &team{world: w, account: w.activated(round)}
			email, c := numbered(round, "").Administrator.Email, people.ChangePassword{Command: newCommand(), Current: password, Password: newPassword}
			caller := m.signIn(email)
			return func(on process) error {
				_, err := on.People.ChangePassword(w.ctx, caller, c)
				return err
			}
		}},
		{name: "forget a password", covers: "People.RequestPasswordReset", begin: func(w *world, round int) func(process) error {
			w.activated(round)
			c := people.RequestReset{Command: newCommand(), Email: numbered(round, "").Administrator.Email, Address: fmt.Sprint("192.0.2.", round)}
			return func(on process) error { return on.People.RequestPasswordReset(w.ctx, c) }
		}},
		{name: "answer a request for a reset", covers: "People.AnswerResetRequest", single: oneAppend, begin: func(w *world, round int) func(process) error {
			w.activated(round)
			_, key, _ := account.NormaliseEmail(numbered(round, "").Administrator.Email)
			email, c := w.names.Keyed(reservation.Unique(reservation.Email, key).Stream), newCommand()
			return func(on process) error { return on.People.AnswerResetRequest(w.ctx, email, c.ID, "") }
		}},
		{name: "record a reset", covers: "People.SendPasswordReset", single: oneAppend, begin: func(w *world, round int) func(process) error {
			uid, c := firstAdministrator(w, w.activated(round), round), newCommand()
			return func(on process) error { return on.People.SendPasswordReset(w.ctx, uid, c.ID, "") }
		}},
		{name: "reset a password", covers: "People.ResetPassword", begin: func(w *world, round int) func(process) error {
			uid := firstAdministrator(w, w.activated(round), round)
			require.NoError(w.t, w.People.SendPasswordReset(w.ctx, uid, newCommand().ID, ""))
			c := people.ResetPassword{Command: newCommand(), Password: newPassword}
			return func(on process) error {
				_, err := on.People.ResetPassword(w.ctx, w.Tokens.PasswordReset(uid, 1), c)
				return gone(err) // the token was used, by this very command
			}
		}},
		{name: "mail resets of passwords", covers: "Mailings.HandleBatch", begin: func(w *world, round int) func(process) error {
			var users []uuid.UUID
			for n := range 2 {
				users = append(users, firstAdministrator(w, w.activated(2*round+n), round))
			}
			before := w.end()
			for _, uid := range users {
				require.NoError(w.t, w.People.SendPasswordReset(w.ctx, uid, newCommand().ID, ""))
			}
			events := eventlog.Batch{Events: w.after(before, "user-")}
			outbox, sent := w.outbox()
			return func(on process) error {
				err := on.Mailings(on.mailer(outbox), "http://fleet.example").HandleBatch(w.ctx, events)
				if err == nil {
					require.Len(w.t, sent(), 2)
				}
				return err
			}
		}},
		{name: "mail warnings of the end of a partnership", covers: "Mailings.HandleBatch", timed: true, begin: func(w *world, round int) func(process) error {
			reseller := w.activated(2 * round)
			customer, err := w.Accounts.CreateCustomer(w.ctx, administratorOf(reseller), numbered(2*round+1, ""))
			require.NoError(w.t, err)
			_, err = w.People.Activate(w.ctx, w.Tokens.Invitation(customer.UID, 1), people.Activate{Command: newCommand(), Password: password})
			require.NoError(w.t, err)
			until := w.clock.Now().Add(12 * time.Hour)
			_, err = w.Partnerships.Assign(w.ctx, operator(), partnerships.Assign{Command: newCommand(), Reseller: reseller, Customer: customer.UID, Until: &until})
			require.NoError(w.t, err)
			before := w.end()
			w.visible()
			require.NoError(w.t, w.Schedule.RunDue(w.ctx))
			events := eventlog.Batch{Events: w.after(before, "partnership-")}
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
