package app_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/partnerships"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/renewals"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// orderDesk is a reseller with two customers, all with an administrator.
type orderDesk struct {
	*world
	reseller, customer, other uuid.UUID
	mailOf                    map[uuid.UUID]string
	begun                     eventlog.Position
}

func newOrderDesk(t *testing.T) *orderDesk {
	t.Helper()
	w := newWorldWithPeople(t, plainPasswords{})
	d := &orderDesk{world: w, mailOf: map[uuid.UUID]string{}}
	d.reseller = w.activeReseller("North Radio")
	d.customer, d.other = d.enters(w.readOnlyCustomer(d.reseller, "Delta Rail")), d.enters(w.readOnlyCustomer(d.reseller, "East Rail"))
	d.begun = w.end()
	for _, uid := range []uuid.UUID{d.reseller, d.customer, d.other} {
		d.mailOf[uid] = w.account(uid).Administrator.Email
	}
	return d
}

// enters has the administrator of an account accept.
func (w *world) enters(uid uuid.UUID) uuid.UUID {
	w.t.Helper()
	_, err := w.People.Activate(w.ctx, w.Tokens.Invitation(uid, 1), people.Activate{Command: newCommand(), Name: "Ada", Password: password})
	require.NoError(w.t, err)
	return uid
}

// orders orders a year for devices.
func (d *orderDesk) orders(by access.Caller, number string, serials ...string) uuid.UUID {
	d.t.Helper()
	c := renewals.Renew{Command: newCommand(), Devices: serials, Term: calendar.Months(12), OrderNumber: number}
	require.NoError(d.t, bulk(d.Renewals.Renew(d.ctx, by, c)))
	return c.ID
}

// mails are those that orders have given cause to since the last call.
func (d *orderDesk) mails() []ports.Mail {
	d.t.Helper()
	box := &letterbox{}
	events := d.after(d.begun, "renewalorder-")
	require.NoError(d.t, d.Mailings(box, "https://fleet.example").HandleBatch(d.ctx, eventlog.Batch{Events: events}))
	d.begun = d.end()
	return box.mails
}

// told insists that mails go to accounts, and gives them in that order.
func (d *orderDesk) told(mails []ports.Mail, accounts ...uuid.UUID) []ports.Mail {
	d.t.Helper()
	sorted := make([]ports.Mail, len(accounts))
	require.Len(d.t, mails, len(accounts))
	for i, uid := range accounts {
		at := slices.IndexFunc(mails, func(m ports.Mail) bool { return m.To == d.mailOf[uid] })
		require.GreaterOrEqual(d.t, at, 0, "nothing to %s", d.mailOf[uid])
		sorted[i] = mails[at]
	}
	return sorted
}

func says(t *testing.T, m ports.Mail, subject string, texts ...string) {
	t.Helper()
	require.Equal(t, subject, m.Subject)
	require.NotContains(t, m.Body, "%!")
	for _, text := range texts {
		require.Contains(t, m.Body, text)
	}
}

func answering(order uuid.UUID, reason string, serials ...string) renewals.Answer {
	a := renewals.Answer{Command: newCommand(), Renewal: order, Devices: serials}
	a.Reason = reason
	return a
}

// A reseller orders for two customers: each is told of its own devices, the
// reseller of what the operator has done.
func TestMailsAboutAResellersOrder(t *testing.T) {
	t.Parallel()
	d := newOrderDesk(t)
	first, second := d.registered(d.customer, router(1), router(2)), d.registered(d.other, router(3))
	order := d.orders(administratorOf(d.reseller), "PO-7", append(first, second...)...)
	link := "https://fleet.example/orders/" + order.String()
	mails := d.told(d.mails(), d.customer, d.other)
	says(t, mails[0], "Renewal order “PO-7” ordered (2 devices)", "renewal order “PO-7” of “North Radio” was ordered", first[0], first[1], "Term: P1Y", link)
	says(t, mails[1], "Renewal order “PO-7” ordered (1 device)", second[0])
	require.NotContains(t, mails[0].Body, second[0], "no business of another customer's")
	require.NotContains(t, mails[1].Body, first[0])

	require.NoError(t, bulk(d.Renewals.Apply(d.ctx, operator(), answering(order, "", first[0]))))
	mails = d.told(d.mails(), d.reseller)
	says(t, mails[0], "Renewal order “PO-7” applied (1 device)", first[0], "Term: P1Y", "PO-7", link)
	require.NotContains(t, mails[0].Body, first[1])

	_, err := d.Renewals.Decline(d.ctx, operator(), answering(order, "not paid", first[1]))
	require.NoError(t, err)
	says(t, d.told(d.mails(), d.reseller)[0], "Renewal order “PO-7” declined (1 device)", first[1], "Reason: not paid", "Term: P1Y")

	_, err = d.Renewals.Withdraw(d.ctx, administratorOf(d.reseller), answering(order, "ordered by mistake"))
	require.NoError(t, err)
	says(t, d.told(d.mails(), d.other)[0], "Renewal order “PO-7” withdrawn (1 device)", second[0], "Reason: ordered by mistake", "Term: P1Y")
}

