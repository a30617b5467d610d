package app_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain/user"
)

func filesIn(t testing.TB, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func (w *world) inviting(uid uuid.UUID, round int, administrator bool) people.Invite {
	return people.Invite{
		Command: newCommand(), Account: uid, Email: fmt.Sprintf("bo%d@x.example", round), Profiles: []string{"renewals"}, Administrator: administrator,
	}
}

// invited invites the user of a round.
func (w *world) invited(uid uuid.UUID, round int, administrator bool) uuid.UUID {
	w.t.Helper()
	done, err := w.People.Invite(w.ctx, operator(), w.inviting(uid, round, administrator))
	require.NoError(w.t, err)
	return done.UID
}

// joined is invited, and the user has accepted.
func (w *world) joined(uid uuid.UUID, round int, administrator bool) uuid.UUID {
	w.t.Helper()
	person := w.invited(uid, round, administrator)
	_, err := w.People.Activate(w.ctx, w.Tokens.UserInvitation(person, 1), people.Activate{Command: newCommand(), Password: password})
	require.NoError(w.t, err)
	return person
}

// userRow is a row about one user of an account.
func userRow(name, covers, single string, user func(w *world, uid uuid.UUID, round int) uuid.UUID, do func(w *world, on process, c people.UserCommand) error) row {
	return row{name: name, covers: covers, single: single, begin: func(w *world, round int) func(process) error {
		uid := w.activated(round)
		c := people.UserCommand{Command: newCommand(), Account: uid, User: user(w, uid, round)}
		return func(on process) error { return do(w, on, c) }
	}}
}

func pendingUser(w *world, uid uuid.UUID, round int) uuid.UUID   { return w.invited(uid, round, false) }
func activeUser(w *world, uid uuid.UUID, round int) uuid.UUID    { return w.joined(uid, round, false) }
func administrator(w *world, uid uuid.UUID, round int) uuid.UUID { return w.joined(uid, round, true) }

func firstAdministrator(w *world, uid uuid.UUID, _ int) uuid.UUID {
	return w.account(uid).Administrator.ID
}

func erase(w *world, on process, c people.UserCommand) error {
	_, err := on.People.Erase(w.ctx, operator(), c.User, c.Command)
	return err
}

func userRows() []row {
	return []row{
		{name: "invite a user", covers: "People.Invite", begin: func(w *world, round int) func(process) error {
			c := w.inviting(w.activated(round), round, false)
			return func(on process) error {
				_, err := on.People.Invite(w.ctx, operator(), c)
				return err
			}
		}},
		userRow("activate a user", "People.Activate", "", func(w *world, uid uuid.UUID, round int) uuid.UUID { return w.invited(uid, round, true) },
			func(w *world, on process, c people.UserCommand) error {
				_, err := on.People.Activate(w.ctx, w.Tokens.UserInvitation(c.User, 1), people.Activate{Command: c.Command, Password: password})
				return err
			}),
		userRow("invite a user again", "People.ResendInvitation", oneAppend, pendingUser, func(w *world, on process, c people.UserCommand) error {
			_, err := on.People.ResendInvitation(w.ctx, operator(), c)
			return err
		}),
		userRow("revoke an invitation", "People.RevokeInvitation", "", pendingUser, func(w *world, on process, c people.UserCommand) error {
			_, err := on.People.RevokeInvitation(w.ctx, operator(), c)
			return err
		}),
		userRow("edit a user", "People.Edit", "", administrator, func(w *world, on process, c people.UserCommand) error {
			_, err := on.People.Edit(w.ctx, operator(), people.Edit{UserCommand: c, Administrator: no(), Profiles: &[]string{"full"}})
			return err
		}),
		userRow("deactivate a user", "People.Deactivate", "", administrator, func(w *world, on process, c people.UserCommand) error {
			_, err := on.People.Deactivate(w.ctx, operator(), c)
			return err
		}),
		userRow("reactivate a user", "People.Reactivate", "", func(w *world, uid uuid.UUID, round int) uuid.UUID {
			person := activeUser(w, uid, round)
			_, err := w.People.Deactivate(w.ctx, operator(), people.UserCommand{Command: newCommand(), Account: uid, User: person})
			require.NoError(w.t, err)
			return person
		}, func(w *world, on process, c people.UserCommand) error {
			_, err := on.People.Reactivate(w.ctx, operator(), c)
			return err
		}),
		userRow("erase an invited person", "People.Erase", "", pendingUser, erase),
		userRow("erase a user", "People.Erase", "", activeUser, erase),
		userRow("erase an administrator", "People.Erase", "", administrator, erase),
		userRow("erase the first administrator", "People.Erase", "", firstAdministrator, erase),
		userRow("go on without a person whose key is lost", "People.GiveUp", "", activeUser, func(w *world, on process, c people.UserCommand) error {
			_, err := on.People.GiveUp(w.ctx, operator(), c.User, []string{user.Aggregate.Stream(c.User)}, c.Command)
			return err
		}),
		{name: "erase the administrator of a pending account", covers: "People.Erase", begin: func(w *world, round int) func(process) error {
			c := people.UserCommand{Command: newCommand(), User: w.account(w.pending(round)).Administrator.ID}
			return func(on process) error { return erase(w, on, c) }
		}},
		{name: "mail the invitations of users", covers: "Mailings.HandleBatch", begin: func(w *world, round int) func(process) error {
			before, uid := w.end(), w.activated(round)
			w.invited(uid, 2*round, false)
			w.invited(uid, 2*round+1, true)
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
	}
}

// signedInRow is a row about a session of the administrator of an account.
func signedInRow(name, covers string, do func(w *world, on process, c command.Command, caller access.Caller) error) row {
	return row{name: name, covers: covers, single: oneWrite, begin: func(w *world, round int) func(process) error {
		m, c := &team{world: w, account: w.activated(round)}, newCommand()
		caller := m.signIn(numbered(round, "").Administrator.Email)
		return func(on process) error { return do(w, on, c, caller) }
	}}
}

// aboutSelf is about the user that a caller is.
func aboutSelf(caller access.Caller) people.UserCommand {
	return people.UserCommand{Account: caller.Own(), User: uuid.MustParse(caller.Actor.ID)}
}

func token(w *world, c command.Command) people.CreateToken {
	return people.CreateToken{Command: c, Label: "for scripts", Profile: "renewals", ExpiresAt: w.clock.Now().Truncate(time.Second).Add(time.Hour)}
}

func signInRows() []row {
	return []row{
		{name: "sign in as the operator", covers: "People.SignInAsOperator", single: oneWrite, begin: func(w *world, _ int) func(process) error {
			operator := access.Caller{Actor: access.OperatorActor, Credential: uuid.New()}
			return func(on process) error {
				_, err := on.People.SignInAsOperator(w.ctx, operator)
				return err
			}
		}},
		{name: "sign in as an auditor", covers: "People.SignInAsAuditor", single: oneWrite, begin: func(w *world, round int) func(process) error {
			auditor := w.auditor(w.activated(round))
			return func(on process) error {
				_, err := on.People.SignInAsAuditor(w.ctx, auditor)
				return err
			}
		}},
		{name: "sign in", covers: "People.SignIn", begin: func(w *world, round int) func(process) error {
			w.activated(round)
			c := people.SignIn{Email: numbered(round, "").Administrator.Email, Password: password, Address: fmt.Sprint("192.0.2.", round)}
			return func(on process) error {
				_, err := on.People.SignIn(w.ctx, c)
				return err
			}
		}},
		signedInRow("end a session", "People.EndSession", func(w *world, on process, _ command.Command, caller access.Caller) error {
			return gone(on.People.EndSession(w.ctx, caller, caller.Session))
		}),
		signedInRow("end all sessions", "People.EndSessions", func(w *world, on process, _ command.Command, caller access.Caller) error {
			return on.People.EndSessions(w.ctx, caller, false)
		}),
		signedInRow("end a session of a user", "People.EndSessionOfUser", func(w *world, on process, _ command.Command, caller access.Caller) error {
			return gone(on.People.EndSessionOfUser(w.ctx, operator(), aboutSelf(caller), caller.Session))
		}),
		signedInRow("end all sessions of a user", "People.EndSessionsOfUser", func(w *world, on process, _ command.Command, caller access.Caller) error {
			return on.People.EndSessionsOfUser(w.ctx, operator(), aboutSelf(caller))
		}),
		signedInRow("revoke a token of a user", "People.RevokeTokenOfUser", func(w *world, on process, c command.Command, caller access.Caller) error {
			made, err := w.People.CreateToken(w.ctx, caller, token(w, c))
			require.NoError(w.t, err)
			return gone(on.People.RevokeTokenOfUser(w.ctx, operator(), aboutSelf(caller), made.ID))
		}),
		signedInRow("revoke all tokens of a user", "People.RevokeTokensOfUser", func(w *world, on process, _ command.Command, caller access.Caller) error {
			return on.People.RevokeTokensOfUser(w.ctx, operator(), aboutSelf(caller))
		}),
		{name: "sign in again", covers: "People.SignInAgain", begin: func(w *world, round int) func(process) error {
			m := &team{world: w, account: w.activated(round)}
			caller := m.signIn(numbered(round, "").Administrator.Email)
			return func(on process) error {
				_, err := on.People.SignInAgain(w.ctx, caller, people.SignInAgain{Password: password})
				return err
			}
		}},
		{name: "make a personal token", covers: "People.CreateToken", begin: func(w *world, round int) func(process) error {
			m := &team{world: w, account: w.activated(round)}
			caller, made := m.signIn(numbered(round, "").Administrator.Email), token(w, newCommand())
			return func(on process) error {
				_, err := on.People.CreateToken(w.ctx, caller, made)
				return err
			}
		}},
		signedInRow("revoke a personal token", "People.RevokeToken", func(w *world, on process, c command.Command, caller access.Caller) error {
			made, err := w.People.CreateToken(w.ctx, caller, token(w, c))
			require.NoError(w.t, err)
			return gone(on.People.RevokeToken(w.ctx, caller, made.ID))
		}),
		signedInRow("save a view", "People.SaveView", func(w *world, on process, c command.Command, caller access.Caller) error {
			_, err := on.People.SaveView(w.ctx, caller, people.SaveView{Command: c, Page: "devices", Name: "Depot", Query: "search=depot"})
			return err
		}),
		signedInRow("remove a view", "People.RemoveView", func(w *world, on process, c command.Command, caller access.Caller) error {
			saved, err := w.People.SaveView(w.ctx, caller, people.SaveView{Command: newCommand(), Page: "devices", Name: "Depot"})
			require.NoError(w.t, err)
			_, err = on.People.RemoveView(w.ctx, caller, saved.ID, c)
			return gone(err)
		}),
		signedInRow("make a calendar", "People.CreateCalendar", func(w *world, on process, c command.Command, caller access.Caller) error {
			_, err := on.People.CreateCalendar(w.ctx, caller, people.CreateCalendar{Command: c, Label: "phone", Account: caller.Own()})
			return err
		}),
		signedInRow("revoke a calendar", "People.RevokeCalendar", func(w *world, on process, c command.Command, caller access.Caller) error {
			made, err := w.People.CreateCalendar(w.ctx, caller, people.CreateCalendar{Command: c, Label: "phone", Account: caller.Own()})
			require.NoError(w.t, err)
			return gone(on.People.RevokeCalendar(w.ctx, caller, made.ID))
		}),
		{name: "revoke a token of an account", covers: "People.RevokeAccountToken", single: oneWrite, begin: func(w *world, round int) func(process) error {
			uid := w.activated(round)
			t := ports.AccountToken{ID: uuid.New(), Hash: []byte(uid.String()), Account: uid, Administrator: true, CreatedAt: w.clock.Now()}
			require.NoError(w.t, postgres.NewTokens(w.pool).Create(w.ctx, t))
			return func(on process) error { return gone(on.People.RevokeAccountToken(w.ctx, operator(), uid, t.ID)) }
		}},
	}
}
