package app_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/clock/clocktest"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/partnerships"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/app/renewals"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

func withRights(uid uuid.UUID, some ...rights.Right) access.Caller {
	c := administratorOf(uid)
	c.Administrator, c.Rights = false, some
	return c
}

func TestRightsOfCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller, stranger := w.reseller("North Radio"), w.reseller("South Radio")
	customer, readOnly := w.customer(reseller, "Delta Rail"), w.readOnlyCustomer(reseller, "Alder Ambulance")
	mine := w.registered(customer, router(1))[0]
	shown := w.registered(readOnly, router(2))[0]

	suspend := func(caller access.Caller, serial string) error {
		_, err := w.Devices.Suspend(w.ctx, caller, devices.LifeCycle{Command: newCommand(), Device: serial})
		return err
	}
	require.NoError(t, suspend(administratorOf(reseller), mine), "the partner profile gives the right")
	require.ErrorIs(t, suspend(administratorOf(reseller), shown), access.ErrForbidden, "it is seen, and no more")
	require.ErrorIs(t, suspend(administratorOf(stranger), mine), query.ErrNotFound)
	require.ErrorIs(t, suspend(administratorOf(readOnly), mine), query.ErrNotFound, "another customer of the same reseller")
	require.ErrorIs(t, suspend(withRights(customer, rights.DevicesRead), mine), access.ErrForbidden)
	require.ErrorIs(t, suspend(operator(), "LD00000000000099"), query.ErrNotFound)
	require.ErrorIs(t, suspend(operator(), "?"), query.ErrNotFound)

	_, err := w.Partnerships.Assign(w.ctx, administratorOf(reseller), partnerships.Assign{
		Command: newCommand(), Reseller: reseller, Customer: customer, Profile: "full",
	})
	require.ErrorIs(t, err, access.ErrForbidden, "no partner gives itself rights")
	_, err = w.Partnerships.Assign(w.ctx, administratorOf(customer), partnerships.Assign{
		Command: newCommand(), Reseller: reseller, Customer: customer, Profile: rights.ReadOnly,
	})
	require.NoError(t, err)
	require.ErrorIs(t, suspend(administratorOf(reseller), mine), access.ErrForbidden, "what was taken away is gone at once")

	_, err = w.Accounts.Create(w.ctx, administratorOf(reseller), accountNamed("Nope", account.Standard))
	require.ErrorIs(t, err, access.ErrForbidden)
	_, err = w.Accounts.CreateCustomer(w.ctx, administratorOf(customer), accountNamed("Nope", account.Standard))
	refused(t, err, accounts.CodeNotAReseller)
	_, err = w.Renewals.Grant(w.ctx, administratorOf(customer), renewals.Grant{Command: newCommand(), Device: mine, Term: calendar.Months(12)})
	require.ErrorIs(t, err, access.ErrForbidden)
}

