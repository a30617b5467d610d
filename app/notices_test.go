package app_test

import (
	"context"
	"encoding/csv"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/notices"
	"github.com/fleetledger/fleetledger/app/partnerships"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/app/renewals"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/notice"
)

// postbox takes mails once, as mailers do, and says what became of them.
type postbox struct {
	mu     sync.Mutex
	mails  map[uuid.UUID]ports.Mail
	failed map[string]string // by address, why
	waits  bool              // the mail server is away
}

func newPostbox() *postbox {
	return &postbox{mails: map[uuid.UUID]ports.Mail{}, failed: map[string]string{}}
}

func (p *postbox) Send(_ context.Context, m ports.Mail) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.mails[m.ID]; !ok {
		p.mails[m.ID] = m
	}
	return nil
}

func (p *postbox) Outcomes(_ context.Context, ids []uuid.UUID) (map[uuid.UUID]ports.MailOutcome, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := map[uuid.UUID]ports.MailOutcome{}
	for _, id := range ids {
		if m, ok := p.mails[id]; ok && !p.waits {
			all[id] = ports.MailOutcome{Failed: p.failed[m.To]}
		}
	}
	return all, nil
}

// sent are the mails as "to: subject", and empties the box.
func (p *postbox) sent() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := []string{}
	for _, m := range p.mails {
		all = append(all, m.To+": "+m.Subject)
	}
	slices.Sort(all)
	clear(p.mails)
	return all
}

// noticed is a timed world that sends notices, in which people sign in.
type noticed struct {
	*timedWorld
	box *postbox
}

func newNoticed(t testing.TB) *noticed {
	t.Helper()
	w := &noticed{timedWorld: newTimedWorld(t), box: newPostbox()}
	w.people = newPeople(w.pool, plainPasswords{})
	w.more = sendingTo(w.box)
	w.App = w.with(w.log)
	return w
}

func sendingTo(box *postbox) func(*app.Dependencies) {
	return func(d *app.Dependencies) {
		d.Notices = notices.Options{Mailer: box, Outcomes: box, PublicURL: "https://fleet.example"}
	}
}

// activate has the first administrator of an account accept.
func (w *noticed) activate(uid uuid.UUID) {
	w.t.Helper()
	_, err := w.People.Activate(w.ctx, w.Tokens.Invitation(uid, 1), people.Activate{Command: newCommand(), Name: "Ada", Password: password})
	require.NoError(w.t, err)
}

func (w *noticed) contact(reseller uuid.UUID, email string) {
	w.t.Helper()
	_, err := w.Accounts.AssignChannelContact(w.ctx, operator(), reseller, newCommand(), account.Contact{Email: email, Name: "Cy"})
	require.NoError(w.t, err)
}

// userOf is a user of an account as a caller.
func userOf(uid, user uuid.UUID) access.Caller {
	c := administratorOf(uid)
	c.Actor = domain.Actor{Kind: domain.ActorUser, ID: user.String(), Account: uid}
	return c
}

// on1st does what is due some hours after a 1st.
func (w *noticed) on1st(year int, month time.Month) {
	w.t.Helper()
	w.clock.Set(time.Date(year, month, 1, 9, 0, 0, 0, time.UTC))
	w.visible()
	require.NoError(w.t, w.Schedule.RunDue(w.ctx))
}

func (w *noticed) rows(caller access.Caller, q query.NoticeQuery) map[string]query.NoticeRow {
	w.t.Helper()
	latest, err := query.Latest(w.ctx, w.log, w.reader)
	require.NoError(w.t, err)
	q.MinPosition = latest
	page, err := w.Notices.List(w.ctx, caller, q)
	require.NoError(w.t, err)
	require.Equal(w.t, len(page.Items), page.Total)
	rows := map[string]query.NoticeRow{}
	for _, n := range page.Items {
		rows[notice.Month(n.On)+" "+n.CustomerName] = n
	}
	return rows
}

func recipient(n notices.Found, person uuid.UUID) query.NoticeRecipient {
	i := slices.IndexFunc(n.Recipients, func(r query.NoticeRecipient) bool { return r.Person == person })
	return n.Recipients[i]
}

func addressOf(name string) string { return accountNamed(name, "").Administrator.Email }

