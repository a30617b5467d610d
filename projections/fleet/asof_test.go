package fleet_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// shown is what the service showed at an instant.
type shown struct {
	At        time.Time
	Customers []query.CustomerRow
	Devices   []query.DeviceRow
	Accounts  []query.AccountRow
	Users     [][]query.UserRow
}

// Whatever happens, and however the clock is moved ahead: as of an instant is what
// was shown then. Only customers of today are shown.
func TestAsOfIsWhatWasShown(t *testing.T) {
	t.Parallel()
	m := newModel(t)
	rapid.Check(t, func(t *rapid.T) {
		m.empty(t)
		d := rapidDraw(t)
		w := newWorld(d, 1+d(6))
		w.onward = true
		var then []shown
		for range d(8) {
			for range 1 + d(8) {
				w.step()
			}
			m.whenProjected(t, w.history)
			then = append(then, m.show(t, w, w.now, query.Freshness{}))
			w.now = w.now.Add(time.Microsecond) // before anything else happens
		}
		today := map[uuid.UUID]bool{}
		for _, row := range m.show(t, w, w.now, query.Freshness{}).Customers {
			today[row.UID] = true
		}
		for _, want := range then {
			want.Customers = slices.DeleteFunc(want.Customers, func(r query.CustomerRow) bool { return !today[r.UID] })
			got := m.show(t, w, want.At, query.Freshness{AsOf: want.At})
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("as of %s (- shown, + as of):\n%s", want.At, diff)
			}
		}
	})
}

// show asks for everything as it is at an instant.
func (m *model) show(t require.TestingT, w *world, at time.Time, f query.Freshness) shown {
	ctx, day := context.Background(), calendar.DateOf(at)
	s := shown{At: at}
	customers, err := m.reader.Customers(ctx, query.CustomerQuery{Freshness: f, Reseller: w.reseller, Today: day, Windows: testWindows, Now: at})
	require.NoError(t, err)
	s.Customers = append([]query.CustomerRow{}, customers.Items...)
	devices, err := m.reader.Devices(ctx, query.DeviceQuery{Freshness: f, Today: day})
	require.NoError(t, err)
	s.Devices = devices.Items
	accounts, err := m.reader.Accounts(ctx, query.AccountQuery{Freshness: f, Now: at})
	require.NoError(t, err)
	s.Accounts = accounts.Items
	for _, uid := range w.accounts {
		users, err := m.reader.Users(ctx, query.UserQuery{Freshness: f, Account: uid, Now: at})
		require.NoError(t, err)
		s.Users = append(s.Users, users.Items)
	}
	return s
}