// A reseller registers into standard accounts and its own, a standard account into
// itself, the operator everywhere.
func TestWhoRegistersWhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller, rival := w.reseller("North Radio"), w.reseller("South Radio")
	customer := w.customer(reseller, "Delta Rail")
	foreign := w.customer(rival, "Redwood Freight")
	acting := administratorOf(reseller)
	acting.ActingFor = customer
	n := 0
	for name, c := range map[string]struct {
		by   access.Caller
		into uuid.UUID
		want string
	}{
		"a reseller, itself":              {administratorOf(reseller), reseller, "created"},
		"a reseller, its customer":        {administratorOf(reseller), customer, "created"},
		"a reseller, another's customer":  {administratorOf(reseller), foreign, "created"},
		"a reseller, another reseller":    {administratorOf(reseller), rival, "refused target_is_reseller"},
		"a reseller, nobody":              {administratorOf(reseller), seed(1), "refused target_unknown"},
		"a reseller for its customer":     {acting, customer, "created"},
		"a reseller for it, itself":       {acting, reseller, "created"},
		"a reseller for it, no account":   {acting, uuid.Nil, "created"},
		"a customer, itself":              {administratorOf(customer), customer, "created"},
		"a customer, by default":          {administratorOf(customer), uuid.Nil, "created"},
		"a customer, its reseller":        {administratorOf(customer), reseller, "refused target_is_reseller"},
		"a customer, another's customer":  {administratorOf(customer), foreign, "refused target_unknown"},
		"a customer, nobody":              {administratorOf(customer), seed(1), "refused target_unknown"},
		"the operator, a reseller":        {operator(), rival, "created"},
		"the operator, a customer":        {operator(), foreign, "created"},
		"the operator without an account": {operator(), uuid.Nil, "refused account_required"},
	} {
		n++
		row := router(n)
		row.Account = c.into
		for _, dry := range []bool{true, false} {
			r, err := w.Devices.Register(w.ctx, c.by, devices.Register{Command: command.Command{ID: uuid.New(), DryRun: dry}, Items: []devices.Registration{row}})
			require.NoError(t, err, name)
			require.Equal(t, []string{c.want}, outcomes(r), name)
		}
	}
	_, err := w.Devices.Register(w.ctx, administratorOf(reseller), devices.Register{Command: newCommand()})
	refused(t, err, device.CodeSelectionEmpty)
	w.later()
	w.invariants()
}

func TestRegistrationIntoAnAccountNotSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	foreign := w.readOnlyCustomer(w.reseller("South Radio"), "Redwood Freight")
	row := router(1)
	row.Account = foreign
	register := func(caller access.Caller, row devices.Registration) (command.BulkResult, error) {
		return w.Devices.Register(w.ctx, caller, devices.Register{Command: newCommand(), Items: []devices.Registration{row}})
	}
	r, err := register(administratorOf(reseller), row)
	require.NoError(t, err)
	require.Equal(t, []string{"created"}, outcomes(r))
	require.Nil(t, r.Results[0].Device, "registered, and not seen")
	mine := row

	// Names, devices and offers of the account are not told; neither by a dry run.
	w.registered(foreign, router(3))
	row = router(4)
	row.Account, row.Name = foreign, router(3).Name
	there := router(3)
	there.Account, there.IMEI = foreign, imei(5)
	for _, rows := range [][]devices.Registration{{row}, {there}, {mine}} {
		for _, c := range []devices.Register{{Command: dryRun()}, {Command: newCommand(), Atomic: true}, {Command: newCommand()}} {
			c.Items = rows
			r, err = w.Devices.Register(w.ctx, administratorOf(reseller), c)
			require.NoError(t, err)
			want := map[string]string{row.SerialNumber: "created", there.SerialNumber: "refused registered_elsewhere", mine.SerialNumber: "unchanged"}
			if got := want[rows[0].SerialNumber]; got != "created" || c.DryRun || c.Atomic {
				require.Equal(t, []string{got}, outcomes(r))
			}
		}
	}
	require.Equal(t, row.SerialNumber, w.device(row.SerialNumber).Name, "silently replaced")
	named := []devices.Registration{router(6), router(7), router(8)}
	named[0].Name, named[1].Name, named[2].Name = router(8).SerialNumber, router(3).Name, router(3).Name
	for i := range named {
		named[i].Account = foreign
	}
	r, err = w.Devices.Register(w.ctx, administratorOf(reseller), devices.Register{Command: newCommand(), Items: named})
	require.NoError(t, err)
	require.Equal(t, []string{"created", "created", "created"}, outcomes(r))
	require.Equal(t, router(8).SerialNumber+" 2", w.device(router(8).SerialNumber).Name)
	row = router(9)
	row.Account, row.Offer = w.readOnlyCustomer(w.reseller("West Radio"), "Basic Buses", "complete"), "premium"
	r, err = register(administratorOf(reseller), row)
	require.NoError(t, err)
	require.Equal(t, []string{"refused offer_not_available"}, outcomes(r))
	require.NotContains(t, r.Results[0].Problems[0].Facts, "accountOffers")

	r, err = register(administratorOf(reseller), router(2))
	require.NoError(t, err)
	require.Equal(t, reseller, r.Results[0].Device.Account)

	_, err = register(withRights(reseller, rights.DevicesRead), row)
	require.ErrorIs(t, err, access.ErrForbidden)
	into := administratorOf(reseller)
	into.ActingFor = foreign
	_, err = register(into, row)
	require.ErrorIs(t, err, query.ErrNotFound)
	r, err = register(operator(), router(3))
	require.NoError(t, err)
	require.Equal(t, []string{"refused account_required"}, outcomes(r), "the operator has no account of its own")

	_, err = w.Accounts.Close(w.ctx, operator(), accounts.Close{Command: newCommand(), Account: reseller, Confirm: true})
	require.NoError(t, err)
	_, err = register(administratorOf(reseller), router(4))
	refused(t, err, account.CodeAccountClosed)
	require.Equal(t, []string{"refused target_not_active"}, outcomes(w.register(reseller, router(5))))
}