// The world begins on 2026-03-10: devices in customers' accounts end on 2027-03-10.
func TestMonthlyNotices(t *testing.T) {
	t.Parallel()
	w := newNoticed(t)
	reseller, other := w.reseller("North Radio"), w.reseller("South Radio")
	w.activate(reseller)
	w.activate(other)
	w.contact(reseller, "cbm@vendor.example")
	customer, idle := w.customer(reseller, "Delta Rail"), w.customer(reseller, "Idle Bus")
	_, err := w.Partnerships.Establish(w.ctx, operator(), partnerships.Establish{Command: newCommand(), Reseller: other, Customer: customer})
	require.NoError(t, err)
	odd := router(1)
	odd.Name, odd.Labels = `=cmd|"x", y`, []string{"+a", "b"}
	serials := w.registered(customer, odd, router(2), router(3))
	retired := w.registered(customer, router(4))[0]
	_, err = w.Devices.Retire(w.ctx, operator(), devices.LifeCycle{Command: newCommand(), Device: retired})
	require.NoError(t, err)

	w.on1st(2026, 11)
	require.Empty(t, w.box.sent())
	require.Equal(t, notice.NothingDue, w.rows(administratorOf(reseller), query.NoticeQuery{Months: []string{"2026-11"}})["2026-11 Delta Rail"].Reason)

	w.on1st(2027, 1)
	north, south := addressOf("North Radio"), addressOf("South Radio")
	var mail ports.Mail
	for _, m := range w.box.mails {
		if m.To == north {
			mail = m
		}
	}
	want := []string{
		north + ": “Delta Rail”: 3 devices due by 2027-04-01", south + ": “Delta Rail”: 3 devices due by 2027-04-01",
		"cbm@vendor.example: “Delta Rail”: 3 devices due by 2027-04-01",
	}
	slices.Sort(want)
	require.Equal(t, want, w.box.sent())
	require.Contains(t, mail.Body, "https://fleet.example/renew?account="+customer.String())
	require.Contains(t, mail.Body, "Also sent to “Cy”.")
	require.Contains(t, mail.HTML, "=cmd|&#34;x&#34;, y")
	require.Len(t, mail.Attachments, 1)
	require.Equal(t, "renewals_"+customer.String()+"_2027-01.csv", mail.Attachments[0].Name)
	rows, err := csv.NewReader(strings.NewReader(string(mail.Attachments[0].Data))).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{
		customer.String(), "Delta Rail", `'=cmd|"x", y`, serials[0], imei(1), "MP70", "complete", "active", "2026-03-10", "2027-03-10",
		"68", "green", "false", "2027-03-10", "2027-03-10", "'+a|b",
	}, rows[1])
	require.Len(t, rows, 4)
	require.Equal(t, strings.Count(string(mail.Attachments[0].Data), "\n"), strings.Count(string(mail.Attachments[0].Data), "\r\n"))

	// Never twice, whoever asks how often.
	var g errgroup.Group
	for range 3 {
		g.Go(func() error { return w.with(w.log).Schedule.RunDue(w.ctx) })
	}
	require.NoError(t, g.Wait())
	require.Empty(t, w.box.sent())

	// What was seen stands apart next month, but not when its end moves.
	mine := w.rows(administratorOf(reseller), query.NoticeQuery{Months: []string{"2027-01"}})
	require.Len(t, mine, 2)
	require.Equal(t, query.NoticeSkipped, mine["2027-01 Idle Bus"].State)
	row := mine["2027-01 Delta Rail"]
	require.Equal(t, query.NoticeSent, row.State)
	require.Equal(t, []int{0, 0, 3}, row.Devices.Windows)
	require.False(t, row.Seen)
	acknowledge := notices.Acknowledge{Command: newCommand(), Notice: row.UID, Devices: serials[:2]}
	_, err = w.Notices.Acknowledge(w.ctx, administratorOf(other), acknowledge)
	require.ErrorIs(t, err, query.ErrNotFound)
	_, err = w.Notices.Acknowledge(w.ctx, administratorOf(reseller), acknowledge)
	require.NoError(t, err)
	_, err = w.Renewals.Renew(w.ctx, operator(), renewals.Renew{Command: newCommand(), Devices: serials[1:2], Until: calendar.On(2027, 4, 15)})
	require.NoError(t, err)
	w.on1st(2027, 2)
	row = w.rows(administratorOf(reseller), query.NoticeQuery{Months: []string{"2027-02"}, Accounts: []uuid.UUID{customer}})["2027-02 Delta Rail"]
	require.Equal(t, query.NoticeCounts{Total: 3, New: 2, SeenBefore: 1, Windows: []int{0, 2, 1}}, row.Devices)
	found, err := w.Notices.Get(w.ctx, administratorOf(reseller), row.UID, query.Freshness{})
	require.NoError(t, err)
	require.Equal(t, serials[0], found.State.Lines[2].SerialNumber, "below the new ones")
	require.Len(t, found.Recipients, 2)
	yes := false
	require.Len(t, w.rows(administratorOf(reseller), query.NoticeQuery{Seen: &yes}), 2)

	// The other reseller's are its own; a customer sees none that it did not get.
	require.Len(t, w.rows(administratorOf(other), query.NoticeQuery{States: []query.NoticeState{query.NoticeSent}}), 2)
	require.Empty(t, w.rows(administratorOf(customer), query.NoticeQuery{}))
	_, err = w.Notices.Get(w.ctx, administratorOf(customer), row.UID, query.Freshness{})
	require.ErrorIs(t, err, query.ErrNotFound)
	_, err = w.Notices.Get(w.ctx, administratorOf(idle), row.UID, query.Freshness{})
	require.ErrorIs(t, err, query.ErrNotFound)

	// After a long downtime the last month's, as of its 1st; expired ones are listed.
	w.box.sent()
	w.on1st(2027, 3)
	w.box.sent()
	w.clock.Set(time.Date(2027, 6, 20, 12, 0, 0, 0, time.UTC))
	_, err = w.Devices.Retire(w.ctx, operator(), devices.LifeCycle{Command: newCommand(), Device: serials[2]})
	require.NoError(t, err)
	w.visible()
	require.NoError(t, w.Schedule.RunDue(w.ctx))
	all := w.rows(administratorOf(reseller), query.NoticeQuery{Accounts: []uuid.UUID{customer}})
	require.NotContains(t, all, "2027-05 Delta Rail")
	require.Equal(t, query.NoticeCounts{Total: 3, New: 2, SeenBefore: 1, Expired: 3, Windows: []int{0, 0, 0}}, all["2027-06 Delta Rail"].Devices)
	require.Len(t, w.box.sent(), 3)
}

