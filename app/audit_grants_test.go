package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/audits"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/operations"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/app/transfers"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/audit"
	"github.com/fleetledger/fleetledger/domain/rights"
)

func (w *world) grantFor(accounts ...uuid.UUID) audits.Grant {
	return audits.Grant{
		Command: newCommand(), Auditor: account.Contact{Email: "ada@auditors.example", Name: "Ada"}, Accounts: accounts,
		ExpiresAt: w.clock.Now().AddDate(0, 1, 0),
	}
}

// auditor is who reads some accounts.
func (w *world) auditor(accounts ...uuid.UUID) access.Caller {
	w.t.Helper()
	granted, err := w.Audits.Grant(w.ctx, operator(), w.grantFor(accounts...))
	require.NoError(w.t, err)
	caller, err := w.Audits.Caller(w.ctx, granted.Token)
	require.NoError(w.t, err)
	return caller
}

func auditing(c access.Caller, uid uuid.UUID) access.Caller {
	c.ActingFor = uid
	return c
}

func TestAuditGrant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.readOnlyCustomer(reseller, "Delta Rail")
	c := w.grantFor(customer, reseller, customer)
	c.Reason = "yearly audit"
	granted, err := w.Audits.Grant(w.ctx, operator(), c)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(granted.Token, access.AuditPrefix))
	require.ElementsMatch(t, []uuid.UUID{reseller, customer}, granted.Accounts)
	require.Equal(t, audit.Active, granted.Status)
	require.Equal(t, "yearly audit", granted.Reason)
	require.Equal(t, w.clock.Now(), granted.GrantedAt)

	caller, err := w.Audits.Caller(w.ctx, granted.Token)
	require.NoError(t, err)
	require.Equal(t, domain.Actor{Kind: domain.ActorAuditor, ID: granted.UID.String()}, caller.Actor)
	require.ElementsMatch(t, granted.Accounts, caller.Audits)
	self, err := w.People.Self(w.ctx, caller)
	require.NoError(t, err)
	require.Equal(t, account.Person{ID: granted.UID, Email: "ada@auditors.example", Name: "Ada"}, self.Person)

	// Again it is the same, and the log does not hold the token.
	w.clock.Advance(60 * 24 * time.Hour) // also when it has run out
	again, err := w.Audits.Grant(w.ctx, operator(), c)
	require.NoError(t, err)
	require.Equal(t, granted.Token, again.Token)
	require.Equal(t, granted.GrantedAt, again.GrantedAt)
	require.Equal(t, granted.Position, again.Position)
	require.Equal(t, audit.Expired, again.Status)
	_, err = w.Audits.Caller(w.ctx, granted.Token)
	require.ErrorIs(t, err, query.ErrNotFound, "it has run out")
	require.NotContains(t, fmt.Sprint(w.everything()), granted.Token)
	for _, change := range []func(*audits.Grant){
		func(c *audits.Grant) { c.Accounts = []uuid.UUID{reseller} },
		func(c *audits.Grant) { c.Auditor.Name = "Bo" },
		func(c *audits.Grant) { c.ExpiresAt = c.ExpiresAt.Add(time.Hour) },
	} {
		other := c
		change(&other)
		_, err = w.Audits.Grant(w.ctx, operator(), other)
		refused(t, err, command.CodeIdempotencyReuse)
	}
}

func TestAuditGrantsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own := w.reseller("North Radio")
	c := w.grantFor(own, uuid.New())
	c.Auditor = account.Contact{Email: "nobody", Name: "\x00"}
	c.ExpiresAt = w.clock.Now().AddDate(1, 0, 2)
	_, err := w.Audits.Grant(w.ctx, operator(), c)
	refused(t, err, account.CodeEmailInvalid, account.CodeNameInvalid, audits.CodeAccountUnknown, audit.CodeExpiryInvalid)
	for _, p := range problemsOf(t, err) {
		if p.Code == audits.CodeAccountUnknown {
			require.Equal(t, "/accounts/1", p.Pointer)
		}
	}
	_, err = w.Audits.Grant(w.ctx, operator(), w.grantFor())
	refused(t, err, audit.CodeAccountsInvalid)
	for _, caller := range []access.Caller{administratorOf(own), w.auditor(own)} {
		_, err = w.Audits.Grant(w.ctx, caller, w.grantFor(own))
		require.ErrorIs(t, err, access.ErrForbidden)
		_, err = w.Audits.List(w.ctx, caller, query.AuditGrantQuery{})
		require.ErrorIs(t, err, access.ErrForbidden)
		_, _, err = w.Audits.Get(w.ctx, caller, uuid.New())
		require.ErrorIs(t, err, access.ErrForbidden)
		_, err = w.Audits.Revoke(w.ctx, caller, uuid.New(), newCommand(), nil)
		require.ErrorIs(t, err, access.ErrForbidden)
	}
	short := w.with(w.log, func(d *app.Dependencies) { d.AuditLife = 24 * time.Hour })
	_, err = short.Audits.Grant(w.ctx, operator(), w.grantFor(own))
	refused(t, err, audit.CodeExpiryInvalid)
}

