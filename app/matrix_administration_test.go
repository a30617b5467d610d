package app_test

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
)

// accountRow is a row about the account of a round.
func accountRow(name, covers, single string, do func(w *world, on process, uid uuid.UUID, c app.Command) error) row {
	return row{name: name, covers: covers, single: single, begin: func(w *world, round int) func(process) error {
		uid, c := w.activated(round), command()
		return func(on process) error { return do(w, on, uid, c) }
	}}
}

// profileRow is a row about a profile of the account of a round.
func profileRow(name, covers string, do func(w *world, on process, uid uuid.UUID, profile string, c app.Command) error) row {
	return row{name: name, covers: covers, single: oneAppend, begin: func(w *world, round int) func(process) error {
		uid, c := w.activated(round), command()
		made, err := w.DefineProfile(w.ctx, operator(), app.DefineProfile{Command: command(), Account: uid, Name: "Workshop", Rights: []string{"devices.read"}})
		require.NoError(w.t, err)
		return func(on process) error { return do(w, on, uid, made.UID.String(), c) }
	}}
}

// externalRow is a row about an external account of a customer.
func externalRow(name, covers string, do func(w *world, on process, uid, external uuid.UUID, c app.Command) error) row {
	return row{name: name, covers: covers, begin: func(w *world, round int) func(process) error {
		uid, c := w.fixed("Delta Rail"), command()
		made, err := w.AddExternalAccount(w.ctx, operator(), texting(command(), uid, fmt.Sprint("Texts ", round), "first"))
		require.NoError(w.t, err)
		return func(on process) error { return do(w, on, uid, made.UID, c) }
	}}
}

func administrationRows() []row {
	name := "Depot"
	return []row{
		accountRow("define a profile", "DefineProfile", oneAppend, func(w *world, on process, uid uuid.UUID, c app.Command) error {
			_, err := on.DefineProfile(w.ctx, operator(), app.DefineProfile{Command: c, Account: uid, Name: name, Rights: []string{"devices.read"}})
			return err
		}),
		profileRow("edit a profile", "EditProfile", func(w *world, on process, uid uuid.UUID, profile string, c app.Command) error {
			_, err := on.EditProfile(w.ctx, operator(), app.EditProfile{Command: c, Account: uid, Profile: profile, Name: &name})
			return err
		}),
		profileRow("remove a profile", "RemoveProfile", func(w *world, on process, uid uuid.UUID, profile string, c app.Command) error {
			_, err := on.RemoveProfile(w.ctx, operator(), app.RemoveProfile{Command: c, Account: uid, Profile: profile})
			return gone(err)
		}),
		{name: "choose a partner", covers: "EstablishPartnership", single: oneAppend, begin: func(w *world, round int) func(process) error {
			c := app.EstablishPartnership{Command: command(), Reseller: w.pending(round), Customer: w.fixed("Delta Rail"), Profile: "renewals"}
			return func(on process) error {
				_, err := on.EstablishPartnership(w.ctx, operator(), c)
				return err
			}
		}},
		{name: "add an external account", covers: "AddExternalAccount", begin: func(w *world, round int) func(process) error {
			c := texting(command(), w.fixed("Delta Rail"), fmt.Sprint("SIMs ", round), "secret")
			return func(on process) error {
				_, err := on.AddExternalAccount(w.ctx, operator(), c)
				return err
			}
		}},
		externalRow("replace a secret", "EditExternalAccount", func(w *world, on process, uid, external uuid.UUID, c app.Command) error {
			_, err := on.EditExternalAccount(w.ctx, operator(), app.EditExternalAccount{Command: c, Account: uid, ExternalAccount: external, Secret: new("second")})
			return err
		}),
		externalRow("remove an external account", "RemoveExternalAccount", func(w *world, on process, uid, external uuid.UUID, c app.Command) error {
			_, err := on.RemoveExternalAccount(w.ctx, operator(), app.RemoveExternalAccount{Command: c, Account: uid, ExternalAccount: external})
			return gone(err)
		}),
		{name: "let an auditor read", covers: "GrantAudit", begin: func(w *world, round int) func(process) error {
			c := w.grantFor(w.activated(round))
			return func(on process) error {
				_, err := on.GrantAudit(w.ctx, operator(), c)
				return err
			}
		}},
		{name: "end an audit", covers: "RevokeAudit", single: oneAppend, begin: func(w *world, round int) func(process) error {
			granted, c := w.granted(round), command()
			return func(on process) error {
				_, err := on.RevokeAudit(w.ctx, operator(), granted, c, nil)
				return err
			}
		}},
		{name: "erase an auditor", covers: "ErasePerson", begin: func(w *world, round int) func(process) error {
			granted, c := w.granted(round), command()
			return func(on process) error {
				_, err := on.ErasePerson(w.ctx, operator(), granted, c)
				return err
			}
		}},
	}
}

