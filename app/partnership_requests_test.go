package app_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/partnerships"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/partnership"
)

// standard opens a standard account of nobody's customer, which is active.
func (w *world) standard(name string) uuid.UUID {
	w.t.Helper()
	c := accountNamed(name, account.Standard)
	c.Administrator.Name = "Admin of " + name
	created, err := w.Accounts.Create(w.ctx, operator(), c)
	require.NoError(w.t, err)
	_, err = w.People.Activate(w.ctx, w.Tokens.Invitation(created.UID, 1), people.Activate{Command: newCommand(), Password: password})
	require.NoError(w.t, err)
	return created.UID
}

// wants has a reseller ask for a partnership.
func (w *world) wants(reseller, customer uuid.UUID, note string) (uuid.UUID, error) {
	w.t.Helper()
	asked, err := w.Partnerships.Request(w.ctx, administratorOf(reseller), partnerships.Request{Command: newCommand(), Customer: customer, Note: note})
	return asked.UID, err
}

// partnershipMails are the mails that partnerships give cause to after a position.
func (w *world) partnershipMails(after eventlog.Position) []ports.Mail {
	w.t.Helper()
	box := &letterbox{}
	require.NoError(w.t, w.Mailings(box, "https://fleet.example").HandleBatch(w.ctx, eventlog.Batch{Events: w.after(after, "partnership-")}))
	return box.mails
}

func requestsWorld(t *testing.T) *timedWorld {
	t.Helper()
	w := newTimedWorld(t)
	w.people = newPeople(w.pool, plainPasswords{})
	w.App = w.with(w.log)
	return w
}

func (w *timedWorld) listed(caller access.Caller) []query.PartnershipRequestRow {
	w.t.Helper()
	w.visible()
	found, err := w.Partnerships.Requests(w.ctx, caller, query.PartnershipRequestQuery{})
	require.NoError(w.t, err)
	require.Len(w.t, found.Items, found.Total)
	return found.Items
}