func problemsOf(t *testing.T, err error) []domain.Problem {
	t.Helper()
	var refusal *domain.Refusal
	require.ErrorAs(t, err, &refusal)
	return refusal.Problems
}

func TestRevokedAuditorIsOutAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own := w.reseller("North Radio")
	granted, err := w.Audits.Grant(w.ctx, operator(), w.grantFor(own))
	require.NoError(t, err)
	other, err := w.Audits.Grant(w.ctx, operator(), w.grantFor(own))
	require.NoError(t, err)

	stale := eventlog.Revision(7)
	_, err = w.Audits.Revoke(w.ctx, operator(), granted.UID, newCommand(), &stale)
	require.ErrorIs(t, err, command.ErrPrecondition)
	_, err = w.Audits.Revoke(w.ctx, operator(), uuid.New(), newCommand(), nil)
	require.ErrorIs(t, err, query.ErrNotFound)
	done, err := w.Audits.Revoke(w.ctx, operator(), granted.UID, newCommand(), nil)
	require.NoError(t, err)
	require.Equal(t, eventlog.Revision(1), done.Revision)
	_, err = w.Audits.Caller(w.ctx, granted.Token)
	require.ErrorIs(t, err, query.ErrNotFound)
	_, err = w.Audits.Caller(w.ctx, other.Token)
	require.NoError(t, err, "another grant stands")
	row, position, err := w.Audits.Get(w.ctx, operator(), granted.UID)
	require.NoError(t, err)
	require.Equal(t, done.Position, position)
	require.Equal(t, audit.Revoked, row.Status)
	require.Equal(t, w.clock.Now(), row.EndedAt)
	again, err := w.Audits.Revoke(w.ctx, operator(), granted.UID, newCommand(), nil)
	require.NoError(t, err)
	require.Equal(t, done.Revision, again.Revision)

	for _, guess := range []string{
		"", access.AuditPrefix, other.Token[len(access.AuditPrefix):], other.Token + "A", strings.Replace(other.Token, access.AuditPrefix, access.PersonalPrefix, 1),
		access.AuditPrefix + w.Tokens.Invitation(other.UID, 1), other.Token[:len(other.Token)-4] + "AAAA", access.AuditPrefix + w.Tokens.Invitation(own, 1),
	} {
		_, err = w.Audits.Caller(w.ctx, guess)
		require.ErrorIs(t, err, query.ErrNotFound, guess)
	}
}

// An erased auditor is forgotten in the log, and reads no more. Died before the
// key was destroyed, the finisher does it.
func TestEraseAuditor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	granted, err := w.Audits.Grant(w.ctx, operator(), w.grantFor(w.reseller("North Radio")))
	require.NoError(t, err)
	_, err = w.People.Erase(w.ctx, operator(), granted.UID, newCommand())
	require.NoError(t, err)
	row, _, err := w.Audits.Get(w.ctx, operator(), granted.UID)
	require.NoError(t, err)
	require.Equal(t, account.Person{ID: granted.UID}.Erase(), row.Auditor)
	require.Equal(t, audit.Revoked, row.Status)
	require.True(t, w.keyOf(granted.UID).Erased)
	_, err = w.Audits.Caller(w.ctx, granted.Token)
	require.ErrorIs(t, err, query.ErrNotFound)
	require.NotContains(t, fmt.Sprintf("%+v", w.everything()), "ada@auditors.example")
	events := len(w.everything())
	_, err = w.People.Erase(w.ctx, operator(), granted.UID, newCommand())
	require.NoError(t, err)
	require.Len(t, w.everything(), events, "erased again")

	other := w.auditor(w.reseller("South Radio"))
	person := uuid.MustParse(other.Actor.ID)
	_, err = w.dying(3, true).People.Erase(w.ctx, operator(), person, newCommand()) // the event, what is kept, the key
	require.ErrorIs(t, err, errDead)
	require.False(t, w.keyOf(person).Erased)
	w.later()
	require.True(t, w.keyOf(person).Erased)
}