func (w *world) granted(round int) uuid.UUID {
	w.t.Helper()
	granted, err := w.GrantAudit(w.ctx, operator(), w.grantFor(w.activated(round)))
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
		{name: "sign in at an issuer", covers: "StartAtIssuer SignInAtIssuer", begin: func(w *world, round int) func(process) error {
			w.activated(round)
			return func(on process) error {
				start, err := on.StartAtIssuer(w.ctx, back)
				require.NoError(w.t, err)
				_, err = on.SignInAtIssuer(w.ctx, app.AtIssuer{
					Ticket: start.Ticket, State: start.URL, Code: numbered(round, "").Administrator.Email, RedirectURI: back, Address: fmt.Sprint("192.0.2.", round),
				})
				return err
			}
		}},
		{name: "change a password", covers: "ChangePassword", begin: func(w *world, round int) func(process) error {
			m := &team{world: w, account: w.activated(round)}
			email, c := numbered(round, "").Administrator.Email, app.ChangePassword{Command: command(), Current: password, Password: newPassword}
			caller := m.signIn(email)
			return func(on process) error {
				_, err := on.ChangePassword(w.ctx, caller, c)
				return err
			}
		}},
		{name: "forget a password", covers: "RequestPasswordReset", begin: func(w *world, round int) func(process) error {
			w.activated(round)
			c := app.RequestReset{Command: command(), Email: numbered(round, "").Administrator.Email, Address: fmt.Sprint("192.0.2.", round)}
			return func(on process) error { return on.RequestPasswordReset(w.ctx, c) }
		}},
		{name: "record a reset", covers: "SendPasswordReset", single: oneAppend, begin: func(w *world, round int) func(process) error {
			uid, c := firstAdministrator(w, w.activated(round), round), command()
			return func(on process) error { return on.SendPasswordReset(w.ctx, uid, c.ID, "") }
		}},
		{name: "reset a password", covers: "ResetPassword", begin: func(w *world, round int) func(process) error {
			uid := firstAdministrator(w, w.activated(round), round)
			require.NoError(w.t, w.SendPasswordReset(w.ctx, uid, command().ID, ""))
			c := app.ResetPassword{Command: command(), Password: newPassword}
			return func(on process) error {
				_, err := on.ResetPassword(w.ctx, w.PasswordResetToken(uid, 1), c)
				return gone(err) // the token was used, by this very command
			}
		}},
		{name: "mail resets of passwords", covers: "PasswordResetMails", begin: func(w *world, round int) func(process) error {
			var people []uuid.UUID
			for n := range 2 {
				people = append(people, firstAdministrator(w, w.activated(2*round+n), round))
			}
			before := w.end()
			for _, uid := range people {
				require.NoError(w.t, w.SendPasswordReset(w.ctx, uid, command().ID, ""))
			}
			events := eventlog.Batch{Events: w.after(before, "user-")}
			outbox, sent := w.outbox()
			return func(on process) error {
				err := on.PasswordResetMails(on.mailer(outbox), "http://fleet.example")(w.ctx, events)
				if err == nil {
					require.Len(w.t, sent(), 2)
				}
				return err
			}
		}},
		{name: "mail warnings of the end of a partnership", covers: "PartnershipMails", timed: true, begin: func(w *world, round int) func(process) error {
			reseller := w.activated(2 * round)
			customer, err := w.CreateCustomer(w.ctx, administratorOf(reseller), numbered(2*round+1, ""))
			require.NoError(w.t, err)
			_, err = w.ActivateAccount(w.ctx, w.InvitationToken(customer.UID, 1), app.ActivateAccount{Command: command(), Password: password})
			require.NoError(w.t, err)
			until := w.clock.Now().Add(12 * time.Hour)
			_, err = w.AssignPartnerProfile(w.ctx, operator(), app.AssignPartnerProfile{Command: command(), Reseller: reseller, Customer: customer.UID, Until: &until})
			require.NoError(w.t, err)
			before := w.end()
			w.visible()
			require.NoError(w.t, w.RunDue(w.ctx))
			events := eventlog.Batch{Events: w.after(before, "partnership-")}
			outbox, sent := w.outbox()
			return func(on process) error {
				err := on.PartnershipMails(on.mailer(outbox), "http://fleet.example")(w.ctx, events)
				if err == nil {
					require.Len(w.t, sent(), 2)
				}
				return err
			}
		}},
	}
}
