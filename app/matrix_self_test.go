package app_test

import (
	"fmt"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/people"
)

// selfRow is a row about what the first administrator of an account changes of the
// own person. Its command is made in the round.
func selfRow(name, covers string, begin func(w *world, round int, caller access.Caller, uid uuid.UUID) func(on process) error) row {
	return row{name: name, covers: covers, begin: func(w *world, round int) func(process) error {
		m := &team{world: w, account: w.activated(round)}
		caller := m.signIn(numbered(round, "").Administrator.Email)
		return begin(w, round, caller, uuid.MustParse(caller.Actor.ID))
	}}
}

// wantsEmail has somebody ask for another address and name.
func (w *world) wantsEmail(caller access.Caller, email string, name ...string) people.EditSelf {
	w.t.Helper()
	c := people.EditSelf{Command: newCommand(), Email: &email}
	if len(name) > 0 {
		c.Name = &name[0]
	}
	_, err := w.People.EditSelf(w.ctx, caller, c)
	require.NoError(w.t, err)
	return c
}

func selfRows() []row {
	newAddress := func(round int) string { return fmt.Sprintf("new%d@x.example", round) }
	edit := func(w *world, caller access.Caller, name, email string) func(on process) error {
		c := people.EditSelf{Command: newCommand(), Name: &name, Email: &email}
		return func(on process) error {
			_, err := on.People.EditSelf(w.ctx, caller, c)
			return err
		}
	}
	return []row{
		selfRow("change the own name and ask for an address", "People.EditSelf", func(w *world, round int, caller access.Caller, _ uuid.UUID) func(process) error {
			return edit(w, caller, "Ada L.", newAddress(round))
		}),
		selfRow("ask for another address than before", "People.EditSelf", func(w *world, round int, caller access.Caller, _ uuid.UUID) func(process) error {
			w.wantsEmail(caller, "typo-"+newAddress(round))
			return edit(w, caller, "Ada L.", newAddress(round))
		}),
		selfRow("confirm the first address of an account's", "People.ConfirmEmail", func(w *world, round int, caller access.Caller, uid uuid.UUID) func(process) error {
			w.wantsEmail(caller, newAddress(round))
			return confirming(w, uid, 1)
		}),
		selfRow("confirm another address", "People.ConfirmEmail", func(w *world, round int, caller access.Caller, uid uuid.UUID) func(process) error {
			w.wantsEmail(caller, "first-"+newAddress(round))
			require.NoError(w.t, confirming(w, uid, 1)(process{App: w.App}))
			w.wantsEmail(caller, newAddress(round))
			return confirming(w, uid, 2)
		}),
		selfRow("erase somebody who has asked for an address", "People.Erase", func(w *world, round int, caller access.Caller, uid uuid.UUID) func(process) error {
			w.wantsEmail(caller, "first-"+newAddress(round))
			require.NoError(w.t, confirming(w, uid, 1)(process{App: w.App}))
			w.wantsEmail(caller, newAddress(round))
			c := people.UserCommand{Command: newCommand(), User: uid}
			return func(on process) error { return erase(w, on, c) }
		}),
		selfRow("mail a change of the address", "Mailings.HandleBatch", func(w *world, round int, caller access.Caller, _ uuid.UUID) func(process) error {
			before := w.end()
			w.wantsEmail(caller, newAddress(round))
			events := eventlog.Batch{Events: w.after(before, "user-")}
			outbox, sent := w.outbox()
			return func(on process) error {
				err := on.Mailings(on.mailer(outbox), "http://fleet.example").HandleBatch(w.ctx, events)
				if err == nil {
					require.Len(w.t, sent(), 2)
				}
				return err
			}
		}),
	}
}

// confirming confirms an address; by its repeat the token was used.
func confirming(w *world, uid uuid.UUID, number int) func(on process) error {
	c := newCommand()
	return func(on process) error {
		_, err := on.People.ConfirmEmail(w.ctx, w.Tokens.EmailChange(uid, number), c)
		return gone(err)
	}
}