func TestWhatAnAuditorReads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	store := w.withOperations()
	reseller, stranger := w.reseller("North Radio"), w.reseller("South Radio")
	customer, sibling := w.customer(reseller, "Delta Rail"), w.customer(reseller, "Alder Ambulance")
	auditor := w.auditor(reseller, customer)
	serial, foreign := w.registered(customer, router(1))[0], w.registered(sibling, router(2))[0]
	byReseller := w.tokenOf(reseller)

	// A device's history, but for the time with somebody else.
	require.Equal(t, 1, w.transfer(sibling, reseller, foreign).Count(domain.OutcomeTransferred))
	history, err := w.Devices.History(w.ctx, auditor, foreign)
	require.NoError(t, err)
	require.True(t, history[0].Redacted)
	require.Equal(t, reseller, history[1].Account)
	require.Equal(t, 1, w.transfer(reseller, sibling, foreign).Count(domain.OutcomeTransferred))
	_, err = w.Devices.History(w.ctx, auditor, foreign)
	require.ErrorIs(t, err, query.ErrNotFound)
	history, err = w.Devices.History(w.ctx, auditor, serial)
	require.NoError(t, err)
	require.False(t, history[0].Redacted)
	_, err = w.Devices.History(w.ctx, auditing(auditor, reseller), serial)
	require.ErrorIs(t, err, query.ErrNotFound, "not of the account named")

	// What the accounts have asked for, with all that they were told.
	plan, err := w.Transfers.Plan(w.ctx, byReseller, transfers.Transfer{Command: newCommand(), From: customer, To: reseller, Devices: []string{serial}})
	require.NoError(t, err)
	seen, err := w.Transfers.TransferPlan(w.ctx, auditor, plan.Plan.Plan)
	require.NoError(t, err)
	require.Equal(t, plan, seen)
	elsewhere, err := w.Transfers.Plan(w.ctx, byReseller, transfers.Transfer{Command: newCommand(), From: sibling, To: reseller, Devices: []string{foreign}})
	require.NoError(t, err)
	_, err = w.Transfers.TransferPlan(w.ctx, auditor, elsewhere.Plan.Plan)
	require.ErrorIs(t, err, query.ErrNotFound, "about devices of another account")
	moved, err := w.Transfers.Transfer(w.ctx, byReseller, transfers.Transfer{Command: newCommand(), From: customer, To: reseller, Devices: []string{serial, foreign}})
	require.NoError(t, err)
	whole, err := w.Transfers.Get(w.ctx, byReseller, moved.ID)
	require.NoError(t, err)
	record, err := w.Transfers.Get(w.ctx, auditor, moved.ID)
	require.NoError(t, err)
	require.Equal(t, whole, record)
	part, err := w.Transfers.Get(w.ctx, auditing(auditor, customer), moved.ID)
	require.NoError(t, err)
	require.Len(t, part.Items, 1, "as the customer sees it")
	_, err = w.Transfers.Get(w.ctx, w.auditor(stranger), moved.ID)
	require.ErrorIs(t, err, query.ErrNotFound)

	// Requests to release a device, on both sides.
	asked, err := w.Devices.RequestRelease(w.ctx, administratorOf(stranger), devices.RequestRelease{Command: newCommand(), SerialNumber: foreign, IMEI: imei(2)})
	require.NoError(t, err)
	_, err = w.Devices.ReleaseRequest(w.ctx, auditor, asked.Request.Request)
	require.ErrorIs(t, err, query.ErrNotFound)
	side, err := w.Devices.ReleaseRequest(w.ctx, w.auditor(stranger), asked.Request.Request)
	require.NoError(t, err)
	require.Equal(t, uuid.Nil, side.Owner, "as who asked sees it")
	side, err = w.Devices.ReleaseRequest(w.ctx, w.auditor(sibling), asked.Request.Request)
	require.NoError(t, err)
	require.Equal(t, sibling, side.Owner)
	listed := &spy{}
	lists := w.with(w.log, func(d *app.Dependencies) { d.Reader = listed }).Devices
	_, err = lists.ReleaseRequests(w.ctx, auditing(auditor, sibling), "", query.ReleaseQuery{})
	require.ErrorIs(t, err, query.ErrNotFound)
	_, err = lists.ReleaseRequests(w.ctx, auditing(auditor, customer), "", query.ReleaseQuery{})
	require.NoError(t, err)
	require.Equal(t, query.ReleaseQuery{Holders: []uuid.UUID{customer}, Askers: []uuid.UUID{customer}}, listed.releases)

	// Operations of the accounts, without devices of others.
	op, err := w.Operations.Submit(w.ctx, byReseller, operations.Submission{Command: newCommand(), Kind: ports.OperationRegistration, Registrations: devices.Register{Items: []devices.Registration{
		{SerialNumber: router(3).SerialNumber, IMEI: imei(3), Account: customer}, {SerialNumber: router(4).SerialNumber, IMEI: imei(4), Account: sibling},
	}}})
	require.NoError(t, err)
	w.run(op)
	w.App = w.with(w.log, func(d *app.Dependencies) { d.Operations = store })
	for caller, shown := range map[string]struct {
		access.Caller
		devices []bool
	}{"the reseller": {byReseller, []bool{true, true}}, "its auditor": {auditor, []bool{true, false}}} {
		results, err := w.Operations.Results(w.ctx, shown.Caller, op.ID, 0, 10)
		require.NoError(t, err, caller)
		require.Len(t, results, 2)
		for i := range results {
			require.Equal(t, domain.OutcomeCreated, results[i].Outcome)
			require.Equal(t, shown.devices[i], results[i].Device != nil, "%s, device %d", caller, i)
		}
	}
	_, err = w.Operations.Get(w.ctx, w.auditor(customer), op.ID)
	require.ErrorIs(t, err, query.ErrNotFound, "it is the reseller's")
	w.invariants()
}

