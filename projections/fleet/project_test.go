package fleet_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/projections/fleet"
)

// Given events of a device, when projected, then this is its row.
func TestDeviceRows(t *testing.T) {
	t.Parallel()
	owner, buyer := uuid.New(), uuid.New()
	uid := device.UID("RV500001")
	moved := device.Service{Offer: "premium", Start: day0 + 10, End: day0 + 300, AnchorDay: 2}
	for name, test := range map[string]struct {
		given []domain.Event
		then  func(device.State) bool // nil: no row
	}{
		"nothing but fences and holds": {
			given: []domain.Event{device.ClaimAbandoned{Device: uid}, device.Held{Device: uid, Batch: uuid.New()}, device.HoldReleased{Device: uid}},
		},
		"registered": {
			given: []domain.Event{registered("RV500001", owner, day0+365)},
			then: func(s device.State) bool {
				return s.Account == owner && s.Service.End == day0+365 && s.LifeCycle == device.Active
			},
		},
		"registered behind a hold": {
			given: []domain.Event{device.Held{Device: uid, Batch: uuid.New()}, registered("RV500001", owner, day0+365)},
			then:  func(s device.State) bool { return s.HeldBy == uuid.Nil && s.Account == owner },
		},
		"transferred": {
			given: []domain.Event{registered("RV500001", owner, day0+365), device.Transferred{Device: uid, From: owner, To: buyer, Name: "New", Service: moved}},
			then:  func(s device.State) bool { return s.Account == buyer && s.Name == "New" && s.Service == moved },
		},
		"renewed": {
			given: []domain.Event{registered("RV500001", owner, day0+365), device.ServiceRenewed{Device: uid, OldEnd: day0 + 365, NewEnd: day0 + 730, AnchorDay: 1}},
			then:  func(s device.State) bool { return s.Service.End == day0+730 },
		},
		"suspended": {
			given: []domain.Event{registered("RV500001", owner, day0+365), device.Suspended{Device: uid}},
			then:  func(s device.State) bool { return s.LifeCycle == device.InSuspension },
		},
		"retired": {
			given: []domain.Event{registered("RV500001", owner, day0+365), device.Retired{Device: uid}},
			then:  func(s device.State) bool { return s.LifeCycle == device.OutOfService },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, h := given(t)
			h.add(device.Aggregate.Stream(uid), test.given...)
			m.whenProjected(t, h)
			page := then(t, m.reader.Devices, query.DeviceQuery{UID: uid})
			if test.then == nil {
				require.Empty(t, page.Items)
				return
			}
			require.Len(t, page.Items, 1)
			row := page.Items[0]
			require.True(t, test.then(row.State), "%+v", row.State)
			require.Equal(t, eventlog.Revision(len(test.given)-1), row.Revision)
			// The row is the fold of the events, nothing lost on the way.
			want := device.State{}
			for _, e := range test.given {
				want = device.Evolve(want, e)
			}
			require.Empty(t, cmp.Diff(want, row.State))
			require.Equal(t, h.events[len(h.events)-1].Position, page.Position)
		})
	}
}

func TestAccountRows(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	reseller := h.account("Northwind", account.Reseller, uuid.Nil)
	customer := h.customer("Contoso", reseller)
	abandoned := uuid.New()
	h.add(account.Aggregate.Stream(abandoned), account.AccountCreationAbandoned{Account: abandoned})
	h.add(account.Aggregate.Stream(reseller), account.AccountActivated{Account: reseller,
		Administrator: account.Person{ID: uuid.New(), Email: "ann@northwind.example", Name: "Ann"}})
	m.whenProjected(t, h)

	now := start.AddDate(0, 0, 8)
	page := then(t, m.reader.Accounts, query.AccountQuery{Now: now})
	require.Len(t, page.Items, 2)
	require.Equal(t, 2, page.Total)
	contoso, northwind := page.Items[0], page.Items[1]
	require.Equal(t, customer, contoso.UID)
	require.Equal(t, account.Expired, contoso.Status, "its invitation ran out")
	require.Equal(t, account.Activated, northwind.Status)
	require.Equal(t, eventlog.Revision(1), northwind.Revision)
	require.Equal(t, start.Add(time.Minute), northwind.CreatedAt)
	require.Equal(t, "ann@northwind.example", northwind.Administrators[0].Email)

	page = then(t, m.reader.Accounts, query.AccountQuery{Now: start, Freshness: query.Freshness{AsOf: start.Add(time.Minute)}})
	require.Len(t, page.Items, 1)
	require.Equal(t, account.Pending, page.Items[0].Status, "as it was then")
}