// A customer orders itself: its reseller is told, as long as it is one; the
// operator's own orders are told when they are applied.
func TestMailsAboutOtherOrders(t *testing.T) {
	t.Parallel()
	d := newOrderDesk(t)
	serials := d.registered(d.customer, routers(1, 25)...)
	order := d.orders(administratorOf(d.customer), "", serials...)
	mail := d.told(d.mails(), d.reseller)[0]
	says(t, mail, "Renewal order ordered (25 devices)", "of “Delta Rail”", serials[19], "and 5 more")
	require.NotContains(t, mail.Body, serials[20])
	require.NoError(t, bulk(d.Renewals.Apply(d.ctx, operator(), answering(order, "", serials[:2]...))))
	says(t, d.told(d.mails(), d.customer)[0], "Renewal order applied (2 devices)", serials[1])

	by := d.orders(operator(), "PO-1", serials[2])
	says(t, d.told(d.mails(), d.customer)[0], "Renewal order “PO-1” applied (1 device)", "of the platform owner", by.String())
	c := renewals.Renew{Command: newCommand(), Devices: serials[3:4], Until: calendar.On(2031, time.May, 4)}
	require.NoError(t, bulk(d.Renewals.Renew(d.ctx, operator(), c)))
	says(t, d.told(d.mails(), d.customer)[0], "Renewal order applied (1 device)", "Until: 2031-05-04")

	_, err := d.Partnerships.End(d.ctx, administratorOf(d.customer), d.reseller, d.customer, newCommand())
	require.NoError(t, err)
	d.orders(administratorOf(d.customer), "PO-2", serials[4])
	require.Empty(t, d.mails(), "no reseller any more")

	// All administrators get it, but nobody who was erased, and nobody in a closed account.
	second := d.joined(d.customer, 1, true)
	_, err = d.Partnerships.Establish(d.ctx, administratorOf(d.customer), partnerships.Establish{
		Command: newCommand(), Reseller: d.reseller, Customer: d.customer,
	})
	require.NoError(t, err)
	order = d.orders(administratorOf(d.reseller), "PO-3", serials[5])
	mails := d.mails()
	require.Len(t, mails, 2)
	require.NotEqual(t, mails[0].ID, mails[1].ID)
	_, err = d.People.Erase(d.ctx, operator(), second, newCommand())
	require.NoError(t, err)
	_, err = d.Renewals.Withdraw(d.ctx, administratorOf(d.reseller), answering(order, ""))
	require.NoError(t, err)
	d.told(d.mails(), d.customer)
	d.orders(administratorOf(d.reseller), "PO-4", serials[6])
	_, err = d.Accounts.Close(d.ctx, operator(), accounts.Close{Command: newCommand(), Account: d.customer, Confirm: true})
	require.NoError(t, err)
	require.Empty(t, d.mails())
}

// orderMailRows die in the middle of the mails about an order; each goes out once.
func orderMailRows() []row {
	var rows []row
	for _, what := range []string{"ordered", "applied", "declined", "withdrawn"} {
		rows = append(rows, row{name: "mail that orders were " + what, covers: "Mailings.HandleBatch", begin: func(w *world, round int) func(process) error {
			reseller := w.activated(3 * round)
			var serials []string
			for n := 1; n <= 2; n++ {
				created, err := w.Accounts.CreateCustomer(w.ctx, administratorOf(reseller), numbered(3*round+n, ""))
				require.NoError(w.t, err)
				serials = append(serials, w.registered(w.enters(created.UID), router(3*round+n))...)
			}
			by := administratorOf(reseller)
			if what == "applied" {
				by = operator()
			}
			before := w.end()
			c := renewals.Renew{Command: newCommand(), Devices: serials, Term: calendar.Months(12), OrderNumber: fmt.Sprint("PO-", round)}
			require.NoError(w.t, bulk(w.Renewals.Renew(w.ctx, by, c)))
			var err error
			switch what {
			case "declined":
				w.joined(reseller, round, true) // both of the reseller's administrators
				before = w.end()
				_, err = w.Renewals.Decline(w.ctx, operator(), answering(c.ID, "not paid"))
			case "withdrawn":
				before = w.end()
				_, err = w.Renewals.Withdraw(w.ctx, by, answering(c.ID, ""))
			}
			require.NoError(w.t, err)
			events := eventlog.Batch{Events: w.after(before, "renewalorder-")}
			outbox, sent := w.outbox()
			return func(on process) error {
				err := on.Mailings(on.mailer(outbox), "http://fleet.example").HandleBatch(w.ctx, events)
				if err == nil {
					require.Len(w.t, sent(), 2)
				}
				return err
			}
		}})
	}
	return rows
}