func TestScopeOfAuditors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second, other := seed(1), seed(2), w.reseller("North Radio")
	s := &spy{partners: []query.PartnershipRow{{Reseller: first, Customer: second, Profile: rights.Resolve(rights.ReadOnly, nil)}, {Reseller: first, Customer: other, Profile: rights.Resolve("full", nil)}}}
	a := w.with(w.log, func(d *app.Dependencies) { d.Reader = s })
	auditor := access.Caller{Actor: domain.Actor{Kind: domain.ActorAuditor, ID: "grant"}, Audits: []uuid.UUID{first, second}}
	scope := func(c access.Caller, accounts ...uuid.UUID) []uuid.UUID {
		_, err := a.Devices.List(t.Context(), c, query.DeviceQuery{Accounts: accounts})
		require.NoError(t, err)
		return s.devices.Accounts
	}
	require.Equal(t, []uuid.UUID{first, second}, scope(auditor))
	require.Equal(t, []uuid.UUID{second}, scope(auditor, second, other))
	require.Equal(t, []uuid.UUID{}, scope(auditor, other), "reached by a partnership of an account, not by the grant")
	require.Equal(t, []uuid.UUID{first}, scope(auditing(auditor, first)))
	_, err := a.Devices.List(t.Context(), auditing(auditor, other), query.DeviceQuery{})
	require.ErrorIs(t, err, query.ErrNotFound)

	_, err = a.Accounts.Customers(t.Context(), auditing(auditor, first), query.CustomerQuery{})
	require.NoError(t, err)
	require.Equal(t, first, s.customers.Reseller)
	_, err = a.Accounts.Customers(t.Context(), auditing(auditor, other), query.CustomerQuery{})
	require.ErrorIs(t, err, query.ErrNotFound)
	_, err = a.Accounts.Customers(t.Context(), auditor, query.CustomerQuery{})
	refused(t, err, access.CodeAccountRequired)
	found, _, err := a.Partnerships.List(t.Context(), auditor, first, query.Freshness{})
	require.NoError(t, err)
	require.Len(t, found, 2, "all of the account's")
}
