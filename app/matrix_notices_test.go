package app_test

import (
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/notices"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/notice"
)

// boxes are where the mails of worlds go.
var boxes sync.Map

// noticing prepares the month of a round for a reseller with two customers whose
// devices are due. One of its two administrators wants a digest, and so does one
// customer's own.
func (w *world) noticing(round int) (reseller uuid.UUID, box *postbox) {
	w.t.Helper()
	found, _ := boxes.LoadOrStore(w, newPostbox())
	box, _ = found.(*postbox)
	on := &noticed{timedWorld: &timedWorld{world: w}, box: box}
	reseller = w.fixed("North Radio")
	if round == 1 {
		w.more = sendingTo(box)
		w.App = w.with(w.log)
		on.activate(reseller)
		on.contact(reseller, "cbm@vendor.example")
		for n, customer := range []uuid.UUID{w.fixed("Delta Rail"), w.customer(reseller, "Idle Bus")} {
			on.activate(customer)
			w.registered(customer, router(n+1))
			own := userOf(customer, w.account(customer).Administrator.ID)
			for _, c := range []access.Caller{own, userOf(reseller, w.account(reseller).Administrator.ID)} {
				_, err := w.Notices.Choose(w.ctx, c, notices.Choose{Command: newCommand(), Delivery: notice.Digest})
				require.NoError(w.t, err)
			}
		}
		w.joined(reseller, 1, true)
	}
	w.clock.Set(time.Date(2027, time.Month(round), 20, 0, 0, 0, 0, time.UTC))
	w.visible()
	require.NoError(w.t, w.Schedule.RunDue(w.ctx)) // what else is due, and the months before
	w.visible()
	w.clock.Set(time.Date(2027, time.Month(round+1), 1, 6, 0, 0, 0, time.UTC))
	clear(box.mails)
	return reseller, box
}

func noticeRows() []row {
	return []row{
		{name: "send the monthly notices", covers: "Schedule.RunDue Notices.SendDue", timed: true, begin: func(w *world, round int) func(process) error {
			_, box := w.noticing(round)
			return func(on process) error {
				err := on.Schedule.RunDue(w.ctx)
				if err == nil {
					require.Len(w.t, box.mails, 7, "two customers: an administrator, a contact and an own one each, and the digest")
				}
				return err
			}
		}},
		{name: "record what became of mails", covers: "Notices.Settle", timed: true, begin: func(w *world, round int) func(process) error {
			_, box := w.noticing(round)
			box.waits = true
			require.NoError(w.t, w.Schedule.RunDue(w.ctx))
			box.waits = false
			latest, err := query.Latest(w.ctx, w.log, w.reader)
			require.NoError(w.t, err)
			return func(on process) error {
				_, err := on.Notices.Settle(w.ctx, latest)
				return err
			}
		}},
		{name: "acknowledge a notice", covers: "Notices.Acknowledge", single: oneAppend, timed: true, begin: func(w *world, round int) func(process) error {
			reseller, _ := w.noticing(round)
			require.NoError(w.t, w.Schedule.RunDue(w.ctx))
			c := notices.Acknowledge{Command: newCommand(), Notice: notice.UID(reseller, w.fixed("Delta Rail"), on(2027, round+1, 1))}
			return func(on process) error {
				_, err := on.Notices.Acknowledge(w.ctx, administratorOf(reseller), c)
				return err
			}
		}},
		{name: "choose how to get notices", covers: "Notices.Choose", single: oneAppend, begin: func(w *world, round int) func(process) error {
			uid := w.activated(round)
			c := notices.Choose{Command: newCommand(), Delivery: notice.Digest}
			return func(on process) error {
				_, err := on.Notices.Choose(w.ctx, userOf(uid, w.account(uid).Administrator.ID), c)
				return err
			}
		}},
		{name: "unsubscribe from notices", covers: "Notices.Unsubscribe", single: oneAppend, begin: func(w *world, round int) func(process) error {
			uid := w.customer(w.fixed("North Radio"), fmt.Sprint("Customer ", round))
			_, err := w.People.Activate(w.ctx, w.Tokens.Invitation(uid, 1), people.Activate{Command: newCommand(), Password: password})
			require.NoError(w.t, err)
			user, c := w.account(uid).Administrator.ID, newCommand()
			_, err = w.Notices.Choose(w.ctx, userOf(uid, user), notices.Choose{Command: newCommand(), Delivery: notice.Each})
			require.NoError(w.t, err)
			return func(on process) error {
				_, err := on.Notices.Unsubscribe(w.ctx, w.Tokens.Unsubscription(user), c)
				return err
			}
		}},
	}
}