// Of a row that could not be read nothing else is known: that its serial number
// was invalid too would be untrue.
func TestUnreadableRowsAreRefusedForThatAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.customer(w.reseller("North Radio"), "Delta Rail")
	broken := devices.Registration{Ref: "line 2", Unreadable: true, Problems: []domain.Problem{{Code: "csv_quote_broken"}}}
	r := w.register(customer, broken, router(1))
	require.Equal(t, []string{"refused csv_quote_broken", "created"}, outcomes(r))
	require.Equal(t, "line 2", r.Results[0].Ref)
}

// spy is a reader that shows what it is asked for.
type spy struct {
	query.Reader
	partners  []query.PartnershipRow
	devices   query.DeviceQuery
	customers query.CustomerQuery
	accounts  query.AccountQuery
	releases  query.ReleaseQuery
}

func (s *spy) Releases(_ context.Context, q query.ReleaseQuery) (query.List[query.ReleaseRow], error) {
	s.releases = q
	return query.List[query.ReleaseRow]{}, nil
}

func (s *spy) Partnerships(context.Context, query.Freshness, uuid.UUID) (query.List[query.PartnershipRow], error) {
	return query.List[query.PartnershipRow]{Items: s.partners}, nil
}

func (s *spy) Devices(_ context.Context, q query.DeviceQuery) (query.List[query.DeviceRow], error) {
	s.devices = q
	return query.List[query.DeviceRow]{}, nil
}

func (s *spy) Customers(_ context.Context, q query.CustomerQuery) (query.List[query.CustomerRow], error) {
	s.customers = q
	return query.List[query.CustomerRow]{}, nil
}

func (s *spy) Accounts(_ context.Context, q query.AccountQuery) (query.List[query.AccountRow], error) {
	s.accounts = q
	return query.List[query.AccountRow]{}, nil
}

// The past is shown as it was seen then: windows, what is expired and who is
// still pending count from that day on, as in the lists behind the counts.
func TestThePastCountsFromItsOwnDay(t *testing.T) {
	t.Parallel()
	s := &spy{}
	now, then := time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC), time.Date(2026, 1, 5, 23, 0, 0, 0, time.UTC)
	w := newWorld(t)
	own := w.reseller("North Radio")
	a := w.with(w.log, func(d *app.Dependencies) { d.Reader, d.Clock = s, clocktest.At(now) })
	for _, c := range []struct{ asOf, at time.Time }{{time.Time{}, now}, {then, then}} {
		fresh := query.Freshness{AsOf: c.asOf}
		_, err := a.Accounts.Customers(t.Context(), operatorFor(own), query.CustomerQuery{Freshness: fresh})
		require.NoError(t, err)
		_, err = a.Devices.List(t.Context(), operator(), query.DeviceQuery{Freshness: fresh})
		require.NoError(t, err)
		_, err = a.Accounts.List(t.Context(), operator(), query.AccountQuery{Freshness: fresh})
		require.NoError(t, err)
		require.Equal(t, calendar.DateOf(c.at), s.customers.Today)
		require.Equal(t, c.at, s.customers.Now)
		require.Equal(t, calendar.DateOf(c.at), s.devices.Today)
		require.Equal(t, c.at, s.accounts.Now)
		_, _, err = a.Accounts.Get(t.Context(), operator(), own, fresh)
		require.ErrorIs(t, err, query.ErrNotFound)
		require.Equal(t, c.at, s.accounts.Now)
	}
}