func TestRequestForAPartnership(t *testing.T) {
	t.Parallel()
	w := requestsWorld(t)
	reseller, customer := w.activeReseller("North Radio"), w.standard("Delta Rail")
	begun := w.end()
	until := w.clock.Now().AddDate(1, 0, 0).Truncate(time.Second)
	asked, err := w.Partnerships.Request(w.ctx, administratorOf(reseller), partnerships.Request{
		Command: newCommand(), Customer: customer, Profile: "renewals", Until: until, Note: " as agreed ",
	})
	require.NoError(t, err)
	id := asked.UID
	again, err := w.wants(reseller, customer, "and again")
	require.NoError(t, err)
	require.Equal(t, id, again, "one waits")
	mails := w.partnershipMails(begun)
	require.Len(t, mails, 1)
	require.Equal(t, w.account(customer).Administrator.Email, mails[0].To)
	for _, text := range []string{"“North Radio” asks to be a partner of “Delta Rail”", "Proposed profile: renewals", "Note: as agreed", "https://fleet.example/partners"} {
		require.Contains(t, mails[0].Body, text)
	}
	row := w.listed(administratorOf(reseller))[0]
	require.Equal(t, query.PartnershipRequestRow{
		UID: id, Reseller: reseller, ResellerName: "North Radio", Customer: customer, CustomerType: account.Standard, State: "open",
		Profile: "renewals", Until: until, Note: "as agreed", RequestedAt: row.RequestedAt,
	}, row)
	require.Equal(t, "Delta Rail", w.listed(administratorOf(customer))[0].CustomerName)
	require.Empty(t, w.listed(administratorOf(w.standard("West Rail"))))
	stranger := administratorOf(w.standard("East Rail"))

	accept := partnerships.AcceptRequest{Command: newCommand(), ID: id}
	as := func(c access.Caller) error {
		accept.Command = newCommand()
		_, err := w.Partnerships.AcceptRequest(w.ctx, c, accept)
		return err
	}
	require.ErrorIs(t, as(stranger), query.ErrNotFound)
	refused(t, as(administratorOf(reseller)), partnerships.CodeNotYours) // nobody gives itself rights
	_, err = w.Partnerships.WithdrawRequest(w.ctx, administratorOf(customer), id, newCommand())
	refused(t, err, partnerships.CodeNotYours)
	accept.Profile = "king"
	refused(t, as(administratorOf(customer)), partnership.CodeProfileUnknown)
	accept.Profile = ""
	begun = w.end()
	require.NoError(t, as(administratorOf(customer)))
	require.NoError(t, as(administratorOf(customer)), "again")
	list, err := w.reader.Partnerships(w.ctx, query.Freshness{MinPosition: w.end()}, reseller)
	require.NoError(t, err)
	require.Equal(t, []any{"read-only", until}, []any{list.Items[0].Profile.ID, list.Items[0].Until})
	mails = w.partnershipMails(begun)
	require.Len(t, mails, 1)
	require.Equal(t, w.account(reseller).Administrator.Email, mails[0].To)
	require.Contains(t, mails[0].Body, "“Delta Rail” has accepted")
	row = w.listed(administratorOf(reseller))[0]
	require.Equal(t, []any{"accepted", "Delta Rail", false}, []any{row.State, row.CustomerName, row.AnsweredAt.IsZero()})
	_, err = w.wants(reseller, customer, "")
	refused(t, err, partnership.CodeAlreadyPartnered)

	// Other partners of the customer are not told of its requests.
	other := w.activeReseller("South Radio")
	second, err := w.wants(other, customer, "")
	require.NoError(t, err)
	_, err = w.Partnerships.Assign(w.ctx, administratorOf(customer), partnerships.Assign{Command: newCommand(), Reseller: reseller, Customer: customer, Profile: "full"})
	require.NoError(t, err)
	acting := administratorOf(reseller)
	acting.ActingFor = customer
	require.Len(t, w.listed(acting), 1, "its own")
	for _, c := range []access.Caller{acting, administratorOf(reseller)} {
		_, err = w.Partnerships.DeclineRequest(w.ctx, c, second, newCommand())
		require.ErrorIs(t, err, query.ErrNotFound)
		_, _, err = w.Partnerships.GetRequest(w.ctx, c, second, query.Freshness{})
		require.ErrorIs(t, err, query.ErrNotFound)
	}
}

// activeReseller opens a reseller's account, which is active.
func (w *world) activeReseller(name string) uuid.UUID {
	w.t.Helper()
	uid := w.reseller(name)
	_, err := w.People.Activate(w.ctx, w.Tokens.Invitation(uid, 1), people.Activate{Command: newCommand(), Name: "Ada", Password: password})
	require.NoError(w.t, err)
	return uid
}

func TestDeclinedAndWithdrawn(t *testing.T) {
	t.Parallel()
	w := requestsWorld(t)
	reseller, customer := w.activeReseller("North Radio"), w.standard("Delta Rail")
	id, err := w.wants(reseller, customer, "")
	require.NoError(t, err)
	begun := w.end()
	no := newCommand()
	no.Reason = "not now"
	_, err = w.Partnerships.DeclineRequest(w.ctx, administratorOf(customer), id, no)
	require.NoError(t, err)
	_, err = w.Partnerships.DeclineRequest(w.ctx, administratorOf(customer), id, newCommand())
	require.NoError(t, err, "again")
	_, err = w.Partnerships.WithdrawRequest(w.ctx, administratorOf(reseller), id, newCommand())
	refused(t, err, partnership.CodeRequestNotOpen)
	mails := w.partnershipMails(begun)
	require.Len(t, mails, 1)
	require.Equal(t, w.account(reseller).Administrator.Email, mails[0].To)
	require.Contains(t, mails[0].Body, "not now")
	require.NotContains(t, mails[0].Body, "Delta Rail", "it is told no more than it knew")
	row := w.listed(administratorOf(reseller))[0]
	require.Equal(t, []any{"declined", "not now", ""}, []any{row.State, row.Reason, row.CustomerName})

	_, err = w.wants(reseller, customer, "anew")
	require.NoError(t, err)
	row = w.listed(administratorOf(reseller))[0]
	require.Equal(t, []any{"open", "", "anew"}, []any{row.State, row.Reason, row.Note})
	begun = w.end()
	_, err = w.Partnerships.WithdrawRequest(w.ctx, administratorOf(reseller), id, newCommand())
	require.NoError(t, err)
	_, err = w.Partnerships.AcceptRequest(w.ctx, administratorOf(customer), partnerships.AcceptRequest{Command: newCommand(), ID: id})
	refused(t, err, partnership.CodeRequestNotOpen)
	mails = w.partnershipMails(begun)
	require.Len(t, mails, 1)
	require.Equal(t, w.account(customer).Administrator.Email, mails[0].To)
	require.Len(t, w.partnershipMails(eventlog.Position{}), 2, "what does not wait any more is not mailed as if it did")
}

