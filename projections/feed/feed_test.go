package feed_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/due"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/projections"
)

const a, b = "LB00000000000001", "LB00000000000002"

// What falls due has its place where the day is marked, after what was before and in the
// order of days.
func TestWhatFallsDueIsInTheOrderOfTheLog(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	h.mark(day0)
	first := h.device(a, registered(a, customer, day0+92))
	h.mark(day0 + 1)
	h.device(b, registered(b, customer, day0+61))
	h.mark(day0 + 40) // nobody has looked for weeks
	h.device(a, device.Renamed{NewName: "gate"})
	h.mark(day0 + 40)
	h.mark(day0 + 39) // a clock that went back
	m.whenProjected(t, h)
	var order []string
	for i, item := range m.items(t) {
		require.EqualValues(t, i+1, item.N)
		order = append(order, item.Type)
	}
	require.Equal(t, []string{"Registered", "Registered", "ServiceExpiring", "ServiceExpiring", "ServiceExpiring", "ServiceExpiring", "Renamed"}, order)
	m.then(t,
		"2027-06-02 ServiceExpiring amber of 2027-08-01", // b, which was in the window as it came
		"2027-06-03 ServiceExpiring green of 2027-09-01",
		"2027-07-02 ServiceExpiring red of 2027-08-01",
		"2027-07-03 ServiceExpiring amber of 2027-09-01",
	)
	expiring := m.items(t)[3]
	require.Equal(t, h.events[4].Position, expiring.Position)
	require.Equal(t, query.FeedItem{
		N: 4, Event: expiring.Event, Type: "ServiceExpiring", Stream: device.Aggregate.Stream(first), Revision: eventlog.NoStream, Position: h.events[4].Position,
		Need: rights.DevicesRead, Accounts: []uuid.UUID{customer}, Device: first, Computed: expiring.Computed,
	}, expiring)
	require.Equal(t, "green", expiring.Computed.Data.(map[string]any)["window"])
}

// The first mark of a log that is older than marks tells of what is true that day only.
func TestTheFirstMarkOfAnOldLog(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	for serial, days := range map[string]int{"SN01": -400, "SN02": -2, "SN03": -1, "SN04": 0, "SN05": 31, "SN06": 90, "SN07": 91} {
		h.device(serial, registered(serial, customer, day0.AddDays(days)))
	}
	h.device("SN08", registered("SN08", customer, day0), device.Retired{})
	h.device("SN09", registered("SN09", reseller, day0))
	m.whenProjected(t, h)
	m.then(t)
	h.mark(day0)
	m.whenProjected(t, h)
	m.then(t,
		"2027-05-02 ServiceExpiring red of 2027-06-01",
		"2027-05-03 ServiceExpiring amber of 2027-07-02",
		"2027-06-01 ServiceExpired  of 2027-05-31",
		"2027-06-01 ServiceExpiring green of 2027-08-30",
	)
}

// An end that a device comes back to is told once, whichever way it comes back.
func TestAnEndIsToldOnce(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	end := day0 + 30
	h.mark(day0)
	h.device(a, registered(a, customer, end))
	h.mark(day0 + 1)
	red := "2027-06-01 ServiceExpiring red of 2027-07-01"
	renewal := uuid.UUID{9}
	h.device(a, device.ServiceRenewed{Renewal: renewal, NewEnd: end + 365})
	h.mark(day0 + 2)
	h.device(a, device.RenewalReversed{Renewal: renewal, Restored: &device.Allocation{Until: end}})
	h.mark(day0 + 3)
	h.device(a, device.Retired{})
	h.mark(day0 + 4)
	h.device(a, device.Reinstated{})
	h.mark(day0 + 5)
	h.device(a, device.Transferred{From: customer, To: reseller, Service: device.Service{End: end + 1000, AutoRenew: true}})
	h.mark(day0 + 6)
	h.device(a, device.Transferred{From: reseller, To: customer, Service: device.Service{End: end}})
	h.mark(day0 + 7)
	m.whenProjected(t, h)
	m.then(t, red)
	h.mark(end + 1)
	m.whenProjected(t, h)
	m.then(t, red, "2027-07-02 ServiceExpired  of 2027-07-01")
}

// A device that is retired or renews by itself is told nothing of; one that no longer is,
// what is true of it then.
func TestDevicesThatDoNotCount(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	h.mark(day0)
	h.device(a, registered(a, customer, day0+100), device.Retired{})
	h.device(b, registered(b, reseller, day0+100))
	h.mark(day0 + 75)
	m.whenProjected(t, h)
	m.then(t)
	h.device(a, device.Reinstated{})
	h.device(b, device.Transferred{From: reseller, To: customer, Service: device.Service{End: day0 + 100}})
	h.mark(day0 + 76)
	m.whenProjected(t, h)
	red := "2027-08-10 ServiceExpiring red of 2027-09-09"
	m.then(t, red, red)
	for _, i := range m.items(t) {
		if i.Computed != nil {
			require.Equal(t, []uuid.UUID{customer}, i.Accounts)
		}
	}
}