func TestScopeOfLists(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own, full, readOnly, upstream, other := seed(1), seed(2), seed(3), seed(4), w.reseller("North Radio")
	s := &spy{partners: []query.PartnershipRow{
		{Reseller: own, Customer: full, Profile: rights.Resolve("full", nil)},
		{Reseller: own, Customer: readOnly, Profile: rights.Resolve(rights.ReadOnly, nil)},
		{Reseller: own, Customer: seed(6), Profile: rights.Resolve("gone", nil)},
		{Reseller: upstream, Customer: own, Profile: rights.Resolve("full", nil)},
	}}
	a := w.with(w.log, func(d *app.Dependencies) { d.Reader = s })
	scope := func(caller access.Caller, uids ...uuid.UUID) []uuid.UUID {
		_, err := a.Devices.List(t.Context(), caller, query.DeviceQuery{Accounts: uids})
		require.NoError(t, err)
		return s.devices.Accounts
	}
	require.Equal(t, []uuid.UUID{own, full, readOnly}, scope(administratorOf(own)))
	require.Equal(t, []uuid.UUID{full}, scope(administratorOf(own), full, other))
	require.Equal(t, []uuid.UUID{}, scope(administratorOf(own), other), "none is not all")
	require.Nil(t, scope(operator()))
	require.Equal(t, []uuid.UUID{other}, scope(operator(), other))
	require.Equal(t, []uuid.UUID{other}, scope(operatorFor(other)))
	_, err := a.Devices.List(t.Context(), operatorFor(seed(6)), query.DeviceQuery{})
	require.ErrorIs(t, err, query.ErrNotFound, "no such account")
	_, _, err = a.Devices.Get(t.Context(), administratorOf(own), "LD00000000000001", query.Freshness{})
	require.ErrorIs(t, err, query.ErrNotFound)
	s.partners = nil
	_, err = a.Devices.List(t.Context(), withRights(own, rights.AccountRead), query.DeviceQuery{})
	require.ErrorIs(t, err, access.ErrForbidden)
}

func TestEditWithExpectedRevision(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.customer(w.reseller("North Radio"), "Delta Rail")
	serial := w.registered(customer, routers(1, 2)...)[0]
	name, taken, labels, revision := "gate", "Router 2", []string{"north"}, eventlog.Revision(0)
	c := devices.Edit{Command: newCommand(), Device: serial, Name: &name, Labels: &labels, IfRevision: &revision}
	done, err := w.Devices.Edit(w.ctx, operator(), c)
	require.NoError(t, err)
	require.Equal(t, eventlog.Revision(2), done.Revision)
	again, err := w.Devices.Edit(w.ctx, operator(), c)
	require.NoError(t, err, "the same command again")
	require.Equal(t, done.Revision, again.Revision)
	c.Command = newCommand()
	_, err = w.Devices.Edit(w.ctx, operator(), c)
	require.ErrorIs(t, err, command.ErrPrecondition)
	_, err = w.Devices.Edit(w.ctx, operator(), devices.Edit{Command: newCommand(), Device: serial, Name: &taken})
	refused(t, err, device.CodeNameTaken)
	w.registered(customer, router(3))
	spelled := "GATE"
	_, err = w.Devices.Edit(w.ctx, operator(), devices.Edit{Command: newCommand(), Device: serial, Name: &spelled})
	require.NoError(t, err, "its own name in other case")
	w.later()
	w.invariants()
}