// Who gets what: digests, customers' own administrators, nobody without an
// administrator; and what becomes of mails that wait.
func TestWhoGetsNotices(t *testing.T) {
	t.Parallel()
	w := newNoticed(t)
	reseller, headless := w.reseller("North Radio"), w.reseller("South Radio")
	w.activate(reseller)
	w.contact(headless, "cbm@vendor.example")
	delta, idle := w.customer(reseller, "Delta Rail"), w.customer(reseller, "Idle Bus")
	w.registered(delta, router(1))
	w.registered(idle, router(2))
	w.registered(w.customer(headless, "Lone Bus"), router(3))
	w.activate(delta)
	own := w.account(delta).Administrator.ID
	bo := w.joined(reseller, 1, true)
	digest := userOf(reseller, bo)
	choose := func(c access.Caller, d notice.Delivery) error {
		_, err := w.Notices.Choose(w.ctx, c, notices.Choose{Command: newCommand(), Delivery: d})
		return err
	}
	refused(t, choose(digest, notice.None), notice.CodeRequired)
	require.NoError(t, choose(digest, notice.Digest))
	require.NoError(t, choose(userOf(delta, own), notice.Each))
	refused(t, choose(userOf(reseller, w.joined(reseller, 2, false)), notice.Each), notice.CodeAdministrators)
	require.ErrorIs(t, choose(administratorOf(reseller), notice.Each), query.ErrNotFound, "a token is no person")
	latest, err := query.Latest(w.ctx, w.log, w.reader)
	require.NoError(t, err)
	_, err = w.reader.NoticeChoices(w.ctx, latest, nil)
	require.NoError(t, err)

	w.box.waits = true
	w.on1st(2027, 2)
	mails := slices.Collect(maps.Values(w.box.mails))
	want := []string{
		addressOf("North Radio") + ": “Delta Rail”: 1 device due by 2027-05-02", addressOf("North Radio") + ": “Idle Bus”: 1 device due by 2027-05-02",
		addressOf("Delta Rail") + ": “Delta Rail”: 1 device due by 2027-05-02", "bo1@x.example: 2 customers: 2 devices due by 2027-05-02",
	}
	slices.Sort(want)
	require.Equal(t, want, w.box.sent())
	for _, m := range mails {
		require.Equal(t, m.To == addressOf("Delta Rail"), m.Unsubscribe != "", m.To)
		w.box.mails[m.ID] = m
		if m.To == "bo1@x.example" {
			require.Equal(t, "renewals_"+reseller.String()+"_2027-02.csv", m.Attachments[0].Name)
			require.Equal(t, 3, strings.Count(string(m.Attachments[0].Data), "\r\n"))
		}
	}
	skipped := w.rows(operator(), query.NoticeQuery{States: []query.NoticeState{query.NoticeSkipped}})
	require.Equal(t, notice.NoAdministrator, skipped["2027-02 Lone Bus"].Reason)
	require.Equal(t, 1, skipped["2027-02 Lone Bus"].Devices.Total)
	require.Equal(t, query.NoticeSending, w.rows(administratorOf(reseller), query.NoticeQuery{})["2027-02 Delta Rail"].State)

	// The mail server comes back; one address is unknown to it.
	w.box.waits, w.box.failed["bo1@x.example"] = false, "550 no such mailbox"
	require.NoError(t, w.Schedule.RunDue(w.ctx))
	sent := w.rows(administratorOf(reseller), query.NoticeQuery{})
	require.Equal(t, query.NoticeFailed, sent["2027-02 Delta Rail"].State)
	require.Equal(t, []int{3, 2, 1}, []int{sent["2027-02 Delta Rail"].Mails, sent["2027-02 Delta Rail"].Sent, sent["2027-02 Delta Rail"].Failed})
	found, err := w.Notices.Get(w.ctx, administratorOf(reseller), sent["2027-02 Delta Rail"].UID, query.Freshness{})
	require.NoError(t, err)
	require.Equal(t, "550 no such mailbox", recipient(found, bo).Reason)
	require.Len(t, w.rows(administratorOf(reseller), query.NoticeQuery{Recipients: []string{"BO1@x.example"}}), 2)

	// The customer sees what its own administrator got, and no other recipient.
	theirs := w.rows(administratorOf(delta), query.NoticeQuery{})
	require.Len(t, theirs, 1)
	found, err = w.Notices.Get(w.ctx, administratorOf(delta), theirs["2027-02 Delta Rail"].UID, query.Freshness{})
	require.NoError(t, err)
	require.Len(t, found.Recipients, 1)
	require.Empty(t, w.rows(administratorOf(delta), query.NoticeQuery{Recipients: []string{"bo1@x.example"}}))
	_, err = w.Notices.Acknowledge(w.ctx, administratorOf(delta), notices.Acknowledge{Command: newCommand(), Notice: found.UID})
	require.ErrorIs(t, err, access.ErrForbidden)

	// Whoever is erased is gone from here, too, and gets nothing any more.
	_, err = w.People.Erase(w.ctx, operator(), bo, newCommand())
	require.NoError(t, err)
	require.Empty(t, w.rows(administratorOf(reseller), query.NoticeQuery{Recipients: []string{"bo1@x.example"}}))
	found, err = w.Notices.Get(w.ctx, administratorOf(reseller), found.UID, query.Freshness{})
	require.NoError(t, err)
	require.Equal(t, account.Erased, recipient(found, bo).Email)

	// A click in a mail program ends those of the customer.
	_, err = w.Notices.Unsubscribe(w.ctx, w.Tokens.Unsubscription(bo), newCommand())
	require.Error(t, err)
	_, err = w.Notices.Unsubscribe(w.ctx, w.Tokens.Invitation(own, 1), newCommand())
	require.ErrorIs(t, err, query.ErrNotFound)
	for range 2 {
		_, err = w.Notices.Unsubscribe(w.ctx, w.Tokens.Unsubscription(own), newCommand())
		require.NoError(t, err)
	}
	choice, _, err := w.Notices.Choice(w.ctx, userOf(delta, own))
	require.NoError(t, err)
	require.Equal(t, notices.Choice{Delivery: notice.None, Choices: []notice.Delivery{notice.Each, notice.Digest, notice.None}}, choice)
	w.box.sent()
	w.on1st(2027, 3)
	require.Len(t, w.box.sent(), 2)
	for e, err := range w.log.ReadAll(w.ctx, eventlog.Position{}, "notice-", "noticechoice-") {
		require.NoError(t, err)
		require.Equal(t, e.Event.EventType() == "NoticeDeliveryChosen", e.Metadata.Actor.Kind != domain.ActorSystem)
	}
}