// Whatever a UID is of, the answer is the same, and nobody hears of what is no
// customer's.
func TestRequestsTellNothing(t *testing.T) {
	t.Parallel()
	w := requestsWorld(t)
	reseller, other := w.activeReseller("North Radio"), w.activeReseller("South Radio")
	closed := w.standard("Short Lived")
	_, err := w.Accounts.Close(w.ctx, operator(), accounts.Close{Command: newCommand(), Account: closed, Confirm: true})
	require.NoError(t, err)
	begun := w.end()
	var ids []uuid.UUID
	for _, uid := range []uuid.UUID{uuid.New(), closed, other, w.standard("Delta Rail")} {
		asked, err := w.Partnerships.Request(w.ctx, administratorOf(reseller), partnerships.Request{Command: newCommand(), Customer: uid})
		require.NoError(t, err)
		require.Equal(t, eventlog.Revision(0), asked.Revision)
		ids = append(ids, asked.UID)
	}
	require.Len(t, w.partnershipMails(begun), 1)
	rows := w.listed(administratorOf(reseller))
	require.Len(t, rows, 4)
	for _, r := range rows {
		require.Equal(t, []any{"open", ""}, []any{r.State, r.CustomerName})
	}
	require.Empty(t, w.listed(administratorOf(other)))
	_, err = w.Partnerships.AcceptRequest(w.ctx, administratorOf(other), partnerships.AcceptRequest{Command: newCommand(), ID: ids[2]})
	require.ErrorIs(t, err, query.ErrNotFound)
	for _, id := range ids {
		_, err = w.Partnerships.AcceptRequest(w.ctx, administratorOf(reseller), partnerships.AcceptRequest{Command: newCommand(), ID: id})
		refused(t, err, partnerships.CodeNotYours)
		_, err = w.Partnerships.WithdrawRequest(w.ctx, administratorOf(reseller), id, newCommand())
		require.NoError(t, err)
	}
	require.Len(t, w.partnershipMails(w.fold().position), 0)

	standard := w.standard("West Rail")
	_, err = w.wants(standard, reseller, "")
	refused(t, err, partnerships.CodeNotAReseller)
	_, err = w.Partnerships.Request(w.ctx, operator(), partnerships.Request{Command: newCommand(), Customer: standard})
	refused(t, err, access.CodeAccountRequired)
	long := make([]rune, 1001)
	for i := range long {
		long[i] = 'x'
	}
	_, err = w.wants(reseller, standard, string(long))
	refused(t, err, command.CodeNoteInvalid)
	acting := administratorOf(reseller)
	acting.ActingFor = w.customer(reseller, "Own Customer")
	_, err = w.Partnerships.Request(w.ctx, acting, partnerships.Request{Command: newCommand(), Customer: standard})
	require.ErrorIs(t, err, access.ErrForbidden)

	// Of several at once there is one request.
	errs := make([]error, 4)
	concurrently(4, func(i int) { _, errs[i] = w.wants(reseller, standard, "") })
	require.Equal(t, []error{nil, nil, nil, nil}, errs)
	asked := slices.DeleteFunc(w.after(begun, partners(reseller, standard)), func(e eventlog.Recorded) bool {
		_, is := e.Event.(partnership.PartnershipRequested)
		return !is
	})
	require.Len(t, asked, 1)
}