func TestReader(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	uid := h.device(a, registered(a, customer, day0+30))
	h.add(account.Aggregate.Stream(customer), account.AccountRenamed{})
	h.add("catalogue-models", modelDefined)
	h.device(b, registered(b, reseller, day0))
	h.mark(day0)
	m.whenProjected(t, h)

	all := m.items(t)
	require.Len(t, all, 5)
	for _, i := range all {
		n, err := m.reader.Find(t.Context(), i.Event)
		require.NoError(t, err)
		require.Equal(t, i.N, n)
	}
	_, err := m.reader.Find(t.Context(), uuid.New())
	require.ErrorIs(t, err, query.ErrNotFound)
	_, err = m.reader.Find(t.Context(), h.events[4].ID) // the mark is no item
	require.ErrorIs(t, err, query.ErrNotFound)

	page := func(q query.FeedQuery) []int64 {
		t.Helper()
		found, err := m.reader.Items(t.Context(), q)
		require.NoError(t, err)
		require.EqualValues(t, 5, found.Items)
		require.Equal(t, h.events[4].Position, found.Position)
		numbers := []int64{}
		for _, i := range found.Found {
			numbers = append(numbers, i.N)
		}
		return numbers
	}
	require.Equal(t, []int64{2, 3}, page(query.FeedQuery{After: 1, Upto: 3, Limit: 10}))
	require.Equal(t, []int64{2}, page(query.FeedQuery{After: 1, Upto: 3, Limit: 1}))
	require.Equal(t, []int64{1, 4}, page(query.FeedQuery{Upto: 9, Limit: 10, Types: []string{"Registered", "Nothing"}}))
	require.Equal(t, []int64{1, 5}, page(query.FeedQuery{Upto: 9, Limit: 10, Device: uid}))
	require.Equal(t, []int64{5}, page(query.FeedQuery{Upto: 9, Limit: 10, Device: uid, Types: []string{due.ServiceExpiring{}.EventType()}}))
	require.Empty(t, page(query.FeedQuery{Upto: 9, Limit: 10, Device: uuid.New()}))
	require.Empty(t, page(query.FeedQuery{After: 5, Upto: 9, Limit: 10}))

	next := func(after int64, accounts ...uuid.UUID) int64 {
		t.Helper()
		n, err := m.reader.Next(t.Context(), after, accounts)
		require.NoError(t, err)
		return n
	}
	require.EqualValues(t, 1, next(0, customer))
	require.EqualValues(t, 2, next(1, customer))
	require.EqualValues(t, 3, next(2, customer), "everybody's")
	require.EqualValues(t, 5, next(3, customer))
	require.EqualValues(t, 4, next(3, customer, reseller))
	require.EqualValues(t, 3, next(0, uuid.New()))
	require.EqualValues(t, 3, next(0))
	require.Zero(t, next(3, uuid.New()))
	require.Zero(t, next(5, customer, reseller))
}

// An end that went and came back between two marks is looked at anew, whether or not both
// came in one batch.
func TestAnEndThatWentAndCameBack(t *testing.T) {
	t.Parallel()
	renewal := uuid.UUID{9}
	for _, apart := range []bool{false, true} {
		m, h := given(t)
		step := func() {
			if apart {
				m.whenProjected(t, h)
			}
		}
		h.device(a, registered(a, customer, day0-400))
		h.mark(day0) // the first one: what was over long ago is not told
		m.whenProjected(t, h)
		m.then(t)
		h.device(a, device.ServiceRenewed{Renewal: renewal, NewEnd: day0 + 365})
		step()
		h.device(a, device.RenewalReversed{Renewal: renewal, Restored: &device.Allocation{Until: day0 - 400}})
		step()
		h.mark(day0 + 1)
		m.whenProjected(t, h)
		m.then(t, "2026-04-28 ServiceExpired  of 2026-04-27")
	}
}

// While the feed is being filled, or is of a future of the log that is lost, it answers
// nothing rather than a part.
func TestReaderOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	h.device(a, registered(a, customer, day0))
	m.whenProjected(t, h)
	for _, state := range []projections.State{projections.Filling, projections.Refused} {
		_, err := m.pool.Exec(t.Context(), `UPDATE ops.projector_checkpoint SET state = $1`, state)
		require.NoError(t, err)
		_, err = m.reader.Items(t.Context(), query.FeedQuery{Upto: 9, Limit: 9})
		require.ErrorIs(t, err, query.ErrNotCaughtUp)
		_, err = m.reader.Find(t.Context(), h.events[0].ID)
		require.ErrorIs(t, err, query.ErrNotCaughtUp)
		_, err = m.reader.Next(t.Context(), 0, nil)
		require.ErrorIs(t, err, query.ErrNotCaughtUp)
	}
	_, err := m.pool.Exec(t.Context(), `DROP SCHEMA `+projection.Schema()+` CASCADE`)
	require.NoError(t, err)
	_, err = m.reader.Items(t.Context(), query.FeedQuery{Upto: 9, Limit: 9})
	require.ErrorIs(t, err, query.ErrUnavailable)
}