func TestPartnershipRows(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	reseller := h.account("Northwind", account.Reseller, uuid.Nil)
	first, second := h.customer("Beta", reseller), h.customer("Alpha", reseller)
	before := h.now
	p := partnership.UID(reseller, first)
	h.add(partnership.Aggregate.Stream(p), partnership.PartnerProfileAssigned{Partnership: p, Profile: "full"})
	p = partnership.UID(reseller, second)
	h.add(partnership.Aggregate.Stream(p), partnership.PartnershipEnded{Partnership: p})
	m.whenProjected(t, h)

	list, err := m.reader.Partnerships(t.Context(), query.Freshness{}, reseller)
	require.NoError(t, err)
	require.Len(t, list.Items, 1, "the ended one is gone")
	require.Equal(t, "Beta", list.Items[0].PartnerName)
	require.Equal(t, "full", list.Items[0].Profile.ID)

	list, err = m.reader.Partnerships(t.Context(), query.Freshness{}, first)
	require.NoError(t, err)
	require.Equal(t, "Northwind", list.Items[0].PartnerName)
	require.Equal(t, account.Reseller, list.Items[0].PartnerType)

	list, err = m.reader.Partnerships(t.Context(), query.Freshness{AsOf: before}, reseller)
	require.NoError(t, err)
	require.Len(t, list.Items, 2)
	require.Equal(t, "Alpha", list.Items[0].PartnerName)
}

// Given a reseller's customer with devices, when seen on a day, then these are
// the numbers of the Customers page.
func TestCustomerNumbers(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	reseller := h.account("Northwind", account.Reseller, uuid.Nil)
	customer := h.customer("Contoso", reseller)
	empty := h.customer("Empty", reseller)
	h.customer("Of somebody else", uuid.New())
	today := day0 + 100
	ends := []calendar.Date{today - 1, today, today + 1, today + 1, today + 30, today + 31, today + 60, today + 61, today + 90, today + 91}
	for i, end := range ends {
		h.device("RV50"+string(rune('A'+i))+"000", customer, end)
	}
	gone := h.device("RV50GONE", customer, today+1)
	h.add(device.Aggregate.Stream(gone), device.Retired{Device: gone})
	quiet := h.device("RV50QUIET", customer, today+91)
	h.add(device.Aggregate.Stream(quiet), device.Suspended{Device: quiet})
	own := registered("RV50AUTO", customer, today+1)
	own.Service.AutoRenew = true
	h.add(device.Aggregate.Stream(own.Device), own)
	m.whenProjected(t, h)

	page := then(t, m.reader.Customers, query.CustomerQuery{Reseller: reseller, Today: today, Windows: query.DefaultWindows})
	require.Equal(t, 2, page.Total)
	want := query.CustomerRow{
		UID: customer, Name: "Contoso", Status: account.Pending,
		TotalSystems: 12, ActiveSystems: 11, InitialRenewal: today, RenewalSystems: 1, LastRenewal: today + 91,
		Windows: [3]int{4, 2, 2}, Expired: 1, AutoRenewing: 1, PartnerProfile: rights.Resolve("read-only", nil),
		Administrators: page.Items[0].Administrators,
	}
	require.Empty(t, cmp.Diff(want, page.Items[0]))
	require.Equal(t, query.CustomerRow{UID: empty, Name: "Empty", Status: account.Pending, PartnerProfile: rights.Resolve("read-only", nil),
		Administrators: page.Items[1].Administrators}, page.Items[1])
}

// The Customers page is made without a look at the devices: it comes while
// nobody can read their table. What it costs then depends on customers and
// days; see BenchmarkCustomers.
func TestCustomersDoNotReadDevices(t *testing.T) {
	t.Parallel()
	m, _, reseller := market(t)
	tx, err := m.pool.Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = tx.Rollback(t.Context()) }()
	_, err = tx.Exec(t.Context(), `LOCK TABLE `+schema+`.device_versions IN ACCESS EXCLUSIVE MODE`)
	require.NoError(t, err)
	page := then(t, m.reader.Customers, query.CustomerQuery{Reseller: reseller, Today: day0 + 40, Windows: query.DefaultWindows})
	require.Equal(t, 23, page.Total)
}

// Without the tables, or the database, a read says that it may come again.
func TestUnavailable(t *testing.T) {
	t.Parallel()
	now := func(context.Context, []string, eventlog.Position) error { return nil }
	server := pgtest.Server(t)
	pool := server.Pool(t)
	reader := fleet.NewReader(pool, now)
	_, err := reader.Customers(t.Context(), query.CustomerQuery{Windows: query.DefaultWindows})
	require.ErrorIs(t, err, query.ErrUnavailable, "not prepared yet")
	server.Stop(t)
	_, err = reader.Devices(t.Context(), query.DeviceQuery{})
	require.ErrorIs(t, err, query.ErrUnavailable)
	server.Start(t)

	m := newModel(t)
	_, err = m.pool.Exec(t.Context(), `UPDATE ops.projector_checkpoint SET state = 'filling'`)
	require.NoError(t, err)
	_, err = m.reader.Accounts(t.Context(), query.AccountQuery{})
	require.ErrorIs(t, err, query.ErrNotCaughtUp)

	never := func(context.Context, []string, eventlog.Position) error { return query.ErrNotCaughtUp }
	_, err = fleet.NewReader(pool, never).Accounts(t.Context(), query.AccountQuery{})
	require.ErrorIs(t, err, query.ErrNotCaughtUp)
}
